"""Row ids, dates, and how columns are declared."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Integer,
)
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

MAX_ROW_ID = 2**63 - 1
"""A database holds no larger number, and complains when it is asked for one."""

RowId = Annotated[int, Field(ge=1, le=MAX_ROW_ID)]

# Constraints need names: a later migration can only drop what it can name.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware UTC datetime on every database (SQLite forgets the timezone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo:
            return value
        return value.replace(tzinfo=UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)


def saved_id(row: Any) -> int:
    """The id of a row that has been written to the database."""
    assert row.id is not None, f"{type(row).__name__} was never saved"
    return int(row.id)


def enum_type(enum: type[StrEnum]) -> Any:
    """A column type for ``enum``: its values as text, so that adding one needs no migration."""
    return SqlEnum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda e: [member.value for member in e],
    )


def time_column(*, nullable: bool = False) -> Any:
    return Column(UtcDateTime, nullable=nullable)


def reference(target: str, *, nullable: bool = False, on_delete: str = "CASCADE") -> Any:
    return Column(Integer, ForeignKey(target, ondelete=on_delete), nullable=nullable, index=True)
