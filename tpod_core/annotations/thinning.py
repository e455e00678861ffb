"""From a box on every frame to the fewest key frames that say the same.

A key frame costs a person's attention for ever; what lies between two of them is drawn by
``annotations.interpolation``. So of a track that was observed densely only those observations are
kept that the straight line between their neighbours would miss.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.box_arrays import iou
from tpod_core.geometry import Box

TOLERANCE = 0.9
"""Least IoU between an observed box and what is drawn in its place."""

WINDOW = 256
"""Two neighbouring key frames are at most so many observations apart."""

_ROUNDING = 1e-9

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Observation:
    """A box that was really seen on a frame."""

    frame: int
    box: Box


def thin(
    observed: Sequence[Observation], tolerance: float = TOLERANCE, window: int = WINDOW
) -> list[int]:
    """Which of ``observed`` to keep: the fewest whose straight lines are true to all of them.

    True means an IoU of at least ``tolerance`` on every observed frame. First and last are
    kept always.

    A line that is true makes an edge from one observation to a later one; the fewest edges
    from the first to the last are found by breadth-first search. Each of the n observations
    looks at ``window`` later ones at most, and at none beyond the point where no line could
    still pass all tolerances between (the cone of slopes of Imai and Iri, "Polygonal
    approximations of a curve", 1988), so that the result is the true minimum.

    Args:
        observed: at least one, by ascending frame.
    """
    path = _Path.of(observed, tolerance)
    parents = _search(path, min(window, len(observed)))
    kept = [len(observed) - 1]
    while kept[-1] != 0:
        kept.append(parents[kept[-1]])
    return kept[::-1]


def _search(path: "_Path", window: int) -> list[int]:
    """For each observation that was reached, the one before it on a shortest way to it."""
    last = len(path.frames) - 1
    parents = [-1] * (last + 1)
    parents[0], level = 0, [0]
    while parents[last] < 0:
        reached: list[int] = []
        for start in reversed(level):  # the farthest first: it reaches most
            stop = min(start + window, last)
            open_ends = np.flatnonzero(np.asarray(parents[start + 1 : stop + 1]) < 0) + start + 1
            for end in path.true_ends(start, open_ends).tolist():
                parents[end] = start
                reached.append(end)
        level = sorted(reached)
    return parents


@dataclass(frozen=True)
class _Path:
    """Observations as arrays: ``frames`` (n,), ``boxes`` (n, 4) as x1, y1, x2, y2.

    ``lowest`` and ``highest`` (n, 4) bound where each edge of a box may lie at all if the box
    is to keep its IoU: an axis alone has no smaller IoU than both together.
    """

    frames: Numbers
    boxes: Numbers
    lowest: Numbers
    highest: Numbers
    tolerance: float

    @classmethod
    def of(cls, observed: Sequence[Observation], tolerance: float) -> "_Path":
        frames = np.array([each.frame for each in observed], np.float64)
        boxes = np.array([each.box.xyxy for each in observed], np.float64)
        sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
        outward, inward = sides * (1 / tolerance - 1), sides * (1 - tolerance)
        is_low_edge = np.array([True, True, False, False])
        lowest = boxes - np.where(is_low_edge, outward, inward) - _ROUNDING
        highest = boxes + np.where(is_low_edge, inward, outward) + _ROUNDING
        return cls(frames, boxes, lowest, highest, tolerance)

    def true_ends(self, start: int, ends: NDArray[np.intp]) -> NDArray[np.intp]:
        """Those of ``ends``, ascending and after ``start``, to which the line is true."""
        if ends.size == 0:
            return ends
        possible = ends[self._within_cones(start, int(ends[-1]))[ends - start - 1]]
        if possible.size == 0:
            return possible
        return possible[self._lines_are_true(start, possible)]

    def _within_cones(self, start: int, stop: int) -> Flags:
        """For each end from ``start + 1`` to ``stop``: no edge leaves its bounds on the way."""
        after = slice(start + 1, stop + 1)
        time = (self.frames[after] - self.frames[start])[:, None]
        least = np.maximum.accumulate((self.lowest[after] - self.boxes[start]) / time)
        most = np.minimum.accumulate((self.highest[after] - self.boxes[start]) / time)
        slope = (self.boxes[after] - self.boxes[start]) / time
        return np.asarray(np.all((least <= slope) & (slope <= most), axis=1))

    def _lines_are_true(self, start: int, ends: NDArray[np.intp]) -> Flags:
        """Whether every observation before an end has its IoU with the line to that end."""
        between = np.arange(start + 1, int(ends[-1]))
        span = self.frames[ends] - self.frames[start]
        share = (self.frames[between] - self.frames[start])[None, :] / span[:, None]
        share = np.minimum(share, 1)  # beyond its end a line may turn a box inside out
        way = self.boxes[ends] - self.boxes[start]
        drawn = self.boxes[start] + share[:, :, None] * way[:, None, :]
        fits = iou(drawn, self.boxes[between]) >= self.tolerance - _ROUNDING
        beyond = between[None, :] >= ends[:, None]
        return np.asarray(np.all(fits | beyond, axis=1))
