"""Background work as its owner sees it: list it, look at it, cancel it."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, UnaryExpression, cast, func, or_
from sqlmodel import Session, col, select

from tpod_core import access, jobs
from tpod_core.errors import InvalidInput
from tpod_core.models import Job, Role, User

_ORDERINGS = {
    "id": Job.id,
    "created": Job.created_at,
    "started": Job.started_at,
    "finished": Job.finished_at,
    "kind": Job.kind,
    "state": Job.state,
}


@dataclass(frozen=True)
class JobList:
    """Some of the jobs that match, and how many do."""

    count: int
    jobs: list[Job]


def list_jobs(
    session: Session,
    user: User,
    *,
    search: str = "",
    ordering: str = "-created",
    offset: int = 0,
    limit: int = 50,
) -> JobList:
    """The jobs that ``user`` may see: their own, an administrator all.

    Args:
        search: part of the kind, the subject or the state.
        ordering: a key of the answer of ``GET /jobs``, with ``-`` for descending.
    Raises: InvalidInput for an unknown ordering.
    """
    conditions = [_visible_to(user), *_matching(search)]
    count = session.exec(select(func.count()).select_from(Job).where(*conditions)).one()
    page = select(Job).where(*conditions).order_by(*_order(ordering)).offset(offset).limit(limit)
    return JobList(count, list(session.exec(page)))


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


def _visible_to(user: User) -> ColumnElement[bool]:
    if user.role is Role.ADMIN:
        return col(Job.id).is_not(None)
    return col(Job.owner_id) == user.id


def _matching(search: str) -> list[ColumnElement[bool]]:
    if not search:
        return []
    columns = [cast(column, String) for column in (Job.kind, Job.subject, Job.state)]
    return [or_(*(column.contains(search, autoescape=True) for column in columns))]


def _order(ordering: str) -> list[UnaryExpression[Any]]:
    name = ordering.removeprefix("-")
    if name not in _ORDERINGS:
        raise InvalidInput(
            f"Jobs cannot be ordered by {name!r}; use one of {', '.join(_ORDERINGS)}.", "ordering"
        )
    keys = [col(_ORDERINGS[name]), col(Job.id)]
    return [key.desc() if ordering.startswith("-") else key.asc() for key in keys]
