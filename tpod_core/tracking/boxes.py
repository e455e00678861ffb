"""Arithmetic on arrays of boxes."""

import numpy as np
from numpy.typing import NDArray

from tpod_core.box_arrays import area
from tpod_core.geometry import Box

Boxes = NDArray[np.float64]
"""(n, 4), or (4,) for a single box: x1, y1, x2, y2 in pixels."""


def box_array(box: Box) -> Boxes:
    return np.array(box.xyxy, np.float64)


def mean_side(boxes: Boxes) -> NDArray[np.float64]:
    """Returns the root of each area, the unit in which distances are compared."""
    return np.asarray(np.sqrt(np.maximum(area(boxes), 1e-6)), np.float64)


def to_center_form(boxes: Boxes) -> Boxes:
    """Returns (n, 4): centre x, centre y, half the width, half the height."""
    low, high = boxes[:, :2], boxes[:, 2:]
    return np.concatenate([(low + high) / 2, (high - low) / 2], axis=1)


def to_corner_form(center_form: Boxes) -> Boxes:
    """Inverts ``to_center_form``."""
    centre, half = center_form[:, :2], center_form[:, 2:]
    return np.concatenate([centre - half, centre + half], axis=1)


def linear_path(left: Boxes, right: Boxes, count: int) -> Boxes:
    """Interpolates ``count`` boxes from ``left`` to ``right``, both included."""
    share = np.linspace(0, 1, count)[:, None]
    return np.asarray(left + (right - left) * share, np.float64)


def clip_boxes(boxes: Boxes, frame_wh: tuple[int, int]) -> Boxes:
    """Clips to the frame; a box outside it becomes a line on the frame's edge."""
    width, height = frame_wh
    return np.clip(boxes, 0, [width, height, width, height])
