"""Training sets."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from tpod_core.models.base import enum_type, reference, time_column, utc_now


class TrainingSetState(StrEnum):
    QUEUED = "queued"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"


class TrainingSet(SQLModel, table=True):
    """An immutable snapshot of labelled frames; ``spec`` is the ``TrainingSetSpec`` as JSON."""

    __tablename__ = "training_sets"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_column=reference("users.id"))
    name: str = Field(max_length=200)
    state: TrainingSetState = Field(
        default=TrainingSetState.QUEUED,
        sa_column=Column(enum_type(TrainingSetState), nullable=False),
    )
    message: str = ""
    spec: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    content_hash: str = Field(default="", max_length=64)
    statistics: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    warnings: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    directory_key: str = ""
    job_id: int | None = Field(default=None, index=True)
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())
