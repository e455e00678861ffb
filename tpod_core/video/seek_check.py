"""Checks that seeking finds the frames of an index."""

from pathlib import Path

import numpy as np

from tpod_core.video.index import FrameIndex
from tpod_core.video.reader import VideoReader
from tpod_core.video.scan import ProgressMonitor

MAX_KEY_FRAMES = 40
MAX_SHARE = 0.2
"""The share of the video that the check may decode a second time."""

_REFILL_FRAMES = 4
"""How many frames a decoder reads, on average, before it returns the first one."""


def frames_are_found(path: Path, index: FrameIndex, monitor: ProgressMonitor) -> bool:
    """Seek to key frames spread over the video, and to their neighbours on both sides."""
    to_check = _frames_to_check(index)
    with VideoReader(path, index) as reader:
        for done, frame_index in enumerate(to_check):
            monitor.check()
            monitor.progress(done / len(to_check), "Checking that frames are found again")
            if not reader.can_seek_to(frame_index):
                return False
    return True


def _frames_to_check(index: FrameIndex) -> list[int]:
    """Returns sampled key frames, the frames after them, and those before them in the budget."""
    keys = index.key_frames
    sampled = keys[np.unique(np.linspace(0, len(keys) - 1, MAX_KEY_FRAMES).astype(int))]
    budget = max(2 * _REFILL_FRAMES, int(len(index) * MAX_SHARE))
    chosen = []
    for neighbour in (0, 1, -1):
        # From the end, where drifting times are furthest off.
        for frame_index in (int(key) + neighbour for key in sampled[::-1]):
            cost = _cost(index, frame_index)
            if 0 <= frame_index < len(index) and cost <= budget:
                budget -= cost
                chosen.append(frame_index)
    return chosen


def _cost(index: FrameIndex, frame_index: int) -> int:
    """Estimates how many frames are decoded for this one; about half are skipped."""
    before = int(index.key_frames.searchsorted(frame_index, side="right")) - 1
    return (frame_index - int(index.key_frames[max(0, before)])) // 2 + _REFILL_FRAMES
