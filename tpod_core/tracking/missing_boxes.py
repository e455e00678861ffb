"""The door for what an algorithm found: every frame asked for has a box that can be used."""

import numpy as np
from numpy.typing import NDArray

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.box_arrays import iou
from tpod_core.geometry import interpolate
from tpod_core.tracking.segments import Segment

MIN_SIDE_PX = 1.0


def fill_missing_boxes(
    found: DerivedBoxes, segment: Segment, frame_wh: tuple[int, int]
) -> DerivedBoxes:
    """``found`` inside the frame, with straight lines, wholly unsure, where it has no real box.

    Between two anchors every frame gets a row; forward tracking may end early.
    """
    start = segment.left.frame + 1
    wanted = segment.stop - start
    rows = np.full((wanted if segment.right else min(len(found), wanted), 5), np.nan, np.float32)
    given = np.column_stack([found.boxes_xyxy, found.uncertainty])[: len(rows)]
    rows[: len(given)] = given
    boxes = _clipped(rows[:, :4], frame_wh)
    unsure = np.clip(rows[:, 4], 0, 1)
    sides = boxes[:, 2:] - boxes[:, :2]
    # A comparison with NaN is false: rows that are no numbers count as not real.
    real = (sides >= MIN_SIDE_PX).all(axis=1) & ~np.isnan(unsure)
    for number in np.flatnonzero(~real):
        boxes[number], unsure[number] = _straight(segment, start + int(number)), 1.0
    return DerivedBoxes(start, boxes, unsure)


def straight_line_boxes(whole: DerivedBoxes, segment: Segment) -> DerivedBoxes:
    """The line between both anchors: as unsure as ``whole`` is, and as it lies off those boxes."""
    frames = range(whole.start, whole.start + len(whole))
    line = np.array([_straight(segment, frame) for frame in frames], np.float32).reshape(-1, 4)
    off = 1 - iou(line, whole.boxes_xyxy)
    return DerivedBoxes(whole.start, line, np.maximum(whole.uncertainty, off))


def _clipped(boxes: NDArray[np.float32], frame_wh: tuple[int, int]) -> NDArray[np.float32]:
    return np.clip(boxes, 0, np.array([*frame_wh, *frame_wh], np.float32))


def _straight(segment: Segment, frame: int) -> tuple[float, float, float, float]:
    left, right = segment.left, segment.right or segment.left
    span = right.frame - left.frame
    return interpolate(left.box, right.box, (frame - left.frame) / span if span else 0).xyxy
