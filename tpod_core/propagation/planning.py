"""What of a video's gaps is still to be filled, and in which portions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from tpod_core.annotations.document import TrackState
from tpod_core.models import Video
from tpod_core.propagation.gaps import Gap
from tpod_core.propagation.store import Extended, extents
from tpod_core.tracking.segments import Segment

ROUND_FRAMES = 3000
"""So many boxes are looked for in one go, about a minute's work: what changes meanwhile is
noticed, and what is new gets its turn."""


@dataclass(frozen=True)
class Task:
    """A gap and what to ask of propagation for it; ``context`` is the name of its context.

    ``further``: something fills it already, but not as far as it might, or in another context.
    """

    gap: Gap
    segment: Segment
    context: str
    further: bool = False

    @property
    def key(self) -> tuple[str, int, str]:
        return self.gap.fingerprint, self.segment.stop, self.context

    @property
    def frames(self) -> int:
        return self.segment.stop - self.segment.left.frame - 1

    def distance(self, first: int, last: int) -> tuple[int, int]:
        """For sorting by nearness: how many frames lie between this gap and the frames
        ``first`` to ``last``, then how far before these it begins."""
        start, stop = self.gap.left.frame, self.gap.stop
        return max(first - stop, start - last, 0), abs(first - start)


def stale(session: Session, video: Video, tracks: Iterable[TrackState]) -> list[Task]:
    """One task for each gap that is not filled: first those with nothing, in order of time.

    Tracks with equal key frames share one.
    """
    tasks: dict[str, Task] = {}
    for name, each in extents(session, video, tracks).items():
        requested_stop = next_requested_stop(each) or _requested_stop_anew(each)
        if requested_stop is not None:
            segment = each.gap.segment(requested_stop, each.keyframes)
            context = each.gap.context_name(each.keyframes)
            tasks[name] = Task(each.gap, segment, context, each.extent is not None)
    return sorted(tasks.values(), key=lambda task: (task.further, task.gap.left.frame))


def first_round(tasks: Sequence[Task]) -> list[Task]:
    """As many of the first tasks as one round may hold, at least one."""
    total = 0
    chosen: list[Task] = []
    for task in tasks:
        total += task.frames
        if chosen and total > ROUND_FRAMES:
            break
        chosen.append(task)
    return chosen


def _requested_stop_anew(extended: Extended) -> int | None:
    """Up to where to fill a gap again, as other key frames tell of the object now."""
    gap, extent = extended.gap, extended.extent
    if extent is None or extent.context == gap.context_name(extended.keyframes):
        return None
    return min(extent.requested_stop, gap.stop)


def next_requested_stop(extended: Extended) -> int | None:
    """Up to where to fill a gap; ``None`` if it is filled, or tracking became unsure in it."""
    gap, extent = extended.gap, extended.extent
    if extent is None:
        return gap.next_requested_stop()
    if gap.right is not None or extent.stop < extent.requested_stop:
        return None
    requested_stop = gap.next_requested_stop(extent.requested_stop)
    return requested_stop if requested_stop > extent.requested_stop else None
