"""The log of a video's annotations, and what keeps an edit from being done twice."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from tpod_core.models.base import reference, time_column, utc_now


class Edit(SQLModel, table=True):
    """One step of a video's annotation history: the touched parts before and after it.

    ``undoes`` is the revision of the step that this one takes back. To redo is to take back
    an undo. A step that is not ``undoable`` changed the list of labels alone.
    """

    __tablename__ = "edits"
    __table_args__ = (UniqueConstraint("video_id", "revision"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=reference("videos.id"))
    revision: int
    undoes: int | None = None
    undoable: bool = True
    author_id: int | None = Field(
        default=None, sa_column=reference("users.id", nullable=True, on_delete="SET NULL")
    )
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())
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
    video_id: int = Field(sa_column=reference("videos.id"))
    batch: str = Field(max_length=64)
    kind: str = Field(max_length=16)
    author_id: int | None = Field(
        default=None, sa_column=reference("users.id", nullable=True, on_delete="SET NULL")
    )
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())
    answer: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class TrackName(SQLModel, table=True):
    """The name that a client gave a track before it had a row.

    The name stays when the track is deleted: what comes later for it must not make another.
    """

    __tablename__ = "track_names"
    __table_args__ = (UniqueConstraint("video_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=reference("videos.id"))
    name: str = Field(max_length=70)
    track_id: int
