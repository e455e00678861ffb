"""Background work as its owner sees it: list it, look at it, cancel it."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from tpod_core import access, jobs
from tpod_core.models import Job, User


@dataclass(frozen=True)
class JobList:
    """The newest jobs, and how many there are with those left out."""

    count: int
    jobs: list[Job]


def list_jobs(session: Session, user: User, *, limit: int) -> JobList:
    """The ``limit`` newest that ``user`` may see."""
    seen = access.visible(user, Job)
    count = session.exec(select(func.count()).select_from(seen.subquery())).one()
    newest = seen.order_by(col(Job.id).desc()).limit(limit)
    return JobList(count, list(session.exec(newest)))


def get(session: Session, user: User, job_id: int) -> Job:
    """Raises: NotFound, also for someone else's job."""
    return access.get_job(session, user, job_id)


def cancel(session: Session, user: User, job_id: int) -> Job:
    """End a waiting job now; a running one ends within a batch.

    Raises: NotFound; Conflict if it has ended already.
    """
    job = access.get_job(session, user, job_id)
    jobs.request_cancel(session, job)
    return job
