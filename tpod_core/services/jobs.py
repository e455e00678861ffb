"""Background work as its owner sees it: list it, look at it, cancel it."""

from sqlmodel import Session

from tpod_core import access, jobs
from tpod_core.models import Job, User


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
