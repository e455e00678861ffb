"""Sets the state of a video, a training set or a detector when the job that it waits for ends.

Such a row references that job by its ``job_id``. ``on_finished`` sets the row's state in the
transaction in which the job ends. If that fails, the row is stranded: it waits for a job that has
ended. ``catch_up`` repairs one row before it is used; the reconciler repairs the others.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from tpod_core.boxes_revision import bump_boxes_revision
from tpod_core.jobs.subjects import Row
from tpod_core.log import get_logger
from tpod_core.models import (
    Detector,
    DetectorState,
    Job,
    JobKind,
    JobState,
    TrainingSet,
    TrainingSetState,
    Video,
    VideoState,
)

LOST = "The work on this stopped, and its job was deleted. Start it again."
UNFINISHED = "The work on this ended without a result; see its log. Start it again."

_ACTIVE = (JobState.QUEUED, JobState.RUNNING)
_log = get_logger(__name__)


@dataclass(frozen=True)
class _Outcome:
    """The states of a row while it waits for its job, and after the job failed or was cancelled."""

    waiting: tuple[str, ...]
    failed: str
    cancelled: str
    cancelled_message: str


_OUTCOMES: dict[type[Row], _Outcome] = {
    Video: _Outcome(
        (VideoState.QUEUED, VideoState.PROCESSING),
        VideoState.FAILED,
        VideoState.FAILED,
        "The import was cancelled.",
    ),
    TrainingSet: _Outcome(
        (TrainingSetState.QUEUED, TrainingSetState.BUILDING),
        TrainingSetState.FAILED,
        TrainingSetState.FAILED,
        "Building was cancelled.",
    ),
    Detector: _Outcome(
        (DetectorState.QUEUED, DetectorState.TRAINING),
        DetectorState.ERROR,
        DetectorState.CANCELLED,
        "Cancelled. Resume goes on from the last finished epoch.",
    ),
}


def on_finished(session: Session, job: Job) -> None:
    """Set the state of the rows that wait for ``job``, in the transaction in which it ends.

    An error here is logged and rolled back without the job's own end: otherwise the job would be
    repeated for ever. The reconciler repairs the stranded rows.
    """
    try:
        with session.begin_nested():
            _set_states(session, job)
    except Exception:
        _log.exception(
            "job %s ended as %s; the state of %s was not set", job.id, job.state, job.subject
        )


def catch_up(session: Session, row: Row) -> bool:
    """Repair ``row`` if it is stranded; call it before any decision that depends on its state.

    Returns: whether it was stranded.
    """
    if row.state not in _OUTCOMES[type(row)].waiting:
        return False
    # Lock the job first, as ``finish`` does: a different order could deadlock the two.
    job = session.get(Job, row.job_id or 0, populate_existing=True, with_for_update=True)
    if job is not None and not job.state.is_final:
        return False
    found = session.get(type(row), row.id, populate_existing=True, with_for_update=True)
    if found is None or row.state not in _OUTCOMES[type(row)].waiting:
        return False
    _log.warning("%s %s waited for job %s, which has ended", type(row).__name__, row.id, row.job_id)
    _end(row, job)
    session.flush()
    return True


def list_stranded(session: Session) -> list[Row]:
    """Returns the rows that wait for a job which has ended or was deleted."""
    return [row for table in _OUTCOMES for row in session.exec(_stranded(table))]


def _stranded(table: Any) -> Any:
    waiting = col(table.state).in_(_OUTCOMES[table].waiting)
    alive = select(Job.id).where(Job.id == table.job_id, col(Job.state).in_(_ACTIVE))
    return select(table).where(waiting, ~alive.exists())


def _set_states(session: Session, job: Job) -> None:
    for table in _OUTCOMES:
        for row in _waiting_for(session, table, job):
            _end(row, job)
    if job.kind is JobKind.PROPAGATE_TRACKS and job.video_id is not None:
        # Makes open screens fetch the boxes again, which are now final.
        bump_boxes_revision(session, job.video_id)


def _waiting_for(session: Session, table: Any, job: Job) -> Iterable[Row]:
    query = select(table).where(
        table.job_id == job.id, col(table.state).in_(_OUTCOMES[table].waiting)
    )
    rows: Iterable[Row] = session.exec(
        query.with_for_update().execution_options(populate_existing=True)
    )
    return rows


def _end(row: Any, job: Job | None) -> None:
    """Set the state and the message of ``row`` after the end of ``job``."""
    outcome = _OUTCOMES[type(row)]
    cancelled = job is not None and job.state is JobState.CANCELLED
    row.state = outcome.cancelled if cancelled else outcome.failed
    if job is None:
        row.message = LOST
    elif cancelled:
        row.message = outcome.cancelled_message
    else:
        row.message = job.message or UNFINISHED
    if isinstance(row, Detector):
        row.seconds_left = None
