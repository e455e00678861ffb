"""Boxes between human boxes, from the pixels.

Every frame is decoded once for all tracks as long as a window of frames holds what lies
between the human boxes; what is longer is decoded twice, and memory stays the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.tracking.bidirectional_tracking import Setting, Work, wished_halvings, work
from tpod_core.tracking.frame_window import (
    BUDGET_BYTES,
    FrameWindow,
    GreyFrames,
    chunk_of,
    fewest_halvings,
)
from tpod_core.tracking.segments import Segment
from tpod_core.video.scan import Watch

METHOD = "visual-1"
"""Changes whenever the same segment would get other boxes."""

_AT_ONCE = 32
"""Segments in work at the same time; each holds what it has learnt of its object."""


def propagate(
    frames: GreyFrames,
    segments: Sequence[Segment],
    watch: Watch,
    budget_bytes: int = BUDGET_BYTES,
) -> Iterator[tuple[Segment, DerivedBoxes]]:
    """Fill segments of any tracks of one video; each is yielded when it is done.

    A frame that does not decode costs no more than itself: there the boxes go straight, with
    uncertainty 1.

    Args:
        watch: checked at every 16 frames; what it raises ends the work.
        budget_bytes: for pictures; a few more hold one chunk while it is decoded.
    """
    if segments:
        yield from _Workshop(frames, segments, watch, budget_bytes).run()


@dataclass
class _Task:
    segment: Segment
    work: Work
    wanted: int


class _Workshop:
    def __init__(
        self, frames: GreyFrames, segments: Sequence[Segment], watch: Watch, budget_bytes: int
    ) -> None:
        self._frame_wh = frames.frame_wh
        self._fewest = fewest_halvings(frames.frame_wh)
        wishes = {self._halvings(segment) for segment in segments}
        self._window = FrameWindow(frames, wishes, budget_bytes)
        self._waiting = sorted(segments, key=lambda segment: segment.left.frame, reverse=True)
        self._watch = watch
        self._tasks: list[_Task] = []
        self._end = max(segment.stop + (segment.right is not None) for segment in segments)
        self._steps = sum(2 * (segment.stop - segment.left.frame) for segment in segments)
        self._done = 0

    def run(self) -> Iterator[tuple[Segment, DerivedBoxes]]:
        while True:
            yield from self._admitted()
            if not self._tasks:
                return
            chunk = self._next_chunk()
            self._watch.check()
            self._watch.progress(
                min(1.0, self._done / self._steps), "Following objects between key frames"
            )
            if not self._window.holds(chunk):
                self._window.load(chunk, self._end)
            for task in [task for task in self._tasks if chunk_of(task.wanted) == chunk]:
                yield from self._advance(task, chunk)

    def _admitted(self) -> Iterator[tuple[Segment, DerivedBoxes]]:
        """Take in waiting segments; those with no frame to fill are done at once."""
        while self._waiting and len(self._tasks) < _AT_ONCE:
            segment = self._waiting.pop()
            started = work(
                Setting(
                    segment,
                    self._frame_wh,
                    self._halvings(segment),
                    self._window.capacity_frames,
                )
            )
            try:
                self._tasks.append(_Task(segment, started, next(started)))
            except StopIteration as ended:
                yield segment, ended.value

    def _halvings(self, segment: Segment) -> int:
        return max(self._fewest, wished_halvings(segment))

    def _next_chunk(self) -> int:
        """One that is at hand, else the first that is wanted: so decoding goes forward."""
        wanted = sorted({chunk_of(task.wanted) for task in self._tasks})
        return next((chunk for chunk in wanted if self._window.holds(chunk)), wanted[0])

    def _advance(self, task: _Task, chunk: int) -> Iterator[tuple[Segment, DerivedBoxes]]:
        try:
            while chunk_of(task.wanted) == chunk:
                view = self._window.view(task.wanted)
                task.wanted = task.work.send(view)
                self._done += 1
        except StopIteration as ended:
            self._tasks.remove(task)
            yield task.segment, ended.value
