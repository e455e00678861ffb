"""Rows by id, for a user: "this row for this user, or raise".

Whoever holds a row got it here, so permission is checked once and nowhere else. What
belongs to someone else is "not found", as if it did not exist; an administrator sees all.
"""

from typing import Protocol, TypeVar

from sqlmodel import Session, SQLModel

from tpod_core.errors import NotFound
from tpod_core.models import Detector, Job, Role, TrainingSet, User, Video


class _Owned(Protocol):
    owner_id: int | None


Row = TypeVar("Row", bound=SQLModel)


def get_video(session: Session, user: User, video_id: int) -> Video:
    return _get(session, user, Video, video_id, "video")


def get_training_set(session: Session, user: User, training_set_id: int) -> TrainingSet:
    return _get(session, user, TrainingSet, training_set_id, "training set")


def get_detector(session: Session, user: User, detector_id: int) -> Detector:
    return _get(session, user, Detector, detector_id, "detector")


def get_job(session: Session, user: User, job_id: int) -> Job:
    return _get(session, user, Job, job_id, "job")


def may_see(user: User, row: _Owned) -> bool:
    """Whether ``user`` may read and change ``row``."""
    return user.active and (user.role is Role.ADMIN or row.owner_id == user.id)


def _get(session: Session, user: User, table: type[Row], row_id: int, noun: str) -> Row:
    row = session.get(table, row_id)
    if row is None or not may_see(user, row):  # type: ignore[arg-type]
        raise NotFound(f"There is no {noun} {row_id}, or it is not yours.")
    return row
