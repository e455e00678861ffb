"""Tracks many segments of a video at once, in one pass over its frames.

A segment that fits in the frame window is decoded once for all tracks. A longer one is decoded
twice, so that memory stays bounded.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.tracking.bidirectional_tracking import (
    TrackingSteps,
    TrackingTask,
    preferred_halvings,
    track_segment,
)
from tpod_core.tracking.frame_window import (
    BUDGET_BYTES,
    FrameWindow,
    GreyFrames,
    chunk_of,
    min_halvings,
)
from tpod_core.tracking.segments import Segment
from tpod_core.video.scan import ProgressMonitor

METHOD = "visual-1"
"""The version of the algorithm; it changes whenever the same segment would get other boxes."""

_MAX_ACTIVE = 32
"""The most segments tracked at the same time; each holds its correlation filter."""


def track_segments(
    frames: GreyFrames,
    segments: Sequence[Segment],
    monitor: ProgressMonitor,
    budget_bytes: int = BUDGET_BYTES,
) -> Iterator[tuple[Segment, DerivedBoxes]]:
    """Tracks segments of any tracks of one video, and yields each one when it is done.

    On a frame that does not decode, boxes are interpolated with uncertainty 1.

    Args:
        monitor: checked every 16 frames; an exception that it raises ends the work.
        budget_bytes: for the pictures in the window; decoding a chunk briefly takes more.
    """
    if segments:
        yield from _SegmentTracker(frames, segments, monitor, budget_bytes).run()


@dataclass
class _ActiveSegment:
    segment: Segment
    steps: TrackingSteps
    next_frame: int


class _SegmentTracker:
    def __init__(
        self,
        frames: GreyFrames,
        segments: Sequence[Segment],
        monitor: ProgressMonitor,
        budget_bytes: int,
    ) -> None:
        self._frame_wh = frames.frame_wh
        self._min_halvings = min_halvings(frames.frame_wh)
        halvings = {self._halvings(segment) for segment in segments}
        self._window = FrameWindow(frames, halvings, budget_bytes)
        self._waiting = sorted(segments, key=lambda segment: segment.left.frame, reverse=True)
        self._monitor = monitor
        self._active: list[_ActiveSegment] = []
        self._end = max(segment.stop + (segment.right is not None) for segment in segments)
        self._total_steps = sum(2 * (segment.stop - segment.left.frame) for segment in segments)
        self._done_steps = 0

    def run(self) -> Iterator[tuple[Segment, DerivedBoxes]]:
        while True:
            yield from self._start_waiting()
            if not self._active:
                return
            chunk = self._next_chunk()
            self._monitor.check()
            self._monitor.progress(
                min(1.0, self._done_steps / self._total_steps),
                "Following objects between key frames",
            )
            if not self._window.holds(chunk):
                self._window.load(chunk, self._end)
            for each in [each for each in self._active if chunk_of(each.next_frame) == chunk]:
                yield from self._advance(each, chunk)

    def _start_waiting(self) -> Iterator[tuple[Segment, DerivedBoxes]]:
        """Start waiting segments; yields those that are done without any frame."""
        while self._waiting and len(self._active) < _MAX_ACTIVE:
            segment = self._waiting.pop()
            steps = track_segment(
                TrackingTask(
                    segment,
                    self._frame_wh,
                    self._halvings(segment),
                    self._window.capacity_frames,
                )
            )
            try:
                self._active.append(_ActiveSegment(segment, steps, next(steps)))
            except StopIteration as ended:
                yield segment, ended.value

    def _halvings(self, segment: Segment) -> int:
        return max(self._min_halvings, preferred_halvings(segment))

    def _next_chunk(self) -> int:
        """Returns a needed chunk in the window, else the first one, so decoding goes forward."""
        needed = sorted({chunk_of(each.next_frame) for each in self._active})
        return next((chunk for chunk in needed if self._window.holds(chunk)), needed[0])

    def _advance(
        self, active: _ActiveSegment, chunk: int
    ) -> Iterator[tuple[Segment, DerivedBoxes]]:
        try:
            while chunk_of(active.next_frame) == chunk:
                pyramid = self._window.get(active.next_frame)
                active.next_frame = active.steps.send(pyramid)
                self._done_steps += 1
        except StopIteration as ended:
            self._active.remove(active)
            yield active.segment, ended.value
