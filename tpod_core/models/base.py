"""Row ids, dates, and helpers to declare columns."""

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
"""The largest integer of the databases, which raise an error for a larger one."""

MAX_ID_DIGITS = len(str(MAX_ROW_ID))


def find_row_id(text: str) -> int | None:
    """Returns the id that a client wrote; ``None`` for anything that can be no row's."""
    if not text.isdecimal() or len(text) > MAX_ID_DIGITS:
        return None
    return row_id if 1 <= (row_id := int(text)) <= MAX_ROW_ID else None


RowId = Annotated[int, Field(ge=1, le=MAX_ROW_ID)]

# A migration can only drop a constraint that has a name.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware UTC datetime on every database (SQLite does not store the timezone)."""

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
    """Returns the id of a row that has been written to the database."""
    assert row.id is not None, f"{type(row).__name__} was never saved"
    return int(row.id)


def enum_type(enum: type[StrEnum]) -> Any:
    """Returns a column type that stores values as text; a new value needs no migration."""
    return SqlEnum(
        enum,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda e: [member.value for member in e],
    )


def time_column(*, nullable: bool = False, index: bool = False) -> Any:
    return Column(UtcDateTime, nullable=nullable, index=index)


def reference(target: str, *, nullable: bool = False, on_delete: str = "CASCADE") -> Any:
    return Column(Integer, ForeignKey(target, ondelete=on_delete), nullable=nullable, index=True)
