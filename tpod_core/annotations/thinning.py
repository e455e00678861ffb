"""Reduces the dense boxes of a track to the fewest key frames that represent them.

People maintain every key frame, and ``annotations.interpolation`` derives the boxes between
them. So only those observations are kept that interpolation would miss.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.box_arrays import iou
from tpod_core.geometry import Box

TOLERANCE = 0.9
"""The least IoU between an observed box and the box interpolated in its place."""

WINDOW = 256
"""The most observations between two neighbouring key frames."""

_ROUNDING = 1e-9

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Observation:
    """A box that was detected on a frame."""

    frame: int
    box: Box


def thin(
    observed: Sequence[Observation], tolerance: float = TOLERANCE, window: int = WINDOW
) -> list[int]:
    """Returns the indices of the fewest of ``observed`` whose interpolation fits all of them.

    It fits if the IoU on every observed frame is at least ``tolerance``. The first and the last
    are always kept.

    Breadth-first search finds the shortest path from the first observation to the last, in the
    graph with an edge between two observations if interpolation between them fits. Each of the
    n observations has edges to at most ``window`` later ones. The cone of slopes of Imai and
    Iri ("Polygonal approximations of a curve", 1988) rules out ends that no line can reach
    within the tolerances, so the result is the exact minimum.

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
    """Returns each reached observation's predecessor on a shortest path; -1 for the others."""
    last = len(path.frames) - 1
    parents = [-1] * (last + 1)
    parents[0], level = 0, [0]
    while parents[last] < 0:
        reached: list[int] = []
        for start in reversed(level):  # The farthest first, which reaches the most.
            stop = min(start + window, last)
            open_ends = np.flatnonzero(np.asarray(parents[start + 1 : stop + 1]) < 0) + start + 1
            for end in path.fitting_ends(start, open_ends).tolist():
                parents[end] = start
                reached.append(end)
        level = sorted(reached)
    return parents


@dataclass(frozen=True)
class _Path:
    """Observations as arrays: ``frames`` (n,), ``boxes`` (n, 4) as x1, y1, x2, y2.

    ``lowest`` and ``highest`` (n, 4) bound each edge of a box that keeps its IoU: the IoU along
    one axis is never below the IoU of the boxes.
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

    def fitting_ends(self, start: int, ends: NDArray[np.intp]) -> NDArray[np.intp]:
        """Returns those of ``ends``, ascending, to which the line from ``start`` fits."""
        if ends.size == 0:
            return ends
        possible = ends[self._within_cones(start, int(ends[-1]))[ends - start - 1]]
        if possible.size == 0:
            return possible
        return possible[self._lines_fit(start, possible)]

    def _within_cones(self, start: int, stop: int) -> Flags:
        """Whether every edge stays in its bounds up to each end, ``start + 1`` to ``stop``."""
        after = slice(start + 1, stop + 1)
        time = (self.frames[after] - self.frames[start])[:, None]
        least = np.maximum.accumulate((self.lowest[after] - self.boxes[start]) / time)
        most = np.minimum.accumulate((self.highest[after] - self.boxes[start]) / time)
        slope = (self.boxes[after] - self.boxes[start]) / time
        return np.asarray(np.all((least <= slope) & (slope <= most), axis=1))

    def _lines_fit(self, start: int, ends: NDArray[np.intp]) -> Flags:
        """Whether the line to each end keeps the IoU of every observation before that end."""
        between = np.arange(start + 1, int(ends[-1]))
        span = self.frames[ends] - self.frames[start]
        share = (self.frames[between] - self.frames[start])[None, :] / span[:, None]
        share = np.minimum(share, 1)  # Extrapolated beyond its end, a box may turn inside out.
        offset = self.boxes[ends] - self.boxes[start]
        interpolated = self.boxes[start] + share[:, :, None] * offset[:, None, :]
        fits = iou(interpolated, self.boxes[between]) >= self.tolerance - _ROUNDING
        beyond = between[None, :] >= ends[:, None]
        return np.asarray(np.all(fits | beyond, axis=1))
