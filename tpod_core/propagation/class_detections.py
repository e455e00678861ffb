"""What a detector saw of one class on the frames of a video that it looked at."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tpod_core.box_arrays import BoxArray, iou

_AT_ONCE = 1 << 14
"""Boxes that are compared together: their arrays stay in the processor's cache."""

_FRAME_PX = 1e6
"""More than any frame is wide: frame and left edge make one ascending number."""

Frames = NDArray[np.integer[Any]]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class ClassDetections:
    """Boxes of one class. A frame without any was looked at all the same, which is news too.

    Attributes:
        frames: (f,) the frames that were looked at, ascending.
        widest: (f,) the width of the widest box on each, 0 without one.
        boxes: (n, 4) x1, y1, x2, y2 in upright source pixels, by frame and then by ``x1``.
        keys: (n,) frame and ``x1`` of each box in one number, ascending.
    """

    frames: Frames
    widest: NDArray[np.float64]
    boxes: BoxArray
    keys: NDArray[np.float64]

    @classmethod
    def of(cls, frames: Frames, numbers: Places, boxes: BoxArray) -> "ClassDetections":
        """Boxes in any order; ``numbers`` (n,) are those of their frames among ``frames``."""
        widest = np.zeros(len(frames))
        np.maximum.at(widest, numbers, boxes[:, 2] - boxes[:, 0])
        keys = _keys(frames[numbers], boxes[:, 0])
        order = np.argsort(keys)
        return cls(frames, widest, boxes[order], keys[order])

    def overlaps(self, frames: Frames, boxes: BoxArray) -> NDArray[np.float32]:
        """(m,): the largest IoU of each box with what was seen on its frame.

        It is 0 where nothing was seen there, and NaN on frames that were not looked at.
        """
        if not len(self.frames):
            return np.full(len(frames), np.nan, np.float32)
        number = np.searchsorted(self.frames, frames).clip(max=len(self.frames) - 1)
        best = np.where(self.frames[number] == frames, 0, np.nan).astype(np.float32)
        starts = np.searchsorted(self.keys, _keys(frames, boxes[:, 0] - self.widest[number]))
        stops = np.searchsorted(self.keys, _keys(frames, boxes[:, 2]))
        for low in range(0, len(frames), _AT_ONCE):
            part = slice(low, low + _AT_ONCE)
            self._raise(best[part], boxes[part], starts[part], stops[part])
        return best

    def _raise(
        self, best: NDArray[np.float32], boxes: BoxArray, starts: Places, stops: Places
    ) -> None:
        """Let ``best`` (m,) be no less than the IoU with each of ours from a start to its stop."""
        rank = 0
        at = np.flatnonzero(starts < stops)
        while len(at):
            found = iou(boxes.take(at, 0), self.boxes.take(starts.take(at) + rank, 0))
            best[at] = np.maximum(best.take(at), found)
            rank += 1
            at = at.compress(starts.take(at) + rank < stops.take(at))


def _keys(frames: Frames, x: NDArray[Any]) -> NDArray[np.float64]:
    """One number of both that ascends with the frame, and on a frame with ``x``."""
    return np.asarray(frames * _FRAME_PX + np.clip(x, 0, _FRAME_PX / 2), np.float64)
