"""Who is told that boxes have to be propagated: a job, and whoever listens in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlmodel import Session, col, select

from tpod_core import db, jobs
from tpod_core.annotations import reading
from tpod_core.annotations.history import Part, touched_tracks
from tpod_core.models import Job, JobKind, JobState, QueueName, Video, saved_id
from tpod_core.propagation.planning import next_requested_stop
from tpod_core.propagation.store import extents

_KIND = JobKind.PROPAGATE_TRACKS
_TRACKS_AT_ONCE = 20


@dataclass(frozen=True)
class Touched:
    """What an edit changed: key frames of these tracks on the frames ``first`` to ``last``."""

    video_id: int
    track_ids: frozenset[int]
    first: int
    last: int


Listener = Callable[[Touched], None]
_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Tell ``listener`` of every edit that this process commits, while the block runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def after_edit(session: Session, video: Video, owner_id: int | None, part: Part) -> None:
    """Have the gaps beside what ``part`` changed filled; nothing where none is left open.

    The job is submitted with the caller's transaction, so that no edit is forgotten.
    """
    touched = _touched(saved_id(video), part)
    if touched is None:
        return
    for listener in _listeners:
        db.after_commit(session, partial(listener, touched))
    if _waiting(session, video) is None and _leaves_gaps(session, video, touched):
        submit(session, video, owner_id)


def request(session: Session, video: Video, owner_id: int | None) -> Job:
    """The job that will fill all gaps of ``video``: one of ``owner_id`` that waits, or new."""
    waiting = _waiting(session, video)
    if waiting is not None and waiting.owner_id == owner_id:
        return waiting
    return submit(session, video, owner_id)


def submit(session: Session, video: Video, owner_id: int | None) -> Job:
    return jobs.submit(session, _KIND, QueueName.DEFAULT, [video], owner_id)


def is_under_way(session: Session, video: Video) -> bool:
    """Whether a job is to fill gaps of ``video``, or is at it."""
    return _find(session, video, JobState.QUEUED, JobState.RUNNING) is not None


def _waiting(session: Session, video: Video) -> Job | None:
    """A job that has not begun: it will see what is being committed now. One that runs may not."""
    return _find(session, video, JobState.QUEUED)


def _find(session: Session, video: Video, *states: JobState) -> Job | None:
    query = select(Job).where(
        Job.video_id == video.id, Job.kind == _KIND, col(Job.state).in_(states)
    )
    return session.exec(query).first()


def _touched(video_id: int, part: Part) -> Touched | None:
    tracks = {track_id: frames for track_id, frames in touched_tracks(part).items() if frames}
    if not tracks:
        return None
    first, last = min(map(min, tracks.values())), max(map(max, tracks.values()))
    return Touched(video_id, frozenset(tracks), first, last)


def _leaves_gaps(session: Session, video: Video, touched: Touched) -> bool:
    # Of many tracks the first few nearly always tell.
    return any(
        _some_leave_gaps(session, video, touched, track_ids)
        for track_ids in db.batches(sorted(touched.track_ids), _TRACKS_AT_ONCE)
    )


def _some_leave_gaps(
    session: Session, video: Video, touched: Touched, track_ids: list[int]
) -> bool:
    around = reading.load_tracks_around(
        session, touched.video_id, max(touched.first - 1, 0), touched.last + 1, track_ids
    )
    # The last key frame loaded of a track need not be its last one.
    return any(
        each.gap.left.frame <= touched.last and next_requested_stop(each) is not None
        for each in extents(session, video, around.values()).values()
    )
