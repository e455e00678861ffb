"""Every change of a ``Job`` row, each by one conditional UPDATE.

Whoever changes a row names the state in which it saw the row. If that no longer holds, the
UPDATE touches nothing and the change has not happened: two processes cannot both win.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, update
from sqlmodel import Session, col, select

from tpod_core import db
from tpod_core.db import database_now
from tpod_core.errors import Conflict, Unavailable
from tpod_core.jobs.subject_state import on_finished
from tpod_core.jobs.subjects import Row, columns_naming
from tpod_core.log import get_logger
from tpod_core.models import Job, JobKind, JobState, QueueName, Video, saved_id, utc_now
from tpod_core.queue import Delivery, JobQueue, get_queue
from tpod_core.storage import get_storage

LEASE_S = 10.0
MAX_FAILED_ATTEMPTS = 3

_log = get_logger(__name__)


def submit(
    session: Session,
    kind: JobKind,
    queue: QueueName,
    about: Sequence[Row],
    owner_id: int | None,
    request: Mapping[str, Any] | None = None,
) -> Job:
    """Put a job on ``queue`` when the caller's transaction commits.

    Redis may be away: the row is enough, the reconciler delivers it later.

    Args:
        about: the rows that the job works on, its subject among them.
        request: what else it needs to know, as JSON; ids rather than rows.
    """
    job = Job(
        kind=kind,
        queue=queue,
        owner_id=owner_id,
        request=dict(request or {}),
        **columns_naming(about),
    )
    session.add(job)
    session.flush()
    job.log_key = f"jobs/{job.id}.log"
    _deliver(session, job)
    return job


def request_cancel(session: Session, job: Job) -> None:
    """End a queued job now; ask a running one to end, which it does within a batch.

    Raises: Conflict if the job has ended already.
    """
    if not cancel_if_active(session, job):
        session.refresh(job)
        raise Conflict(f"Job {job.id} has already ended ({job.state}); nothing is left to cancel.")


def cancel_if_active(session: Session, job: Job) -> bool:
    """The same for a job that may have ended. Returns: whether there was something to cancel."""
    delivery = delivery_of(job)
    waiting = col(Job.state) == JobState.QUEUED
    if finish(session, delivery.job_id, JobState.CANCELLED, "Cancelled.", waiting):
        _tell_queue(session, lambda queue: queue.forget(delivery))
        return True
    running = col(Job.state) == JobState.RUNNING
    return _change(session, delivery.job_id, running, cancel_requested=True) is not None


def delete_leftovers_of_running_jobs(session: Session, video: Video, key: str) -> None:
    """Call it before ``video`` is deleted: what its running jobs still write at ``key`` goes too.

    It is deleted when they end, however they do.
    """
    running = (col(Job.video_id) == saved_id(video)) & (col(Job.state) == JobState.RUNNING)
    session.execute(update(Job).where(running).values(leftover_key=key))


def claim(job_id: int, attempt: int, worker: str) -> Job | None:
    """Take the lease of a queued job; ``None`` if this delivery is stale or a second one."""
    with db.transaction() as session:
        return _change(
            session,
            job_id,
            col(Job.state) == JobState.QUEUED,
            col(Job.attempt) == attempt,
            state=JobState.RUNNING,
            lease_token=uuid4().hex,
            lease_expires=database_now() + LEASE_S,
            worker=worker,
            progress=0.0,
            message="",
            started_at=utc_now(),
        )


def renew(session: Session, job_id: int, token: str, **values: Any) -> Job | None:
    """Prolong a lease, writing ``values`` with it; ``None`` if the lease is lost.

    Holding the row until the transaction ends, it also keeps anyone from taking over before.
    """
    return _change(
        session, job_id, held_by(token), lease_expires=database_now() + LEASE_S, **values
    )


def held_by(token: str | None) -> ColumnElement[bool]:
    """The condition that a run puts on each of its writes."""
    return (col(Job.state) == JobState.RUNNING) & (col(Job.lease_token) == token)


def finish(
    session: Session, job_id: int, state: JobState, message: str, *conditions: ColumnElement[bool]
) -> Job | None:
    """End a job, and set its subject's state; ``None`` if ``conditions`` no longer hold."""
    values: dict[str, Any] = {"progress": 1.0} if state is JobState.SUCCEEDED else {}
    job = _change(
        session,
        job_id,
        *conditions,
        state=state,
        message=message,
        lease_token=None,
        lease_expires=None,
        finished_at=utc_now(),
        **values,
    )
    if job is not None:
        on_finished(session, job)
        if job.leftover_key:
            db.after_commit(session, partial(get_storage().delete, job.leftover_key))
    return job


def retry(
    session: Session, job_id: int, cause: str, *conditions: ColumnElement[bool], at_once: bool
) -> Job | None:
    """Return a job that met a fault to the queue; the third fault fails it with ``cause``.

    Args:
        cause: a sentence that a person can read.
        at_once: deliver it now; else the reconciler does in a few seconds, which gives
            whatever failed the time to recover.
    """
    job = session.get_one(Job, job_id, populate_existing=True, with_for_update=True)
    if job.cancel_requested:
        return finish(session, job_id, JobState.CANCELLED, "Cancelled.", *conditions)
    if job.failed_attempts + 1 >= MAX_FAILED_ATTEMPTS:
        return finish(session, job_id, JobState.FAILED, cause, *conditions)
    message = f"{cause} Trying again."
    failed_attempts = job.failed_attempts + 1
    return _queue_again(session, job, message, failed_attempts, *conditions, at_once=at_once)


def requeue(worker: str) -> None:
    """Return what ``worker`` was running to the queue: an orderly stop, no fault.

    Only for the worker itself, once its job's process is dead.
    """
    for job in _running_on(worker):
        with db.transaction() as session:
            held = held_by(job.lease_token)
            if job.cancel_requested:
                finish(session, saved_id(job), JobState.CANCELLED, "Cancelled.", held)
            else:
                message = "Stopped with the application; it goes on when that is started again."
                _queue_again(session, job, message, job.failed_attempts, held, at_once=True)


def report_death(worker: str, cause: str) -> None:
    """Retry what ``worker`` was running, without waiting for the lease to expire.

    Only for the worker itself, once it has seen its job's process dead.
    """
    for job in _running_on(worker):
        with db.transaction() as session:
            retry(session, saved_id(job), cause, held_by(job.lease_token), at_once=True)


def delivery_of(job: Job) -> Delivery:
    """What Redis has to carry for ``job`` as it stands."""
    return Delivery(job.kind, job.queue, saved_id(job), job.attempt)


def _running_on(worker: str) -> list[Job]:
    with db.read_session() as session:
        mine = (col(Job.state) == JobState.RUNNING) & (col(Job.worker) == worker)
        return list(session.exec(select(Job).where(mine)))


def _queue_again(
    session: Session,
    job: Job,
    message: str,
    failed_attempts: int,
    *conditions: ColumnElement[bool],
    at_once: bool,
) -> Job | None:
    queued = _change(
        session,
        saved_id(job),
        *conditions,
        state=JobState.QUEUED,
        attempt=job.attempt + 1,
        failed_attempts=failed_attempts,
        message=message,
        lease_token=None,
        lease_expires=None,
        worker="",
    )
    if queued is not None and at_once:
        _deliver(session, queued)
    return queued


def _deliver(session: Session, job: Job) -> None:
    delivery = delivery_of(job)
    _tell_queue(session, lambda queue: queue.deliver(delivery))


def _tell_queue(session: Session, tell: Callable[[JobQueue], None]) -> None:
    """Tell Redis after the commit; if it is away, the reconciler makes up for it."""

    def after_commit() -> None:
        try:
            tell(get_queue())
        except Unavailable as error:
            _log.warning("the reconciler will deliver: %s", error.message)

    db.after_commit(session, after_commit)


def _change(
    session: Session, job_id: int, *conditions: ColumnElement[bool], **values: Any
) -> Job | None:
    """One conditional UPDATE; the row as it is now, or ``None`` if a condition failed."""
    statement = update(Job).where(col(Job.id) == job_id, *conditions).values(**values)
    result = session.execute(statement.execution_options(synchronize_session=False))
    if result.rowcount == 0:  # type: ignore[attr-defined]
        return None
    return session.get_one(Job, job_id, populate_existing=True)
