"""The tables, and the words their columns may hold.

Alembic (``tpod_core/migrations``) creates them; a test compares the two. Every date is
UTC with a timezone. Tables whose ids name directories never reuse an id
(``sqlite_autoincrement``).
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import (
    JSON,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
)
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from tpod_core.geometry import Box

MAX_ROW_ID = 2**63 - 1
"""A database holds no larger number, and complains when it is asked for one."""

RowId = Annotated[int, Field(ge=1, le=MAX_ROW_ID)]

# Constraints need names: a later migration can only drop what it can name.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Role(StrEnum):
    """What an account may do; a new account is ``none`` until an administrator grants more."""

    ADMIN = "admin"
    USER = "user"
    NONE = "none"


class VideoState(StrEnum):
    CREATED = "created"
    UPLOADING = "uploading"
    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class KeyframeSource(StrEnum):
    """Who put the box there."""

    MANUAL = "manual"
    TRACKED = "tracked"
    DETECTED = "detected"
    IMPORTED = "imported"


class TrainingSetState(StrEnum):
    QUEUED = "queued"
    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"


class DetectorState(StrEnum):
    CREATED = "created"
    QUEUED = "queued"
    TRAINING = "training"
    TRAINED = "trained"
    ERROR = "error"
    CANCELLED = "cancelled"


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
    """One value per module in ``workers/``."""

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


class Verdict(StrEnum):
    """What a person says of a detection that no label explains."""

    OPEN = "open"
    NEGATIVE = "negative"
    MISSED_LABEL = "missed_label"
    IGNORE = "ignore"


class QueueName(StrEnum):
    """OpenTPOD's two queues: short work, and training."""

    DEFAULT = "default"
    LOW = "low"


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware UTC datetime on every database (SQLite forgets the timezone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo:
            return value
        return value.replace(tzinfo=UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)


def saved_id(row: Any) -> int:
    """The id of a row that has been written to the database."""
    assert row.id is not None, f"{type(row).__name__} was never saved"
    return int(row.id)


def _words(enum: type[StrEnum]) -> Any:
    """A column for ``enum``: its values as text, so that adding one needs no migration."""
    return SqlEnum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda e: [member.value for member in e],
    )


def _time(*, nullable: bool = False) -> Any:
    return Column(UtcDateTime, nullable=nullable)


def _reference(target: str, *, nullable: bool = False, on_delete: str = "CASCADE") -> Any:
    return Column(Integer, ForeignKey(target, ondelete=on_delete), nullable=nullable, index=True)


class User(SQLModel, table=True):
    """An account. ``username_key`` is the case-folded name, so that "Ann" and "ann" are one."""

    __tablename__ = "users"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    username: str = Field(max_length=150)
    username_key: str = Field(max_length=150, unique=True)
    password_hash: str
    role: Role = Field(default=Role.NONE, sa_column=Column(_words(Role), nullable=False))
    active: bool = True
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())


class AuthSession(SQLModel, table=True):
    """A browser's session; only the hash of its cookie is stored."""

    __tablename__ = "sign_ins"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(sa_column=_reference("users.id"))
    token_hash: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())
    expires_at: datetime = Field(sa_column=_time())


class ApiToken(SQLModel, table=True):
    """A personal token for the HTTP API; only its hash is stored, ``hint`` is its start."""

    __tablename__ = "api_tokens"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(sa_column=_reference("users.id"))
    name: str = Field(max_length=100)
    token_hash: str = Field(max_length=64, unique=True)
    hint: str = Field(max_length=16)
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())
    last_used_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))


class Video(SQLModel, table=True):
    """An uploaded video, its import, and the revision of its annotations.

    ``width`` and ``height`` are upright pixels. ``frame_count`` is the number of frames that
    decode; while the import runs it is the number indexed so far. ``source_key`` is the
    storage key of the uploaded file, ``playback_key`` of the file that every frame is read
    from: the same, or its one-to-one re-encoding where the original cannot be sought in.
    A ``held_out`` video is kept for judging: no training set may train on it.
    ``revision`` counts the steps of the annotations' log; ``boxes_revision`` grows with
    everything else that changes what is known of derived boxes.
    """

    __tablename__ = "videos"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_column=_reference("users.id"))
    name: str = Field(max_length=200)
    state: VideoState = Field(
        default=VideoState.CREATED, sa_column=Column(_words(VideoState), nullable=False)
    )
    message: str = ""
    filename: str = ""
    size_bytes: int = 0
    sha256: str = Field(default="", max_length=64)
    width: int = 0
    height: int = 0
    fps: float = 0.0
    frame_count: int = 0
    duration_s: float = 0.0
    codec: str = ""
    warnings: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    source_key: str = ""
    playback_key: str = ""
    job_id: int | None = Field(default=None, index=True)
    revision: int = 0
    boxes_revision: int = 0
    held_out: bool = False
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())

    @property
    def frame_wh(self) -> tuple[int, int]:
        return self.width, self.height


class Label(SQLModel, table=True):
    """A class of objects in the team-wide catalogue; one name, one colour everywhere."""

    __tablename__ = "labels"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=100, unique=True)
    color: str = Field(max_length=7)
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())


class VideoLabel(SQLModel, table=True):
    """A label in a video's list; its position gives the key 1-9."""

    __tablename__ = "video_labels"
    __table_args__ = (UniqueConstraint("video_id", "label_id"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=_reference("videos.id"))
    label_id: int = Field(sa_column=_reference("labels.id"))
    position: int = 0


class Track(SQLModel, table=True):
    """One object through one video.

    A ``proposed`` track was made by a detector and waits for a person to accept it: training
    does not see it. ``score`` is that detector's confidence in it, 0..1. A ``linear`` track
    moves on straight lines between its key frames, as a person asked, whatever the pixels say.
    """

    __tablename__ = "tracks"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=_reference("videos.id"))
    label_id: int = Field(sa_column=_reference("labels.id", on_delete="RESTRICT"))
    proposed: bool = False
    score: float | None = None
    linear: bool = False
    author_id: int | None = Field(
        default=None, sa_column=_reference("users.id", nullable=True, on_delete="SET NULL")
    )
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())


class Keyframe(SQLModel, table=True):
    """A box fixed on one frame of a track; ``outside`` ends the box until the next key frame.

    Coordinates are those of ``tpod_core.geometry``. An outside key frame keeps the last box.
    """

    __tablename__ = "keyframes"
    __table_args__ = (
        UniqueConstraint("track_id", "frame_index"),
        Index("ix_keyframes_video_id_frame_index", "video_id", "frame_index"),
    )

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=_reference("videos.id"))
    track_id: int = Field(sa_column=_reference("tracks.id"))
    frame_index: int
    x1: float
    y1: float
    x2: float
    y2: float
    outside: bool = False
    occluded: bool = False
    source: KeyframeSource = Field(
        default=KeyframeSource.MANUAL, sa_column=Column(_words(KeyframeSource), nullable=False)
    )
    author_id: int | None = Field(
        default=None, sa_column=_reference("users.id", nullable=True, on_delete="SET NULL")
    )
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())

    @property
    def box(self) -> Box:
        return Box(self.x1, self.y1, self.x2, self.y2)


class DerivedSegment(SQLModel, table=True):
    """Boxes that propagation found between two key frames of a video; derived data.

    ``fingerprint`` names both key frames and the method, and no track: whichever track has
    these key frames has these boxes, so they are thrown away by a change of a key frame and
    found again by its undo. They cover the frames ``start < n < stop``; ``reach`` is the stop
    that was asked for, and lies behind ``stop`` where tracking became unsure. ``context`` names
    the other key frames that told what the object looks like: boxes of another context are
    used until they are found anew. ``payload`` is ``tracking.segments.DerivedBoxes`` in bytes.
    """

    __tablename__ = "derived_segments"
    __table_args__ = (UniqueConstraint("video_id", "fingerprint"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=_reference("videos.id"))
    start: int
    stop: int
    reach: int
    fingerprint: str = Field(max_length=64)
    context: str = Field(max_length=64)
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())


class LabelingTime(SQLModel, table=True):
    """Seconds that a person has worked on a video: time between acts, pauses left out.

    ``last_seen_at`` is the last sign of life of the person's screen on this video.
    """

    __tablename__ = "labeling_times"
    __table_args__ = (UniqueConstraint("video_id", "user_id"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=_reference("videos.id"))
    user_id: int = Field(sa_column=_reference("users.id"))
    seconds: float = 0.0
    last_seen_at: datetime = Field(default_factory=utc_now, sa_column=_time())


class FrameRange(SQLModel, table=True):
    """Frames ``start <= n < stop`` of a video in which every object has its box."""

    __tablename__ = "frame_ranges"

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=_reference("videos.id"))
    start: int
    stop: int


class Edit(SQLModel, table=True):
    """One step of a video's annotation history: the touched parts before and after it.

    ``undoes`` is the revision of the step that this one takes back. To redo is to take back
    an undo. A step that is not ``undoable`` changed the list of labels alone.
    """

    __tablename__ = "edits"
    __table_args__ = (UniqueConstraint("video_id", "revision"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=_reference("videos.id"))
    revision: int
    undoes: int | None = None
    undoable: bool = True
    author_id: int | None = Field(
        default=None, sa_column=_reference("users.id", nullable=True, on_delete="SET NULL")
    )
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())
    before: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    after: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class EditBatch(SQLModel, table=True):
    """A request to change annotations that was carried out, so that it is never done twice.

    ``batch`` is the client's own name for it, ``kind`` the call, and ``answer`` what was
    answered. It is kept also where nothing changed.
    """

    __tablename__ = "edit_batches"
    __table_args__ = (UniqueConstraint("video_id", "batch"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=_reference("videos.id"))
    batch: str = Field(max_length=64)
    kind: str = Field(max_length=16)
    author_id: int | None = Field(
        default=None, sa_column=_reference("users.id", nullable=True, on_delete="SET NULL")
    )
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())
    answer: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class TrackName(SQLModel, table=True):
    """The name that a client gave a track before it had a row.

    The name stays when the track is deleted: what comes later for it must not make another.
    """

    __tablename__ = "track_names"
    __table_args__ = (UniqueConstraint("video_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=_reference("videos.id"))
    name: str = Field(max_length=70)
    track_id: int


class TrainingSet(SQLModel, table=True):
    """An immutable snapshot of labelled frames; ``choice`` is the request it was built from."""

    __tablename__ = "training_sets"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_column=_reference("users.id"))
    name: str = Field(max_length=200)
    state: TrainingSetState = Field(
        default=TrainingSetState.QUEUED,
        sa_column=Column(_words(TrainingSetState), nullable=False),
    )
    message: str = ""
    choice: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    content_hash: str = Field(default="", max_length=64)
    statistics: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    warnings: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    directory_key: str = ""
    job_id: int | None = Field(default=None, index=True)
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())


class Detector(SQLModel, table=True):
    """One trained model; ``labels`` are its class names by ``class_id``.

    ``seconds_left`` is what the training itself will take at most, once it can be told.
    """

    __tablename__ = "detectors"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_column=_reference("users.id"))
    name: str = Field(max_length=200)
    dnn_type: str = Field(max_length=64)
    state: DetectorState = Field(
        default=DetectorState.CREATED, sa_column=Column(_words(DetectorState), nullable=False)
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
        sa_column=_reference("training_sets.id", nullable=True, on_delete="SET NULL"),
    )
    parent_id: int | None = Field(
        default=None, sa_column=_reference("detectors.id", nullable=True, on_delete="SET NULL")
    )
    job_id: int | None = Field(default=None, index=True)
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())


class Finding(SQLModel, table=True):
    """A detection on labelled or unlabelled video that no label explains, and its verdict.

    ``score`` 0..1; the box is in upright pixels of the video's frame. ``frames`` counts the
    frames on which the same thing was seen; this is the one on which it was surest.
    """

    __tablename__ = "findings"
    __table_args__ = (Index("ix_findings_video_id_frame_index", "video_id", "frame_index"),)

    id: int | None = Field(default=None, primary_key=True)
    detector_id: int = Field(sa_column=_reference("detectors.id"))
    video_id: int = Field(sa_column=_reference("videos.id"))
    frame_index: int
    label: str = Field(max_length=100)
    score: float
    x1: float
    y1: float
    x2: float
    y2: float
    frames: int = 1
    verdict: Verdict = Field(
        default=Verdict.OPEN, sa_column=Column(_words(Verdict), nullable=False)
    )
    author_id: int | None = Field(
        default=None, sa_column=_reference("users.id", nullable=True, on_delete="SET NULL")
    )
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())

    @property
    def box(self) -> Box:
        return Box(self.x1, self.y1, self.x2, self.y2)


class Artifact(SQLModel, table=True):
    """A file made for a detector (its checkpoint, an export), known by its sha256.

    ``agreement`` says how near an export is to the checkpoint (``exports.agreement``).
    """

    __tablename__ = "artifacts"
    __table_args__ = (UniqueConstraint("detector_id", "format"),)

    id: int | None = Field(default=None, primary_key=True)
    detector_id: int = Field(sa_column=_reference("detectors.id"))
    format: str = Field(max_length=32)
    key: str
    size_bytes: int
    sha256: str = Field(max_length=64)
    agreement: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())


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
    kind: JobKind = Field(sa_column=Column(_words(JobKind), nullable=False))
    queue: QueueName = Field(sa_column=Column(_words(QueueName), nullable=False))
    subject: str = Field(default="", max_length=64, index=True)
    owner_id: int | None = Field(default=None, sa_column=_reference("users.id", nullable=True))
    request: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    result: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    state: JobState = Field(
        default=JobState.QUEUED, sa_column=Column(_words(JobState), nullable=False)
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
    created_at: datetime = Field(default_factory=utc_now, sa_column=_time())
    started_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))
    finished_at: datetime | None = Field(default=None, sa_column=_time(nullable=True))

    @property
    def subject_id(self) -> int:
        """The row id in ``subject``: 12 in "video:12"."""
        return int(self.subject.rpartition(":")[2])


class ProcessLock(SQLModel, table=True):
    """A lock that one process of the whole installation holds until ``expires``."""

    __tablename__ = "process_locks"

    name: str = Field(primary_key=True, max_length=64)
    holder: str = Field(default="", max_length=200)
    expires: float = 0.0
