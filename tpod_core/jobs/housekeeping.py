"""What was kept long enough goes: ended jobs with their logs, and what killed writers left.

However old, a job stays that a video, a training set or a detector names as its own, for its
log is shown there; and one whose result is looked up later, as long as its video is there.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from tpod_core import db
from tpod_core.jobs.process_lock import process_lock
from tpod_core.log import get_logger
from tpod_core.models import (
    Detector,
    Job,
    JobKind,
    JobState,
    TrainingSet,
    Video,
    saved_id,
    utc_now,
)
from tpod_core.storage import get_storage

EVERY_S = 3600.0
_LOCK_NAME = "housekeeping"
_LOCK_S = 600.0
_ENDS = [state for state in JobState if state.is_final]
_NAMED_BY = (Video, TrainingSet, Detector)
_LOOKED_UP_LATER = (JobKind.PRELABEL_VIDEO, JobKind.ANNOTATE_VIDEO)
"""Which tracks a detector has proposed before, and whose copy of a video a file is."""

_log = get_logger(__name__)


def purge(keep_days: int) -> None:
    """Remove what ended or was left more than ``keep_days`` ago; one process at a time."""
    long_ago = utc_now() - timedelta(days=keep_days)
    with process_lock(_LOCK_NAME, _LOCK_S) as mine:
        if not mine:
            return
        with db.read_session() as session:
            jobs = _forgettable(session, long_ago)
            began = _oldest_begin(session)
        for some in db.batches(jobs):
            _forget(some)
        # A directory that a run is filling may look older than what is in it.
        parts = get_storage().discard_old_parts(min(long_ago, began or long_ago))
    if jobs or parts:
        _log.info("purged %d ended jobs and %d unfinished files", len(jobs), parts)


def _forgettable(session: Session, long_ago: datetime) -> list[Job]:
    named = (select(table.job_id).where(col(table.job_id).is_not(None)) for table in _NAMED_BY)
    ended = select(Job).where(
        col(Job.state).in_(_ENDS),
        col(Job.finished_at) < long_ago,
        *(col(Job.id).not_in(ids) for ids in named),
        col(Job.kind).not_in(_LOOKED_UP_LATER) | col(Job.video_id).is_(None),
    )
    return list(session.exec(ended))


def _oldest_begin(session: Session) -> datetime | None:
    """Since when the longest of the running jobs runs."""
    began = select(func.min(Job.started_at)).where(Job.state == JobState.RUNNING)
    return session.exec(began).one()


def _forget(jobs: Sequence[Job]) -> None:
    with db.transaction() as session:
        session.execute(delete(Job).where(col(Job.id).in_([saved_id(job) for job in jobs])))
        for job in jobs:
            for key in filter(None, (job.log_key, job.leftover_key)):
                db.after_commit(session, partial(get_storage().delete, key))
