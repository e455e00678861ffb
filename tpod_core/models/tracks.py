"""Tracks, their key frames, and the boxes derived between these."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from tpod_core.geometry import Box
from tpod_core.models.base import enum_type, reference, time_column, utc_now


class KeyframeSource(StrEnum):
    """Who put the box there."""

    MANUAL = "manual"
    TRACKED = "tracked"
    DETECTED = "detected"
    IMPORTED = "imported"


class Track(SQLModel, table=True):
    """One object through one video.

    A ``proposed`` track was made by a detector and waits for a person to accept it: training
    does not see it. ``score`` is that detector's confidence in it, 0..1. A ``linear`` track
    moves on straight lines between its key frames, as a person asked, whatever the pixels say.
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
    """A box fixed on one frame of a track; ``outside`` ends the box until the next key frame.

    Coordinates are those of ``tpod_core.geometry``. An outside key frame keeps the last box.
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
    """Frames ``start <= n < stop`` of a video in which every object has its box."""

    __tablename__ = "frame_ranges"

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=reference("videos.id"))
    start: int
    stop: int


class DerivedSegment(SQLModel, table=True):
    """Boxes that propagation found between two key frames of a video; derived data.

    ``fingerprint`` names both key frames and the method, and no track: whichever track has
    these key frames has these boxes, so they are thrown away by a change of a key frame and
    found again by its undo. They cover the frames ``start < n < stop``; ``requested_stop`` lies
    behind ``stop`` where tracking became unsure and ended early. ``context`` names the other
    key frames that showed what the object looks like: boxes of another context are used until
    they are found anew. ``payload`` is ``annotations.derived_boxes.DerivedBoxes`` in bytes.
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
