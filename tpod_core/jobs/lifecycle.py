"""Every change of a ``Job`` row, each by one conditional UPDATE.

The condition is the state in which the caller read the row. If it no longer holds, the UPDATE
changes nothing, so of two processes only one succeeds.
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
from tpod_core.events import log_after_commit
from tpod_core.jobs.subject_state import on_finished
from tpod_core.jobs.subjects import Row, reference_columns
from tpod_core.log import get_logger
from tpod_core.models import Job, JobKind, JobState, QueueName, Video, saved_id, utc_now
from tpod_core.queue import Delivery, JobQueue, get_queue
from tpod_core.storage import get_storage
from tpod_core.training_packages import usual_queue

LEASE_S = 10.0
MAX_FAILED_ATTEMPTS = 3

_log = get_logger(__name__)


def submit(
    session: Session,
    kind: JobKind,
    rows: Sequence[Row],
    owner_id: int | None,
    request: Mapping[str, Any] | None = None,
    queue: QueueName | None = None,
) -> Job:
    """Put a job on the queue of its kind, or ``queue``, when the caller's transaction commits.

    If Redis is unavailable, the reconciler delivers the job later.

    Args:
        rows: what the job works on, its subject among them.
        request: further parameters as JSON; ids rather than rows.
    """
    job = Job(
        kind=kind,
        queue=queue or usual_queue(kind),
        owner_id=owner_id,
        request=dict(request or {}),
        **reference_columns(rows),
    )
    session.add(job)
    session.flush()
    job.log_key = f"jobs/{job.id}.log"
    _log_change(session, "job queued", job)
    _deliver(session, job)
    return job


def request_cancel(session: Session, job: Job) -> None:
    """Cancel a queued job now; ask a running one to end, which it does within a batch.

    Raises: Conflict if the job has ended already.
    """
    if not cancel_if_active(session, job):
        session.refresh(job)
        raise Conflict(f"Job {job.id} has already ended ({job.state}); nothing is left to cancel.")


def cancel_if_active(session: Session, job: Job) -> bool:
    """Cancel ``job`` unless it has ended. Returns: whether it was active."""
    delivery = delivery_of(job)
    waiting = col(Job.state) == JobState.QUEUED
    if finish(session, delivery.job_id, JobState.CANCELLED, "Cancelled.", waiting):
        _notify_queue(session, lambda queue: queue.forget(delivery))
        return True
    running = col(Job.state) == JobState.RUNNING
    return _change(session, delivery.job_id, running, cancel_requested=True) is not None


def delete_leftovers_of_running_jobs(session: Session, video: Video, key: str) -> None:
    """Have the files at ``key``, which the running jobs of ``video`` still write, deleted too.

    Call it before ``video`` is deleted. The files are deleted when these jobs end.
    """
    running = (col(Job.video_id) == saved_id(video)) & (col(Job.state) == JobState.RUNNING)
    session.execute(update(Job).where(running).values(leftover_key=key))


def claim(job_id: int, attempt: int, worker: str) -> Job | None:
    """Take the lease of a queued job; ``None`` if the delivery is stale or a duplicate."""
    with db.transaction() as session:
        job = _change(
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
        if job is not None:
            _log_change(session, "job started", job)
    return job


def renew(session: Session, job_id: int, token: str, **values: Any) -> Job | None:
    """Extend a lease and write ``values``; ``None`` if the lease is lost.

    This locks the row, so no other run can take over before the transaction ends.
    """
    return _change(
        session, job_id, held_by(token), lease_expires=database_now() + LEASE_S, **values
    )


def held_by(token: str | None) -> ColumnElement[bool]:
    """Returns the condition that a run puts on each of its writes."""
    return (col(Job.state) == JobState.RUNNING) & (col(Job.lease_token) == token)


def finish(
    session: Session, job_id: int, state: JobState, message: str, *conditions: ColumnElement[bool]
) -> Job | None:
    """End a job and set its subject's state; ``None`` if ``conditions`` no longer hold."""
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
        _log_change(session, "job ended", job, state=job.state, duration_s=_duration_s(job))
        on_finished(session, job)
        if job.leftover_key:
            db.after_commit(session, partial(get_storage().delete, job.leftover_key))
    return job


def retry(
    session: Session, job_id: int, cause: str, *conditions: ColumnElement[bool], at_once: bool
) -> Job | None:
    """Requeue a job after a failed attempt; the third one fails it with ``cause``.

    Args:
        cause: a sentence for the user.
        at_once: deliver it now. Otherwise the reconciler delivers it in a few seconds, which
            gives a failed service time to recover.
    """
    job = session.get_one(Job, job_id, populate_existing=True, with_for_update=True)
    if job.cancel_requested:
        return finish(session, job_id, JobState.CANCELLED, "Cancelled.", *conditions)
    if job.failed_attempts + 1 >= MAX_FAILED_ATTEMPTS:
        return finish(session, job_id, JobState.FAILED, cause, *conditions)
    message = f"{cause} Trying again."
    failed_attempts = job.failed_attempts + 1
    return _requeue(session, job, message, failed_attempts, *conditions, at_once=at_once)


def requeue(worker: str) -> None:
    """Requeue the job of ``worker`` after an orderly stop, which is no failed attempt.

    Only the worker itself may call it, once its job's process is dead.
    """
    for job in _running_on(worker):
        with db.transaction() as session:
            held = held_by(job.lease_token)
            if job.cancel_requested:
                finish(session, saved_id(job), JobState.CANCELLED, "Cancelled.", held)
            else:
                message = "Stopped with the application; it continues after the next start."
                _requeue(session, job, message, job.failed_attempts, held, at_once=True)


def report_death(worker: str, cause: str) -> None:
    """Retry the job of ``worker`` without waiting for its lease to expire.

    Only the worker itself may call it, once its job's process is dead.
    """
    for job in _running_on(worker):
        with db.transaction() as session:
            retry(session, saved_id(job), cause, held_by(job.lease_token), at_once=True)


def delivery_of(job: Job) -> Delivery:
    """Returns the delivery of the current attempt of ``job``, for Redis to carry."""
    return Delivery(job.kind, job.queue, saved_id(job), job.attempt)


def _running_on(worker: str) -> list[Job]:
    with db.read_session() as session:
        running = (col(Job.state) == JobState.RUNNING) & (col(Job.worker) == worker)
        return list(session.exec(select(Job).where(running)))


def _requeue(
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
    if queued is not None:
        _log_change(session, "job queued again", queued, reason=message)
    if queued is not None and at_once:
        _deliver(session, queued)
    return queued


def _log_change(session: Session, event: str, job: Job, **more: object) -> None:
    log_after_commit(
        session, event, job=job.id, kind=job.kind, subject=job.subject, attempt=job.attempt, **more
    )


def _duration_s(job: Job) -> float | None:
    """Returns the seconds since the last attempt began; None if none did."""
    if job.started_at is None or job.finished_at is None:
        return None
    return round((job.finished_at - job.started_at).total_seconds(), 1)


def _deliver(session: Session, job: Job) -> None:
    delivery = delivery_of(job)
    _notify_queue(session, lambda queue: queue.deliver(delivery))


def _notify_queue(session: Session, call: Callable[[JobQueue], None]) -> None:
    """Call Redis after the commit; if it is unavailable, the reconciler delivers later."""

    def after_commit() -> None:
        try:
            call(get_queue())
        except Unavailable as error:
            _log.warning("the reconciler will deliver: %s", error.message)

    db.after_commit(session, after_commit)


def _change(
    session: Session, job_id: int, *conditions: ColumnElement[bool], **values: Any
) -> Job | None:
    """Run one conditional UPDATE; returns the new row, or ``None`` if a condition failed."""
    statement = update(Job).where(col(Job.id) == job_id, *conditions).values(**values)
    result = session.execute(statement.execution_options(synchronize_session=False))
    if result.rowcount == 0:  # type: ignore[attr-defined]
        return None
    return session.get_one(Job, job_id, populate_existing=True)
