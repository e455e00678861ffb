"""Detectors and their files."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from tpod_core.models.base import enum_type, reference, time_column, utc_now


class DetectorState(StrEnum):
    CREATED = "created"
    QUEUED = "queued"
    TRAINING = "training"
    TRAINED = "trained"
    ERROR = "error"
    CANCELLED = "cancelled"


class Detector(SQLModel, table=True):
    """A trained model; ``labels`` are its class names by ``class_id``.

    ``seconds_left`` is the longest time that training will still take, once it is known.
    """

    __tablename__ = "detectors"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_column=reference("users.id"))
    name: str = Field(max_length=200)
    dnn_type: str = Field(max_length=64)
    state: DetectorState = Field(
        default=DetectorState.CREATED, sa_column=Column(enum_type(DetectorState), nullable=False)
    )
    message: str = ""
    progress: float = 0.0
    epoch: int = 0
    epochs: int = 0
    seconds_left: float | None = None
    labels: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    metrics: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    train_config: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSON, nullable=False)
    )
    train_set_id: int | None = Field(
        default=None,
        sa_column=reference("training_sets.id", nullable=True, on_delete="SET NULL"),
    )
    parent_id: int | None = Field(
        default=None,
        sa_column=reference("detectors.id", nullable=True, on_delete="SET NULL"),
    )
    job_id: int | None = Field(default=None, index=True)
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())


class Artifact(SQLModel, table=True):
    """A file of a detector (its checkpoint or an export).

    ``agreement`` says how close an export is to the checkpoint (``exports.agreement``).
    """

    __tablename__ = "artifacts"
    __table_args__ = (UniqueConstraint("detector_id", "format"),)

    id: int | None = Field(default=None, primary_key=True)
    detector_id: int = Field(sa_column=reference("detectors.id"))
    format: str = Field(max_length=32)
    key: str
    size_bytes: int
    sha256: str = Field(max_length=64)
    agreement: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())
