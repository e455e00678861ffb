"""Fetches rows for a user: one that the user may access, or all of them.

All rows are fetched here, so that the permission rules are written only once. An object of
someone else is "not found", as if it did not exist; an administrator sees everything.
"""

from typing import TypeVar

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from tpod_core.db import find
from tpod_core.errors import NotFound
from tpod_core.listing import Listing, read_listing, search
from tpod_core.models import Detector, Job, Role, TrainingSet, User, Video

Owned = TypeVar("Owned", Video, TrainingSet, Detector, Job)


def get_video(session: Session, user: User, video_id: int) -> Video:
    return _get(session, user, Video, video_id, "video")


def get_training_set(session: Session, user: User, training_set_id: int) -> TrainingSet:
    return _get(session, user, TrainingSet, training_set_id, "training set")


def get_detector(session: Session, user: User, detector_id: int) -> Detector:
    return _get(session, user, Detector, detector_id, "detector")


def get_job(session: Session, user: User, job_id: int) -> Job:
    return _get(session, user, Job, job_id, "job")


def visible(user: User, table: type[Owned]) -> SelectOfScalar[Owned]:
    """Returns the query for all rows of ``table`` that ``user`` may read and change."""
    query = select(table)
    return query if user.role is Role.ADMIN else query.where(table.owner_id == user.id)


def newest(
    session: Session,
    user: User,
    table: type[Owned],
    *,
    name: str = "",
    offset: int = 0,
    limit: int,
) -> Listing[Owned]:
    """Returns a part of the rows that ``user`` may access, newest first.

    Args:
        name: only rows whose name contains this; jobs have no name.
    """
    query = visible(user, table)
    if name:
        query = search(query, name, col(table.name))  # type: ignore[attr-defined]
    return read_listing(session, query.order_by(col(table.id).desc()), offset=offset, limit=limit)


def may_see(user: User, row: Video | TrainingSet | Detector | Job) -> bool:
    """Whether ``user`` may read and change ``row``."""
    return user.active and (user.role is Role.ADMIN or row.owner_id == user.id)


def _get(session: Session, user: User, table: type[Owned], row_id: int, noun: str) -> Owned:
    row = find(session, table, row_id)
    if row is None or not may_see(user, row):
        raise NotFound(f"There is no {noun} {row_id}, or it is not yours.")
    return row
