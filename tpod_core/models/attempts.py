"""Attempts to sign in or to register, and the clients from which people have signed in."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from tpod_core.models.base import reference, time_column


class Attempt(SQLModel, table=True):
    """An attempt that counts towards one limit until ``expires_at``; ``key`` names the limit and
    holds a hash of whom it is about."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_key_made_at", "key", "made_at"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=80)
    made_at: datetime = Field(sa_column=time_column())
    expires_at: datetime = Field(sa_column=time_column(index=True))


class KnownClient(SQLModel, table=True):
    """A browser or an address from which a user has signed in; ``key`` is a hash."""

    __tablename__ = "known_clients"
    __table_args__ = (UniqueConstraint("user_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(sa_column=reference("users.id"))
    key: str = Field(max_length=80)
    last_used_at: datetime = Field(sa_column=time_column())
