"""The engine, and its two uses: ``transaction()`` to write, ``read_session()`` to read."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Float
from sqlmodel import Session, SQLModel

from tpod_core.config import get_settings
from tpod_core.errors import Unavailable
from tpod_core.log import get_logger
from tpod_core.models import MAX_ROW_ID

Value = TypeVar("Value")
Table = TypeVar("Table", bound=SQLModel)
_READ_ONLY = "tpod_read_only"
_AFTER_COMMIT = "tpod_after_commit"
_log = get_logger(__name__)


class database_now(FunctionElement[float]):  # noqa: N801 - used like an SQL function
    """Seconds since 1970 by the database's own clock: leases must not trust a host's."""

    type = Float()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _sqlite_now(element: Any, compiler: Any, **kw: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(database_now, "postgresql")
def _postgresql_now(element: Any, compiler: Any, **kw: Any) -> str:
    return "extract(epoch from clock_timestamp())"


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The process's engine for the configured database."""
    return make_engine(get_settings().resolved_database_url)


def make_engine(url: str) -> Engine:
    """An engine with our SQLite rules (WAL, foreign keys, explicit BEGIN) where they apply."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    made = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})
    event.listen(made, "connect", _prepare_sqlite)
    event.listen(made, "begin", _begin_sqlite)
    return made


def _prepare_sqlite(connection: Any, record: Any) -> None:
    # isolation_level None hands BEGIN to us: the driver's own would start too late to
    # keep two writers from upgrading the same read snapshot, which fails at once.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "busy_timeout=30000",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def dispose() -> None:
    """Forget the engine: its pool must not cross a fork, nor outlive a test's database."""
    if engine.cache_info().currsize:
        engine().dispose(close=False)
        engine.cache_clear()


os.register_at_fork(after_in_child=dispose)


@contextmanager
def transaction() -> Iterator[Session]:
    """A session that commits at the end, or rolls everything back on any exception.

    Rows stay readable after the end. Callbacks given to ``after_commit`` run once the commit
    is durable. Raises: Unavailable if the database cannot be reached or stays locked.
    """
    with _translated(), Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session
    for callback in session.info.pop(_AFTER_COMMIT, []):
        callback()


@contextmanager
def read_session() -> Iterator[Session]:
    """A session on one consistent snapshot, which never blocks and is never blocked by writers."""
    bound = engine().execution_options(**{_READ_ONLY: True})
    with _translated(), Session(bound, expire_on_commit=False, autoflush=False) as session:
        yield session


def find(session: Session, table: type[Table], row_id: int) -> Table | None:
    """The row of this id, from wherever a person took it: there is none beyond what fits."""
    return session.get(table, row_id) if 0 < row_id <= MAX_ROW_ID else None


def batches(values: Iterable[Value], size: int = 500) -> Iterator[list[Value]]:
    """``values`` in lists of ``size``, the last one perhaps shorter.

    Databases bound the variables of one statement, and rows that are made and written a
    batch at a time are never all in memory.
    """
    remaining = iter(values)
    while some := list(islice(remaining, size)):
        yield some


def after_commit(session: Session, callback: Callable[[], None]) -> None:
    """Run ``callback`` after ``session``'s transaction has committed; never if it rolls back."""
    session.info.setdefault(_AFTER_COMMIT, []).append(callback)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        _log.exception("database unavailable")
        raise Unavailable(
            "The database cannot be reached right now. Try again in a moment."
        ) from error
