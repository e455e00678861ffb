"""The time that people spend labelling a video."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from tpod_core.models.base import reference, time_column, utc_now


class LabelingTime(SQLModel, table=True):
    """The seconds that a person has worked on a video, without pauses.

    ``last_seen_at`` is when the person's screen last reported to the server.
    """

    __tablename__ = "labeling_times"
    __table_args__ = (UniqueConstraint("video_id", "user_id"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=reference("videos.id"))
    user_id: int = Field(sa_column=reference("users.id"))
    seconds: float = 0.0
    last_seen_at: datetime = Field(default_factory=utc_now, sa_column=time_column())
