"""Requests propagation after an edit: by a job, and by the listeners in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from sqlmodel import Session, col, select

from tpod_core import db, jobs
from tpod_core.annotations import reading
from tpod_core.annotations.history import Part, touched_tracks
from tpod_core.models import Job, JobKind, JobState, Video, saved_id
from tpod_core.propagation.planning import next_requested_stop
from tpod_core.propagation.store import extents

_KIND = JobKind.PROPAGATE_TRACKS
_BATCH_TRACKS = 20


@dataclass(frozen=True)
class Touched:
    """The key frames that an edit changed: of these tracks, on frames ``first`` to ``last``.

    ``editor_id`` is the user who made it.
    """

    editor_id: int
    video_id: int
    track_ids: frozenset[int]
    first: int
    last: int


Listener = Callable[[Touched], None]
_listeners: list[Listener] = []


@contextmanager
def edit_listener(listener: Listener) -> Iterator[None]:
    """Call ``listener`` for every edit that this process commits, while the block runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def after_edit(session: Session, video: Video, editor_id: int, part: Part) -> None:
    """Request that the gaps next to the key frames in ``part`` be filled, if there are any.

    The job is submitted in the caller's transaction, so that no edit is lost.
    """
    touched = _touched(editor_id, saved_id(video), part)
    if touched is None:
        return
    for listener in _listeners:
        db.after_commit(session, partial(listener, touched))
    if _waiting(session, video) is None and _leaves_gaps(session, video, touched):
        submit(session, video, editor_id)


def request(session: Session, video: Video, owner_id: int | None) -> Job:
    """Returns the job that will fill all gaps of ``video``: a waiting one of the owner, or new."""
    waiting = _waiting(session, video)
    if waiting is not None and waiting.owner_id == owner_id:
        return waiting
    return submit(session, video, owner_id)


def submit(session: Session, video: Video, owner_id: int | None) -> Job:
    return jobs.submit(session, _KIND, [video], owner_id)


def is_under_way(session: Session, video: Video) -> bool:
    """Whether a job that fills gaps of ``video`` is queued or running."""
    return _find(session, video, JobState.QUEUED, JobState.RUNNING) is not None


def _waiting(session: Session, video: Video) -> Job | None:
    """Returns a queued job, which will see this transaction; a running job may not."""
    return _find(session, video, JobState.QUEUED)


def _find(session: Session, video: Video, *states: JobState) -> Job | None:
    query = select(Job).where(
        Job.video_id == video.id, Job.kind == _KIND, col(Job.state).in_(states)
    )
    return session.exec(query).first()


def _touched(editor_id: int, video_id: int, part: Part) -> Touched | None:
    tracks = {track_id: frames for track_id, frames in touched_tracks(part).items() if frames}
    if not tracks:
        return None
    first, last = min(map(min, tracks.values())), max(map(max, tracks.values()))
    return Touched(editor_id, video_id, frozenset(tracks), first, last)


def _leaves_gaps(session: Session, video: Video, touched: Touched) -> bool:
    # Of many tracks, the first few nearly always leave gaps.
    return any(
        _some_leave_gaps(session, video, touched, track_ids)
        for track_ids in db.batches(sorted(touched.track_ids), _BATCH_TRACKS)
    )


def _some_leave_gaps(
    session: Session, video: Video, touched: Touched, track_ids: list[int]
) -> bool:
    around = reading.load_tracks_around(
        session, touched.video_id, max(touched.first - 1, 0), touched.last + 1, track_ids
    )
    # The last key frame loaded is not necessarily the track's last one.
    return any(
        each.gap.left.frame <= touched.last and next_requested_stop(each) is not None
        for each in extents(session, video, around.values()).values()
    )
