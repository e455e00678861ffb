"""Videos."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from tpod_core.models.base import enum_type, reference, time_column, utc_now


class VideoState(StrEnum):
    CREATED = "created"
    UPLOADING = "uploading"
    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class FpsSource(StrEnum):
    """Where the frame rate of a video comes from.

    ``FILE``: the file says when each frame is shown. The others are for files that do not:
    ``GUESSED`` by the import, or ``GIVEN`` by a person.
    """

    FILE = "file"
    GUESSED = "guessed"
    GIVEN = "given"


class Video(SQLModel, table=True):
    """An uploaded video, its import, and the revision of its annotations.

    ``width`` and ``height`` are upright pixels. ``frame_count`` is the number of frames that
    decode; during the import it is the number indexed so far. ``source_key`` is the storage key
    of the uploaded file, ``playback_key`` that of the file from which all frames are read: the
    same file, or its frame-by-frame re-encoding if seeking in the original is unreliable. ``fps``
    is the mean rate, above 0 once there are frames; ``video.times`` knows the time of each. A
    ``held_out`` video is reserved for validation: no training set may train on it. ``revision``
    counts the steps of the edit log; ``boxes_revision`` grows with all other changes of derived
    boxes.
    """

    __tablename__ = "videos"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    owner_id: int = Field(sa_column=reference("users.id"))
    name: str = Field(max_length=200)
    state: VideoState = Field(
        default=VideoState.CREATED, sa_column=Column(enum_type(VideoState), nullable=False)
    )
    message: str = ""
    filename: str = ""
    size_bytes: int = 0
    sha256: str = Field(default="", max_length=64)
    width: int = 0
    height: int = 0
    fps: float = 0.0
    fps_source: FpsSource = Field(
        default=FpsSource.FILE, sa_column=Column(enum_type(FpsSource), nullable=False)
    )
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
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())

    @property
    def frame_wh(self) -> tuple[int, int]:
        return self.width, self.height
