"""When each frame of a video is shown, in seconds after the first frame."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tpod_core.models import FpsSource, Video
from tpod_core.storage import get_storage
from tpod_core.video.index import FrameIndex, load_index
from tpod_core.video.probe import VideoProbe
from tpod_core.video.scan import Scan
from tpod_core.video.source import index_key

GUESSED_FPS = 25.0
"""For a file that names no rate at all; FFmpeg assumes the same."""

MAX_FPS = 1000
"""A header that names more is not believed, and nobody can enter more."""

_TOLERANCE_S = 0.0006
"""More than the rounding of containers that count milliseconds, so that they need few runs."""

_SAME_INSTANT_S = 1e-6


@dataclass(frozen=True)
class TimeRun:
    """Frames at equal distances: ``first`` is shown at ``start_s``, the next ``step_s`` later."""

    first: int
    start_s: float
    step_s: float


@dataclass(frozen=True, eq=False)
class FrameTimes:
    """``seconds`` after the first frame, ascending, one for each frame."""

    seconds: NDArray[np.float64]

    @classmethod
    def at_rate(cls, count: int, fps: float) -> "FrameTimes":
        """Returns the times of ``count`` frames at a constant rate; 0 means that none is known."""
        return cls(np.arange(count) / (fps or GUESSED_FPS))

    @classmethod
    def of_index(cls, index: FrameIndex) -> "FrameTimes":
        return cls((index.pts - index.pts[:1]).astype(np.float64) * float(index.time_base))

    def between(self, first: int, last: int) -> float:
        """Returns the seconds from one frame to a later one, exact to a microsecond.

        ``last`` may be one more than the last frame, which then is taken to be of mean length.
        """
        return round(self._at(last) - self._at(first), 6)

    def _at(self, frame: int) -> float:
        end = len(self.seconds) - 1
        if frame <= end:
            return float(self.seconds[frame])
        return float(self.seconds[end]) * frame / max(end, 1)

    @property
    def is_constant(self) -> bool:
        """Whether all frames are at equal distances, up to a millisecond."""
        low, high = self._steps
        return low <= high

    @cached_property
    def _steps(self) -> tuple[float, float]:
        """The shortest and the longest step that gives the time of every frame, if any does."""
        later, numbers = self.seconds[1:], np.arange(1, len(self.seconds))
        low = ((later - _TOLERANCE_S) / numbers).max(initial=0.0)
        high = ((later + _TOLERANCE_S) / numbers).min(initial=np.inf)
        return float(low), float(high)

    @cached_property
    def most_in_a_second(self) -> int:
        """The largest number of frames that begin within one second."""
        ends = np.searchsorted(self.seconds, self.seconds + (1 - _SAME_INSTANT_S))
        return int((ends - np.arange(len(self.seconds))).max(initial=1))

    def runs(self) -> Iterator[TimeRun]:
        """Yields runs that give every frame's time to a millisecond.

        A constant rate is one run, whatever the length of the video. Each run is as long as one
        step can make it: the steps that suit all its frames so far are ``low`` to ``high``.
        """
        times = self.seconds.tolist()
        if len(times) > 1 and self.is_constant:
            yield TimeRun(0, 0.0, _shortest(*self._steps))
            return
        first, start_s, low, high = 0, 0.0, 0.0, float("inf")
        for frame, time_s in enumerate(times):
            if frame == first:
                continue
            steps = frame - first
            now_low = max(low, (time_s - _TOLERANCE_S - start_s) / steps)
            now_high = min(high, (time_s + _TOLERANCE_S - start_s) / steps)
            if now_low <= now_high:
                low, high = now_low, now_high
                continue
            yield TimeRun(first, start_s, _shortest(low, high))
            first, start_s, low, high = frame, time_s, 0.0, float("inf")
        if times:
            yield TimeRun(first, start_s, _shortest(low, high) if first + 1 < len(times) else 0.0)


def _shortest(low: float, high: float) -> float:
    """Returns a number from ``low`` to ``high`` with few decimals, for a short JSON."""
    middle = (low + high) / 2
    rounded = (round(middle, digits) for digits in range(3, 12))
    return next((step for step in rounded if low <= step <= high), middle)


def frame_times(video: Video) -> FrameTimes:
    """Returns the times of the frames that ``video`` has so far.

    Where the file has no times of its own, they follow from the rate. Raises: Conflict if the
    frame index is damaged.
    """
    index = _index_of_times(video) if video.fps_source is FpsSource.FILE else None
    if index is None:
        return FrameTimes.at_rate(video.frame_count, video.fps)
    return FrameTimes.of_index(index)


def _index_of_times(video: Video) -> FrameIndex | None:
    """Returns the index of the uploaded file, which a rewritten video keeps if its times are sound.

    An index that is not complete is left over from before the rewriting.
    """
    if not video.source_key:
        return None
    try:
        index = load_index(get_storage().path(index_key(video.source_key)))
    except FileNotFoundError:
        return None
    return index if index.complete or video.playback_key == video.source_key else None


def rate_of(scanned: Scan, described: VideoProbe) -> tuple[float, FpsSource]:
    """Returns the mean frames per second of a file, and whether that is known or guessed."""
    if described.has_times and scanned.has_times and scanned.index.fps:
        return scanned.index.fps, FpsSource.FILE
    # A single frame, or faulty times: only the header's rate is left.
    return header_rate(described)


def header_rate(described: VideoProbe) -> tuple[float, FpsSource]:
    """Returns the frames per second that a file's header names; without one, a guess."""
    if not 0 < described.fps <= MAX_FPS:
        return GUESSED_FPS, FpsSource.GUESSED
    return described.fps, FpsSource.FILE if described.has_times else FpsSource.GUESSED
