"""Accounts, their browser sessions and their API tokens."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from tpod_core.models.base import enum_type, reference, time_column, utc_now


class Role(StrEnum):
    """An account's permissions; a new account has ``none`` until an administrator grants more."""

    ADMIN = "admin"
    USER = "user"
    NONE = "none"


class User(SQLModel, table=True):
    """An account; ``username_key`` is what ``names.username_key`` makes of the name."""

    __tablename__ = "users"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    username: str = Field(max_length=150)
    username_key: str = Field(max_length=150, unique=True)
    password_hash: str
    role: Role = Field(default=Role.NONE, sa_column=Column(enum_type(Role), nullable=False))
    active: bool = True
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())


class AuthSession(SQLModel, table=True):
    """A browser's session; only the hash of its cookie's token is stored."""

    __tablename__ = "auth_sessions"

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(sa_column=reference("users.id"))
    token_hash: str = Field(max_length=64, unique=True)
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())
    expires_at: datetime = Field(sa_column=time_column())


class ApiToken(SQLModel, table=True):
    """A personal token for the HTTP API; only its hash is stored, ``hint`` is its start."""

    __tablename__ = "api_tokens"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(sa_column=reference("users.id"))
    name: str = Field(max_length=100)
    token_hash: str = Field(max_length=64, unique=True)
    hint: str = Field(max_length=16)
    created_at: datetime = Field(default_factory=utc_now, sa_column=time_column())
    last_used_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
