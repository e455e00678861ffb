"""Plans which gaps of a video are still to be filled, and in which batches."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from tpod_core.annotations.document import TrackState
from tpod_core.models import Video
from tpod_core.propagation.gaps import Gap
from tpod_core.propagation.store import StoredGap, extents
from tpod_core.tracking.segments import Segment


@dataclass(frozen=True)
class Task:
    """A gap to fill and its tracking input; ``context`` is the digest of its context.

    ``is_filled`` means that the gap has boxes, but not as far as possible, or from another
    context.
    """

    gap: Gap
    segment: Segment
    context: str
    is_filled: bool = False

    @property
    def key(self) -> tuple[str, int, str]:
        return self.gap.fingerprint, self.segment.stop, self.context

    @property
    def frames(self) -> int:
        return self.segment.stop - self.segment.left.frame - 1

    def distance(self, first: int, last: int) -> tuple[int, int]:
        """Returns a sort key: the frames between the gap and ``first`` to ``last``, and how far
        from ``first`` the gap starts."""
        start, stop = self.gap.left.frame, self.gap.stop
        return max(first - stop, start - last, 0), abs(first - start)


def open_tasks(session: Session, video: Video, tracks: Iterable[TrackState]) -> list[Task]:
    """Returns a task for each gap to fill: first those without boxes, then by frame.

    Tracks with equal key frames share one.
    """
    tasks: dict[str, Task] = {}
    for fingerprint, each in extents(session, video, tracks).items():
        requested_stop = next_requested_stop(each) or _stop_in_new_context(each)
        if requested_stop is not None:
            segment = each.gap.segment(requested_stop, each.keyframes)
            context = each.gap.context_digest(each.keyframes)
            tasks[fingerprint] = Task(each.gap, segment, context, each.extent is not None)
    return sorted(tasks.values(), key=lambda task: (task.is_filled, task.gap.left.frame))


def first_batch(tasks: Sequence[Task], most_frames: int) -> list[Task]:
    """Returns as many of the first tasks as have ``most_frames`` together, at least one."""
    total = 0
    chosen: list[Task] = []
    for task in tasks:
        total += task.frames
        if chosen and total > most_frames:
            break
        chosen.append(task)
    return chosen


def _stop_in_new_context(stored: StoredGap) -> int | None:
    """Returns the frame to fill a gap up to again; ``None`` if its context did not change."""
    gap, extent = stored.gap, stored.extent
    if extent is None or extent.context == gap.context_digest(stored.keyframes):
        return None
    return min(extent.requested_stop, gap.stop)


def next_requested_stop(stored: StoredGap) -> int | None:
    """Returns the frame to fill a gap up to; ``None`` if it is filled or tracking ended early."""
    gap, extent = stored.gap, stored.extent
    if extent is None:
        return gap.next_requested_stop()
    if gap.right is not None or extent.stop < extent.requested_stop:
        return None
    requested_stop = gap.next_requested_stop(extent.requested_stop)
    return requested_stop if requested_stop > extent.requested_stop else None
