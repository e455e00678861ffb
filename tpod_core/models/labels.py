"""Labels, and the lists of labels of videos."""

from datetime import datetime

from sqlalchemy import Column, String, UniqueConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlmodel import Field, SQLModel

from tpod_core.models.base import reference, time_column, utc_now
from tpod_core.names import comparison_key


def _key_of_name(context: DefaultExecutionContext) -> str:
    values: dict[str, str] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return comparison_key(values["name"])


class Label(SQLModel, table=True):
    """A class of objects in the team-wide catalogue, with one name and one colour everywhere.

    ``name_key`` is equal for names that read the same. Only labels from before it existed can
    share one.
    """

    __tablename__ = "labels"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=100, unique=True)
    name_key: str = Field(
        default=None, sa_column=Column(String, nullable=False, index=True, default=_key_of_name)
    )
    color: str = Field(max_length=7)
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())


class VideoLabel(SQLModel, table=True):
    """A label in a video's list; its position gives the key 1-9."""

    __tablename__ = "video_labels"
    __table_args__ = (UniqueConstraint("video_id", "label_id"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=reference("videos.id"))
    label_id: int = Field(sa_column=reference("labels.id"))
    position: int = 0
