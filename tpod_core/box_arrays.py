"""``geometry`` for arrays of boxes, whose last axis is x1, y1, x2, y2 in pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BoxArray = NDArray[Any]
"""(..., 4) floats."""


def area(boxes: BoxArray) -> NDArray[Any]:
    """Returns (...) areas; 0 for a box that is empty or inside out."""
    x1, y1, x2, y2 = _edges(boxes)
    return np.asarray(np.clip(x2 - x1, 0, None) * np.clip(y2 - y1, 0, None))


def iou(a: BoxArray, b: BoxArray) -> NDArray[Any]:
    """Returns the intersection over union, with broadcasting; 0 where both boxes are empty."""
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = _edges(a), _edges(b)
    width = np.clip(np.minimum(ax2, bx2) - np.maximum(ax1, bx1), 0, None)
    height = np.clip(np.minimum(ay2, by2) - np.maximum(ay1, by1), 0, None)
    overlap = np.asarray(width * height)
    union = area(a) + area(b) - overlap
    return np.asarray(np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0))


def _edges(boxes: BoxArray) -> tuple[NDArray[Any], ...]:
    """Splits the last axis: numpy takes ten times as long on an axis of length two."""
    return boxes[..., 0], boxes[..., 1], boxes[..., 2], boxes[..., 3]
