"""``geometry`` over many boxes at once: arrays whose last axis is x1, y1, x2, y2 in pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BoxArray = NDArray[Any]
"""(..., 4) floats."""


def area(boxes: BoxArray) -> NDArray[Any]:
    """(...): 0 where a box is empty or inside out."""
    return np.asarray(np.clip(boxes[..., 2:] - boxes[..., :2], 0, None).prod(-1))


def iou(a: BoxArray, b: BoxArray) -> NDArray[Any]:
    """Intersection over union of shapes that broadcast; 0 where both boxes are empty."""
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    overlap = np.asarray(np.clip(high - low, 0, None).prod(-1))
    union = area(a) + area(b) - overlap
    return np.asarray(np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0))
