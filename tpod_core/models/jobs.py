"""Background jobs."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from tpod_core.models.base import enum_type, reference, time_column, utc_now


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class QueueName(StrEnum):
    """``default`` holds what people wait for, ``background`` long work that can wait, and ``low``,
    as in OpenTPOD, trainings. Each has its own workers, so none waits for another."""

    DEFAULT = "default"
    BACKGROUND = "background"
    LOW = "low"


class Subject(StrEnum):
    """The kind of object that a job works on, as in the API's ``"video:12"``."""

    VIDEO = "video"
    TRAINING_SET = "training_set"
    DETECTOR = "detector"
    USER = "user"

    @property
    def column(self) -> str:
        """The column of ``Job`` with the subject's id."""
        return "owner_id" if self is Subject.USER else f"{self.value}_id"


class JobKind(StrEnum):
    """The kinds of jobs, one for each module in ``workers/``."""

    IMPORT_VIDEO = "import-video"
    BUILD_TRAINING_SET = "build-training-set"
    TRAIN_DETECTOR = "train-detector"
    EXPORT_MODEL = "export-model"
    LOAD_DEMO = "load-demo"
    PROPAGATE_TRACKS = "propagate-tracks"
    PRELABEL_VIDEO = "prelabel-video"
    ANNOTATE_VIDEO = "annotate-video"
    REVIEW_VIDEO = "review-video"
    MEASURE_LEARNING = "measure-learning"

    @property
    def subject(self) -> Subject:
        """The kind of subject; it selects one row if a job references two."""
        match self:
            case JobKind.BUILD_TRAINING_SET:
                return Subject.TRAINING_SET
            case (
                JobKind.TRAIN_DETECTOR
                | JobKind.EXPORT_MODEL
                | JobKind.REVIEW_VIDEO
                | JobKind.MEASURE_LEARNING
            ):
                return Subject.DETECTOR
            case JobKind.LOAD_DEMO:
                return Subject.USER
            case (
                JobKind.IMPORT_VIDEO
                | JobKind.PROPAGATE_TRACKS
                | JobKind.PRELABEL_VIDEO
                | JobKind.ANNOTATE_VIDEO
            ):
                return Subject.VIDEO

    @property
    def queue(self) -> QueueName:
        """The queue of such a job, if the host has what it needs."""
        match self:
            case JobKind.IMPORT_VIDEO | JobKind.BUILD_TRAINING_SET | JobKind.LOAD_DEMO:
                return QueueName.DEFAULT
            case JobKind.TRAIN_DETECTOR | JobKind.MEASURE_LEARNING:
                return QueueName.LOW
            case (
                JobKind.EXPORT_MODEL
                | JobKind.PROPAGATE_TRACKS
                | JobKind.PRELABEL_VIDEO
                | JobKind.ANNOTATE_VIDEO
                | JobKind.REVIEW_VIDEO
            ):
                return QueueName.BACKGROUND


DELETED = "deleted"
"""Stands in ``Job.subject`` for the id of a deleted row."""


class Job(SQLModel, table=True):
    """A background job. This row is the truth; Redis only carries its id to a worker.

    ``video_id``, ``training_set_id`` and ``detector_id`` reference the rows that the job uses, and
    are null once these are deleted; ``kind.subject`` says which of them is the subject. The format
    of ``request`` (further parameters) and ``result`` depends on the kind. Only the holder of
    ``lease_token`` may write progress or finish the job; ``lease_expires`` is in seconds since 1970
    by the database's clock. ``attempt`` counts deliveries; ``failed_attempts`` counts those that
    crashed, and three of them fail the job. ``leftover_key`` is a storage key to delete when the
    job ends: the files of a row that was deleted while the job was running and writing.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_lease_expires", "state", "lease_expires"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: JobKind = Field(sa_column=Column(enum_type(JobKind), nullable=False))
    queue: QueueName = Field(sa_column=Column(enum_type(QueueName), nullable=False))
    video_id: int | None = Field(
        default=None, sa_column=reference("videos.id", nullable=True, on_delete="SET NULL")
    )
    training_set_id: int | None = Field(
        default=None, sa_column=reference("training_sets.id", nullable=True, on_delete="SET NULL")
    )
    detector_id: int | None = Field(
        default=None, sa_column=reference("detectors.id", nullable=True, on_delete="SET NULL")
    )
    owner_id: int | None = Field(default=None, sa_column=reference("users.id", nullable=True))
    request: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    result: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    state: JobState = Field(
        default=JobState.QUEUED, sa_column=Column(enum_type(JobState), nullable=False)
    )
    attempt: int = 1
    failed_attempts: int = 0
    progress: float = 0.0
    message: str = ""
    cancel_requested: bool = False
    lease_token: str | None = Field(default=None, max_length=64)
    lease_expires: float | None = None
    worker: str = Field(default="", max_length=200)
    log_key: str = ""
    leftover_key: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())
    started_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    finished_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))

    @property
    def subject_id(self) -> int | None:
        """The id of the row that the job works on; ``None`` once that is deleted."""
        subject_id: int | None = getattr(self, self.kind.subject.column)
        return subject_id

    @property
    def subject(self) -> str:
        """The row that the job works on: ``"video:12"``, or ``"video:deleted"``."""
        return f"{self.kind.subject}:{self.subject_id or DELETED}"


class ProcessLock(SQLModel, table=True):
    """A lock that one process of the installation holds until ``expires``."""

    __tablename__ = "process_locks"

    name: str = Field(primary_key=True, max_length=64)
    holder: str = Field(default="", max_length=200)
    expires: float = 0.0
