"""Validates tracked boxes, and fills in a box on every frame of a segment that has none."""

import numpy as np
from numpy.typing import NDArray

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.box_arrays import iou
from tpod_core.geometry import interpolate
from tpod_core.tracking.segments import Segment

MIN_SIDE_PX = 1.0


def fill_missing_boxes(
    tracked: DerivedBoxes, segment: Segment, frame_wh: tuple[int, int]
) -> DerivedBoxes:
    """Clips the boxes of ``tracked``, and interpolates where a box is missing or invalid.

    Interpolated boxes have uncertainty 1. Between two anchors every frame gets a box; forward
    tracking may end early.
    """
    start = segment.left.frame + 1
    length = segment.stop - start
    count = length if segment.right else min(len(tracked), length)
    rows = np.full((count, 5), np.nan, np.float32)
    given = np.column_stack([tracked.boxes_xyxy, tracked.uncertainty])[: len(rows)]
    rows[: len(given)] = given
    boxes = _clipped(rows[:, :4], frame_wh)
    uncertainty = np.clip(rows[:, 4], 0, 1)
    sides = boxes[:, 2:] - boxes[:, :2]
    # A comparison with NaN is false, so boxes with NaN are invalid too.
    is_valid = (sides >= MIN_SIDE_PX).all(axis=1) & ~np.isnan(uncertainty)
    for number in np.flatnonzero(~is_valid):
        boxes[number], uncertainty[number] = _interpolated(segment, start + int(number)), 1.0
    return DerivedBoxes(start, boxes, uncertainty)


def linear_boxes(tracked: DerivedBoxes, segment: Segment) -> DerivedBoxes:
    """Returns interpolated boxes in place of ``tracked``.

    Their uncertainty is at least that of the tracked box, and its distance from the
    interpolated box as 1 - IoU.
    """
    frames = range(tracked.start, tracked.start + len(tracked))
    rows = [_interpolated(segment, frame) for frame in frames]
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    distance = 1 - iou(boxes, tracked.boxes_xyxy)
    return DerivedBoxes(tracked.start, boxes, np.maximum(tracked.uncertainty, distance))


def _clipped(boxes: NDArray[np.float32], frame_wh: tuple[int, int]) -> NDArray[np.float32]:
    return np.clip(boxes, 0, np.array([*frame_wh, *frame_wh], np.float32))


def _interpolated(segment: Segment, frame: int) -> tuple[float, float, float, float]:
    left, right = segment.left, segment.right or segment.left
    span = right.frame - left.frame
    return interpolate(left.box, right.box, (frame - left.frame) / span if span else 0).xyxy
