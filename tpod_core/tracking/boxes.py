"""Rows of boxes as arrays: (n, 4), x1, y1, x2, y2 in pixels."""

import numpy as np
from numpy.typing import NDArray

from tpod_core.box_arrays import area
from tpod_core.geometry import Box

Boxes = NDArray[np.float64]
"""(n, 4): x1, y1, x2, y2."""


def row(box: Box) -> Boxes:
    return np.array(box.xyxy, np.float64)


def side(boxes: Boxes) -> NDArray[np.float64]:
    """Root of the area: the one length by which distances are judged."""
    return np.asarray(np.sqrt(np.maximum(area(boxes), 1e-6)), np.float64)


def placed(boxes: Boxes) -> Boxes:
    """(n, 4): centre x, centre y, half the width, half the height."""
    low, high = boxes[:, :2], boxes[:, 2:]
    return np.concatenate([(low + high) / 2, (high - low) / 2], axis=1)


def cornered(placement: Boxes) -> Boxes:
    """The inverse of ``placed``."""
    centre, half = placement[:, :2], placement[:, 2:]
    return np.concatenate([centre - half, centre + half], axis=1)


def straight(left: Boxes, right: Boxes, count: int) -> Boxes:
    """``count`` boxes evenly from ``left`` to ``right``, both included."""
    share = np.linspace(0, 1, count)[:, None]
    return np.asarray(left + (right - left) * share, np.float64)


def clipped(boxes: Boxes, frame_wh: tuple[int, int]) -> Boxes:
    """The parts inside the frame; a box that has left it becomes a line on its edge."""
    width, height = frame_wh
    return np.clip(boxes, 0, [width, height, width, height])
