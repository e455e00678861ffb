"""Deletes ended jobs with their logs, and files left by killed writers, after some days.

A job is kept, however old, while a video, a training set or a detector references it, because its
log is shown there. A job whose result is used later is kept until its video is deleted.
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

INTERVAL_S = 3600.0
_LOCK_NAME = "housekeeping"
_LOCK_S = 600.0
_FINAL_STATES = [state for state in JobState if state.is_final]
_REFERRERS = (Video, TrainingSet, Detector)
_KINDS_WITH_USED_RESULT = (JobKind.PRELABEL_VIDEO, JobKind.ANNOTATE_VIDEO)
"""Their results say which tracks a detector has proposed, and which file is an annotated copy."""

_log = get_logger(__name__)


def purge(keep_days: int) -> None:
    """Delete what ended or was left more than ``keep_days`` ago; one process at a time."""
    cutoff = utc_now() - timedelta(days=keep_days)
    with process_lock(_LOCK_NAME, _LOCK_S) as acquired:
        if not acquired:
            return
        with db.read_session() as session:
            jobs = _list_purgeable(session, cutoff)
            started = _earliest_start(session)
        for batch in db.batches(jobs):
            _delete(batch)
        # A directory can have an older time than the files that a run is adding to it.
        parts = get_storage().discard_old_parts(min(cutoff, started or cutoff))
    if jobs or parts:
        _log.info("purged %d ended jobs and %d unfinished files", len(jobs), parts)


def _list_purgeable(session: Session, cutoff: datetime) -> list[Job]:
    named = (select(table.job_id).where(col(table.job_id).is_not(None)) for table in _REFERRERS)
    ended = select(Job).where(
        col(Job.state).in_(_FINAL_STATES),
        col(Job.finished_at) < cutoff,
        *(col(Job.id).not_in(ids) for ids in named),
        col(Job.kind).not_in(_KINDS_WITH_USED_RESULT) | col(Job.video_id).is_(None),
    )
    return list(session.exec(ended))


def _earliest_start(session: Session) -> datetime | None:
    """Returns when the longest-running job started; ``None`` if none is running."""
    started = select(func.min(Job.started_at)).where(Job.state == JobState.RUNNING)
    return session.exec(started).one()


def _delete(jobs: Sequence[Job]) -> None:
    with db.transaction() as session:
        session.execute(delete(Job).where(col(Job.id).in_([saved_id(job) for job in jobs])))
        for job in jobs:
            for key in filter(None, (job.log_key, job.leftover_key)):
                db.after_commit(session, partial(get_storage().delete, key))
