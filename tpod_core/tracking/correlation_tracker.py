"""Tracks one object from frame to frame with a correlation filter."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.tracking.boxes import Boxes
from tpod_core.tracking.camera_motion import Grey, Motion, transform_point
from tpod_core.tracking.correlation_filter import CorrelationFilter, Peak, SearchWindow

_LEARNING_RATE = 0.02
_END_LEARNING_RATE = 0.3
"""The learning rate for the anchor at the other end, before tracking starts."""
_SCALE_STEP = 0.04
_LOG_SIZE_STD = 0.02
"""Standard deviation of the change of the logarithmic size per frame."""
_SIZE_PRIOR_WEIGHT = 0.1
"""Weight of the size expected from the anchors against the filter's response."""
_OCCLUSION_RATIO = 0.6
"""A peak below this share of its typical height may be an occluder, so it is not learnt."""
_OCCLUDED_DAMPING = 0.5
_MOMENTUM = 0.8
_MIN_LEARNABLE_PEAK = 0.15
NO_RESPONSE_PEAK = 0.03
"""A lower peak counts as no response; without texture all peaks are lower."""


@dataclass(frozen=True)
class Template:
    """A picture and the object's box in it, both at working scale."""

    image: Grey
    box_xyxy: Boxes


@dataclass(frozen=True)
class EndAnchor:
    """The anchor at the other end, ``distance`` frames away, and its frame if that decodes."""

    box_xyxy: Boxes
    distance: int
    image: Grey | None


class CorrelationTracker:
    """Tracks one object; call ``step`` with every frame in order."""

    def __init__(self, start: Template, end: EndAnchor | None) -> None:
        self._end = end
        self._filter = CorrelationFilter(start.box_xyxy)
        self._first = _Shape.of(start.box_xyxy)
        self._shape = self._first
        self._x, self._y = _centre(start.box_xyxy)
        self._velocity = np.zeros(2)
        self._steps = 0
        self._typical_peak: float | None = None
        self._filter.update(start.image, SearchWindow(self._x, self._y, 1.0), 1.0)
        if end and end.image is not None:
            window = SearchWindow(*_centre(end.box_xyxy), self._filter.scale_of(end.box_xyxy))
            self._filter.update(end.image, window, _END_LEARNING_RATE)

    @property
    def box_xyxy(self) -> Boxes:
        return self._shape.around(self._x, self._y)

    @property
    def typical_peak(self) -> float:
        """The running average of the reliable peaks' heights; 0 before the first step."""
        return self._typical_peak or 0.0

    def step(self, image: Grey | None, motion: Motion) -> float:
        """Track into the next frame and return the height of its response peak.

        Args:
            image: the frame at working scale, or ``None`` if it does not decode.
            motion: the camera's, from the last frame to this one, at working scale.
        """
        self._steps += 1
        compensated = np.array(transform_point(motion, self._x, self._y))
        expected = compensated + self._velocity
        if image is None:
            self._x, self._y = (float(coordinate) for coordinate in expected)
            return 0.0
        peak, log_size = self._best(image, expected)
        found = expected + np.array([peak.dx, peak.dy])
        if peak.height < NO_RESPONSE_PEAK:
            self._x, self._y = (float(coordinate) for coordinate in expected)
            return peak.height
        typical = self._typical_peak
        is_reliable = typical is None or peak.height > _OCCLUSION_RATIO * typical
        if is_reliable:
            self._velocity = _MOMENTUM * self._velocity + (1 - _MOMENTUM) * (found - compensated)
            typical = peak.height if typical is None else typical
            self._typical_peak = 0.95 * typical + 0.05 * peak.height
        else:
            found = expected + (found - expected) * (1 - _OCCLUDED_DAMPING)
        self._x, self._y = (float(coordinate) for coordinate in found)
        self._shape = _Shape(log_size, self._log_aspect())
        if is_reliable and peak.height > _MIN_LEARNABLE_PEAK:
            window = SearchWindow(self._x, self._y, self._scale(log_size))
            self._filter.update(image, window, _LEARNING_RATE)
        return peak.height

    def _best(self, image: Grey, expected: NDArray[np.float64]) -> tuple[Peak, float]:
        """Returns the best peak over three sizes, and the best size between them."""
        sizes = [self._shape.log_size + step * _SCALE_STEP for step in (-1, 0, 1)]
        peaks = [
            self._filter.find(image, SearchWindow(expected[0], expected[1], self._scale(size)))
            for size in sizes
        ]
        scores = [
            math.log(max(1e-3, peak.height)) - self._size_penalty(size)
            for peak, size in zip(peaks, sizes, strict=True)
        ]
        best = int(np.argmax(scores))
        curvature = scores[0] - 2 * scores[1] + scores[2]
        offset = (scores[0] - scores[2]) / (2 * curvature) if curvature < -1e-6 else best - 1
        return peaks[best], sizes[1] + max(-1.0, min(1.0, offset)) * _SCALE_STEP

    def _size_penalty(self, log_size: float) -> float:
        """Returns a size's cost under a random walk that is known at one end or at both."""
        expected, variance = self._first.log_size, _LOG_SIZE_STD**2 * self._steps
        if self._end:
            remaining = max(0, self._end.distance - self._steps)
            expected += (_Shape.of(self._end.box_xyxy).log_size - expected) * self._progress()
            variance *= remaining / self._end.distance
        variance = max(variance, _LOG_SIZE_STD**2 / 4)
        return _SIZE_PRIOR_WEIGHT * (log_size - expected) ** 2 / (2 * variance)

    def _log_aspect(self) -> float:
        first = self._first.log_aspect
        if not self._end:
            return first
        return first + (_Shape.of(self._end.box_xyxy).log_aspect - first) * self._progress()

    def _progress(self) -> float:
        return min(1.0, self._steps / self._end.distance) if self._end else 0.0

    def _scale(self, log_size: float) -> float:
        return math.exp(log_size - self._first.log_size)


@dataclass(frozen=True)
class _Shape:
    log_size: float
    log_aspect: float

    @classmethod
    def of(cls, box_xyxy: Boxes) -> "_Shape":
        width, height = np.maximum(box_xyxy[2:] - box_xyxy[:2], 1e-3)
        return cls(math.log(width * height) / 2, math.log(width / height))

    def around(self, x: float, y: float) -> Boxes:
        half_width = math.exp(self.log_size + self.log_aspect / 2) / 2
        half_height = math.exp(self.log_size - self.log_aspect / 2) / 2
        return np.array([x - half_width, y - half_height, x + half_width, y + half_height])


def _centre(box_xyxy: Boxes) -> tuple[float, float]:
    return float(box_xyxy[0] + box_xyxy[2]) / 2, float(box_xyxy[1] + box_xyxy[3]) / 2
