"""Tracks, their key frames, and the boxes derived between key frames."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from tpod_core.geometry import Box
from tpod_core.models.base import enum_type, reference, time_column, utc_now


class KeyframeSource(StrEnum):
    """How a key frame was created."""

    MANUAL = "manual"
    TRACKED = "tracked"
    DETECTED = "detected"
    IMPORTED = "imported"


class Track(SQLModel, table=True):
    """One object through one video.

    A ``proposed`` track comes from a detector and waits for a person to accept it; training
    does not use it. ``score`` is the detector's confidence, 0..1. A person made a ``linear``
    track skip propagation: its boxes are interpolated between key frames.
    """

    __tablename__ = "tracks"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=reference("videos.id"))
    label_id: int = Field(sa_column=reference("labels.id", on_delete="RESTRICT"))
    proposed: bool = False
    score: float | None = None
    linear: bool = False
    author_id: int | None = Field(
        default=None, sa_column=reference("users.id", nullable=True, on_delete="SET NULL")
    )
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())


class Keyframe(SQLModel, table=True):
    """A track's box on one frame; ``outside`` hides the track until the next key frame.

    Coordinates are those of ``tpod_core.geometry``. An outside key frame has the last box.
    """

    __tablename__ = "keyframes"
    __table_args__ = (
        UniqueConstraint("track_id", "frame_index"),
        Index("ix_keyframes_video_id_frame_index", "video_id", "frame_index"),
    )

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=reference("videos.id"))
    track_id: int = Field(sa_column=reference("tracks.id"))
    frame_index: int
    x1: float
    y1: float
    x2: float
    y2: float
    outside: bool = False
    occluded: bool = False
    source: KeyframeSource = Field(
        default=KeyframeSource.MANUAL, sa_column=Column(enum_type(KeyframeSource), nullable=False)
    )
    author_id: int | None = Field(
        default=None, sa_column=reference("users.id", nullable=True, on_delete="SET NULL")
    )
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())

    @property
    def box(self) -> Box:
        return Box(self.x1, self.y1, self.x2, self.y2)


class FrameRange(SQLModel, table=True):
    """Fully labelled frames ``start <= n < stop`` of a video: every object has its box."""

    __tablename__ = "frame_ranges"

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=reference("videos.id"))
    start: int
    stop: int


class DerivedSegment(SQLModel, table=True):
    """Propagated boxes between two key frames of a video, on frames ``start < n < stop``.

    ``fingerprint`` is a digest of both key frames and the method, not of the track: any track
    with these key frames has these boxes, so changing a key frame drops them and undoing the
    change restores them. ``requested_stop`` is after ``stop`` if forward tracking became too
    uncertain and ended early. ``context`` is a digest of the neighbouring key frames; boxes of
    an outdated context are used until they are computed again. ``payload`` is
    ``annotations.derived_boxes.DerivedBoxes`` in bytes.
    """

    __tablename__ = "derived_segments"
    __table_args__ = (UniqueConstraint("video_id", "fingerprint"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=reference("videos.id"))
    start: int
    stop: int
    requested_stop: int
    fingerprint: str = Field(max_length=64)
    context: str = Field(max_length=64)
    payload: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())
