"""Boxes and their arithmetic.

One coordinate system everywhere: float pixels of the upright original frame, origin
top-left, x right, y down. Standard library only.
"""

from dataclasses import dataclass

MIN_SIDE_PX = 5.0
"""A drawn box with a shorter side is taken for an accident (a click makes 4x4)."""


@dataclass(frozen=True, slots=True)
class Box:
    """Corners in pixels; a valid box has ``x1 < x2`` and ``y1 < y2``."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return self.x2 - self.x1

    @property
    def height(self) -> float:
        return self.y2 - self.y1

    @property
    def area(self) -> float:
        return max(0.0, self.width) * max(0.0, self.height)

    @property
    def center(self) -> tuple[float, float]:
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        return self.x1, self.y1, self.x2, self.y2

    def scaled(self, scale_x: float, scale_y: float) -> "Box":
        """Returns the same place in a picture of another size."""
        return Box(self.x1 * scale_x, self.y1 * scale_y, self.x2 * scale_x, self.y2 * scale_y)


def iou(a: Box, b: Box) -> float:
    """Returns the intersection over union, 0..1; 0 if both are empty."""
    overlap_w = min(a.x2, b.x2) - max(a.x1, b.x1)
    overlap_h = min(a.y2, b.y2) - max(a.y1, b.y1)
    if overlap_w <= 0 or overlap_h <= 0:
        return 0.0
    overlap = overlap_w * overlap_h
    return overlap / (a.area + b.area - overlap)


def clip(box: Box, frame_wh: tuple[int, int]) -> Box:
    """Returns the part of ``box`` inside a frame of (width, height) pixels; it may be empty."""
    width, height = float(frame_wh[0]), float(frame_wh[1])
    if 0 <= box.x1 <= box.x2 <= width and 0 <= box.y1 <= box.y2 <= height:
        return box
    return Box(
        min(max(box.x1, 0.0), width),
        min(max(box.y1, 0.0), height),
        min(max(box.x2, 0.0), width),
        min(max(box.y2, 0.0), height),
    )


def interpolate(a: Box, b: Box, t: float) -> Box:
    """Interpolates each edge linearly from ``a`` (``t`` = 0) to ``b`` (``t`` = 1)."""
    return Box(
        a.x1 + (b.x1 - a.x1) * t,
        a.y1 + (b.y1 - a.y1) * t,
        a.x2 + (b.x2 - a.x2) * t,
        a.y2 + (b.y2 - a.y2) * t,
    )
