"""Reads one part of a list, however long the list is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import func
from sqlmodel import Session, select
from sqlmodel.sql.expression import SelectOfScalar

Row = TypeVar("Row")
MAX_SEARCH_LENGTH = 200
"""SQLite compares with patterns of at most 50,000 bytes. Source: sqlite.org/limits.html."""


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """One part of a list; ``count`` is the length of the whole list."""

    count: int
    rows: Sequence[Row]


def search(query: SelectOfScalar[Row], words: str, column: Any) -> SelectOfScalar[Row]:
    """Returns the query for the rows whose ``column`` contains ``words``, in any case."""
    return query.where(column.icontains(words, autoescape=True)) if words else query


def read_listing(
    session: Session, query: SelectOfScalar[Row], *, offset: int, limit: int
) -> Listing[Row]:
    """Returns at most ``limit`` rows of an ordered query, from ``offset``."""
    unordered = query.order_by(None).subquery()
    count = session.exec(select(func.count()).select_from(unordered)).one()
    return Listing(count, session.exec(query.offset(offset).limit(limit)).all())
