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


class QueueName(StrEnum):
    """The two queues, as in OpenTPOD: short work, and training."""

    DEFAULT = "default"
    LOW = "low"


class Job(SQLModel, table=True):
    """Background work. This row is the truth; Redis only carries its id to a worker.

    ``subject`` is what the job works on, as ``"video:12"``; ``request`` holds what else it was
    asked, ``result`` what came of it, each in the words of its kind. The holder of ``lease_token``
    alone may write progress or an end; ``lease_expires`` is in seconds since 1970 by the
    database's clock. ``attempt`` counts deliveries; ``faults`` counts those that ended by a
    fault rather than by an orderly stop, and three of them fail the job.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_lease_expires", "state", "lease_expires"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: JobKind = Field(sa_column=Column(enum_type(JobKind), nullable=False))
    queue: QueueName = Field(sa_column=Column(enum_type(QueueName), nullable=False))
    subject: str = Field(default="", max_length=64, index=True)
    owner_id: int | None = Field(default=None, sa_column=reference("users.id", nullable=True))
    request: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    result: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    state: JobState = Field(
        default=JobState.QUEUED, sa_column=Column(enum_type(JobState), nullable=False)
    )
    attempt: int = 1
    faults: int = 0
    progress: float = 0.0
    message: str = ""
    cancel_requested: bool = False
    lease_token: str | None = Field(default=None, max_length=64)
    lease_expires: float | None = None
    worker: str = Field(default="", max_length=200)
    log_key: str = ""
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())
    started_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    finished_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))

    @property
    def subject_id(self) -> int:
        """The row id in ``subject``: 12 in "video:12"."""
        return int(self.subject.rpartition(":")[2])


class ProcessLock(SQLModel, table=True):
    """A lock that one process of the installation holds until ``expires``."""

    __tablename__ = "process_locks"

    name: str = Field(primary_key=True, max_length=64)
    holder: str = Field(default="", max_length=200)
    expires: float = 0.0
