"""Follow one object from frame to frame, from one human box towards another."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.tracking.boxes import Boxes
from tpod_core.tracking.camera_motion import Grey, Motion, shifted
from tpod_core.tracking.correlation_filter import CorrelationFilter, Peak, Place

_RATE = 0.02
_GOAL_SHARE = 0.3
"""How much of the first appearance is taken from the box at the other end."""
_SCALE_STEP = 0.04
_SIZE_WALK = 0.02
"""Standard deviation of the logarithm of the size from one frame to the next."""
_SIZE_TRUST = 0.1
"""Weight of what the ends tell about the size against what the filter sees."""
_DOUBT = 0.6
"""Below this share of its usual height a peak may be an occluder: nothing is learnt from it."""
_HOLD = 0.5
_INERTIA = 0.8
_LOWEST_PEAK = 0.15
BLIND_PEAK = 0.03
"""A peak so low is no sight of anything: without texture there are no others."""


@dataclass(frozen=True)
class Template:
    """A picture and the box in it, both at working scale."""

    image: Grey
    box_xyxy: Boxes


@dataclass(frozen=True)
class EndAnchor:
    """The human box at the other end, ``distance`` frames away; ``sight`` where it can be seen."""

    box_xyxy: Boxes
    distance: int
    image: Grey | None


class CorrelationTracker:
    """The state of one pursuit. Feed it every frame in order with ``step``."""

    def __init__(self, start: Template, goal: EndAnchor | None) -> None:
        self._goal = goal
        self._appearance = CorrelationFilter(start.box_xyxy)
        self._first = _Shape.of(start.box_xyxy)
        self._shape = self._first
        self._x, self._y = _centre(start.box_xyxy)
        self._velocity = np.zeros(2)
        self._steps = 0
        self._usual_peak: float | None = None
        self._appearance.learn(start.image, Place(self._x, self._y, 1.0), 1.0)
        if goal and goal.image is not None:
            place = Place(*_centre(goal.box_xyxy), self._appearance.scale_of(goal.box_xyxy))
            self._appearance.learn(goal.image, place, _GOAL_SHARE)

    @property
    def box_xyxy(self) -> Boxes:
        return self._shape.around(self._x, self._y)

    @property
    def usual_peak(self) -> float:
        """The peak's height while nothing was in doubt; 0 before the first step."""
        return self._usual_peak or 0.0

    def step(self, image: Grey | None, motion: Motion) -> float:
        """Go on by one frame, whose picture may be missing; returns how well it is met.

        Args:
            motion: of the camera, from the last frame to this one, at working scale.
        """
        self._steps += 1
        carried = np.array(shifted(motion, self._x, self._y))
        expected = carried + self._velocity
        if image is None:
            self._x, self._y = (float(place) for place in expected)
            return 0.0
        peak, log_size = self._best(image, expected)
        found = expected + np.array([peak.dx, peak.dy])
        if peak.height < BLIND_PEAK:
            self._x, self._y = (float(place) for place in expected)
            return peak.height
        sure = self._usual_peak is None or peak.height > _DOUBT * self._usual_peak
        if sure:
            self._velocity = _INERTIA * self._velocity + (1 - _INERTIA) * (found - carried)
            usual = peak.height if self._usual_peak is None else self._usual_peak
            self._usual_peak = 0.95 * usual + 0.05 * peak.height
        else:
            found = expected + (found - expected) * (1 - _HOLD)
        self._x, self._y = (float(place) for place in found)
        self._shape = _Shape(log_size, self._log_aspect())
        if sure and peak.height > _LOWEST_PEAK:
            self._appearance.learn(image, Place(self._x, self._y, self._scale(log_size)), _RATE)
        return peak.height

    def _best(self, image: Grey, expected: NDArray[np.float64]) -> tuple[Peak, float]:
        """The peak over three sizes, and the size between them that fits best."""
        sizes = [self._shape.log_size + step * _SCALE_STEP for step in (-1, 0, 1)]
        peaks = [
            self._appearance.find(image, Place(expected[0], expected[1], self._scale(size)))
            for size in sizes
        ]
        scores = [
            math.log(max(1e-3, peak.height)) - self._size_penalty(size)
            for peak, size in zip(peaks, sizes, strict=True)
        ]
        best = int(np.argmax(scores))
        bend = scores[0] - 2 * scores[1] + scores[2]
        offset = (scores[0] - scores[2]) / (2 * bend) if bend < -1e-6 else best - 1
        return peaks[best], sizes[1] + max(-1.0, min(1.0, offset)) * _SCALE_STEP

    def _size_penalty(self, log_size: float) -> float:
        """How unlikely a size is on a random walk that is known at one end or at both."""
        usual, variance = self._first.log_size, _SIZE_WALK**2 * self._steps
        if self._goal:
            left = max(0, self._goal.distance - self._steps)
            usual += (_Shape.of(self._goal.box_xyxy).log_size - usual) * self._progress()
            variance *= left / self._goal.distance
        variance = max(variance, _SIZE_WALK**2 / 4)
        return _SIZE_TRUST * (log_size - usual) ** 2 / (2 * variance)

    def _log_aspect(self) -> float:
        first = self._first.log_aspect
        if not self._goal:
            return first
        return first + (_Shape.of(self._goal.box_xyxy).log_aspect - first) * self._progress()

    def _progress(self) -> float:
        return min(1.0, self._steps / self._goal.distance) if self._goal else 0.0

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
