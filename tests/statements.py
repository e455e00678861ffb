"""What the database was asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from tpod_core import db


@contextmanager
def listed() -> Iterator[list[str]]:
    """The SQL of every statement that this process runs inside the block, in order.

    One that is run for many rows at once is one.
    """
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    engine = db.engine()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
