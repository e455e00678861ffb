"""The time that people work on a video."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from tpod_core.models.base import reference, time_column, utc_now


class LabelingTime(SQLModel, table=True):
    """Seconds that a person has worked on a video: time between acts, pauses left out.

    ``last_seen_at`` is the last sign of life of the person's screen on this video.
    """

    __tablename__ = "labeling_times"
    __table_args__ = (UniqueConstraint("video_id", "user_id"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=reference("videos.id"))
    user_id: int = Field(sa_column=reference("users.id"))
    seconds: float = 0.0
    last_seen_at: datetime = Field(default_factory=utc_now, sa_column=time_column())
