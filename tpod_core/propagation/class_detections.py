"""A detector's boxes of one class, on the frames of a video that it ran on."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tpod_core.box_arrays import BoxArray, iou

_BATCH_BOXES = 1 << 14
"""The number of boxes compared at a time, so that their arrays stay in the processor's cache."""

_FRAME_PX = 1e6
"""Wider than any frame, so that frame and left edge combine into one ascending number."""

Frames = NDArray[np.integer[Any]]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class ClassDetections:
    """Boxes of one class, by frame, including the frames where the detector found none.

    Attributes:
        frames: (f,) the frames that the detector ran on, ascending.
        widest: (f,) the width of the widest box on each, 0 without one.
        boxes: (n, 4) x1, y1, x2, y2 in upright source pixels, by frame and then by ``x1``.
        keys: (n,) frame and ``x1`` of each box in one number, ascending.
    """

    frames: Frames
    widest: NDArray[np.float64]
    boxes: BoxArray
    keys: NDArray[np.float64]

    @classmethod
    def of(cls, frames: Frames, numbers: Indices, boxes: BoxArray) -> "ClassDetections":
        """Sorts boxes given in any order; ``numbers`` (n,) index their frames in ``frames``."""
        widest = np.zeros(len(frames))
        np.maximum.at(widest, numbers, boxes[:, 2] - boxes[:, 0])
        keys = _keys(frames[numbers], boxes[:, 0])
        order = np.argsort(keys)
        return cls(frames, widest, boxes[order], keys[order])

    def overlaps(self, frames: Frames, boxes: BoxArray) -> NDArray[np.float32]:
        """Returns (m,): the largest IoU of each box with a detection on its frame.

        It is 0 on frames without detections, and NaN where the detector did not run.
        """
        if not len(self.frames):
            return np.full(len(frames), np.nan, np.float32)
        number = np.searchsorted(self.frames, frames).clip(max=len(self.frames) - 1)
        best = np.where(self.frames[number] == frames, 0, np.nan).astype(np.float32)
        starts = np.searchsorted(self.keys, _keys(frames, boxes[:, 0] - self.widest[number]))
        stops = np.searchsorted(self.keys, _keys(frames, boxes[:, 2]))
        for low in range(0, len(frames), _BATCH_BOXES):
            part = slice(low, low + _BATCH_BOXES)
            self._update_best(best[part], boxes[part], starts[part], stops[part])
        return best

    def _update_best(
        self, best: NDArray[np.float32], boxes: BoxArray, starts: Indices, stops: Indices
    ) -> None:
        """Raise ``best`` (m,) to the IoU with the detections from ``starts`` to ``stops``."""
        offset = 0
        pending = np.flatnonzero(starts < stops)
        while len(pending):
            candidates = self.boxes.take(starts.take(pending) + offset, 0)
            overlap = iou(boxes.take(pending, 0), candidates)
            best[pending] = np.maximum(best.take(pending), overlap)
            offset += 1
            pending = pending.compress(starts.take(pending) + offset < stops.take(pending))


def _keys(frames: Frames, x: NDArray[Any]) -> NDArray[np.float64]:
    """Combines frame and ``x`` into one number that ascends with both."""
    return np.asarray(frames * _FRAME_PX + np.clip(x, 0, _FRAME_PX / 2), np.float64)
