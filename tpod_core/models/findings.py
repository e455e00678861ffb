"""Detections that match no annotation, and people's verdicts on them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from tpod_core.geometry import Box
from tpod_core.models.base import enum_type, reference, time_column, utc_now


class Verdict(StrEnum):
    """A person's verdict on a detection that matches no annotation."""

    OPEN = "open"
    NEGATIVE = "negative"
    MISSED_LABEL = "missed_label"
    IGNORE = "ignore"


class Finding(SQLModel, table=True):
    """A detection that matches no annotation, and its verdict.

    ``score`` is 0..1; the box is in upright pixels of the frame. ``frames`` counts the frames
    on which the same object was detected; this is the one with the highest score.

    A verdict belongs to the video and says all by itself: ``detector_id`` is ``None`` once the
    detector was deleted. ``decided_at`` is the time of the verdict; it is ``None`` for an open
    finding, and for a verdict given before the time was stored.
    """

    __tablename__ = "findings"
    __table_args__ = (Index("ix_findings_video_id_frame_index", "video_id", "frame_index"),)

    id: int | None = Field(default=None, primary_key=True)
    detector_id: int | None = Field(
        default=None, sa_column=reference("detectors.id", nullable=True, on_delete="SET NULL")
    )
    video_id: int = Field(sa_column=reference("videos.id"))
    frame_index: int
    label: str = Field(max_length=100)
    score: float
    x1: float
    y1: float
    x2: float
    y2: float
    frames: int = 1
    verdict: Verdict = Field(
        default=Verdict.OPEN, sa_column=Column(enum_type(Verdict), nullable=False)
    )
    author_id: int | None = Field(
        default=None, sa_column=reference("users.id", nullable=True, on_delete="SET NULL")
    )
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())
    decided_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))

    @property
    def box(self) -> Box:
        return Box(self.x1, self.y1, self.x2, self.y2)
