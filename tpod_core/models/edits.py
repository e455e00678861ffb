"""The edit log of a video's annotations, and the tables that make edit requests idempotent."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from tpod_core.models.base import reference, time_column, utc_now


class Edit(SQLModel, table=True):
    """One step of a video's annotation history: the changed parts before and after it.

    ``undoes`` is the revision of the step that this one reverts; a redo reverts an undo. A step
    that is not ``undoable`` changed only the list of labels.
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
    """An edit request that was applied, so that it is not applied again.

    ``batch`` is the client's name for it, ``kind`` the call, and ``answer`` the response. It is
    also stored if nothing changed.
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
    """The name that a client gave a track before it had an id.

    It stays when the track is deleted, so that later requests with the name do not create
    another track.
    """

    __tablename__ = "track_names"
    __table_args__ = (UniqueConstraint("video_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    video_id: int = Field(sa_column=reference("videos.id"))
    name: str = Field(max_length=70)
    track_id: int
