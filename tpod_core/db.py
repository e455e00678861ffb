"""The database engine, with ``transaction()`` to write and ``read_session()`` to read."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, Executable, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Float
from sqlmodel import Session, SQLModel

from tpod_core.config import get_settings
from tpod_core.db_errors import translated_damage, translated_errors
from tpod_core.errors import TpodError
from tpod_core.log import get_logger
from tpod_core.models import MAX_ROW_ID

Value = TypeVar("Value")
Table = TypeVar("Table", bound=SQLModel)
_READ_ONLY = "tpod_read_only"
_NO_WAIT = "tpod_no_wait"
_LOCK_TIMEOUT_MS = 30_000
_POOL = {"pool_size": 20, "max_overflow": 44, "pool_timeout": 10}
"""A connection for each of the 40 threads of the API, and for two dozen running pages."""
_AFTER_COMMIT = "tpod_after_commit"
_log = get_logger(__name__)


class database_now(FunctionElement[float]):  # noqa: N801 - used like an SQL function
    """Seconds since 1970 by the database's clock, as leases must not depend on a host's."""

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
    """Returns the process's engine for the configured database."""
    return make_engine(get_settings().resolved_database_url)


def make_engine(url: str) -> Engine:
    """Creates an engine; for SQLite with WAL, foreign keys and explicit BEGIN."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, **_POOL)
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    created = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, **_POOL)
    event.listen(created, "connect", _prepare_sqlite)
    event.listen(created, "begin", _begin_sqlite)
    return created


def _prepare_sqlite(connection: Any, record: Any) -> None:
    # With isolation_level None we issue BEGIN ourselves. The driver's own comes so late that
    # two writers can upgrade the same read snapshot, which fails at once.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"busy_timeout={_LOCK_TIMEOUT_MS}",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    # SQLite's own knows ASCII alone, so a search in any case would miss "Ä" for "ä".
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Any) -> None:
    options = connection.get_execution_options()
    if not options.get(_NO_WAIT, False):
        connection.exec_driver_sql("BEGIN" if options.get(_READ_ONLY) else "BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={_LOCK_TIMEOUT_MS}")


def dispose() -> None:
    """Drop the engine: its pool must not be shared across a fork, nor outlive a test's database."""
    if engine.cache_info().currsize:
        engine().dispose(close=False)
        engine.cache_clear()


os.register_at_fork(after_in_child=dispose)


@contextmanager
def transaction() -> Iterator[Session]:
    """Yields a session that commits at the end, or rolls back on any exception.

    Rows stay readable afterwards. Callbacks given to ``after_commit`` run after the commit.

    Raises: Unavailable if the database cannot be reached, stays locked or is damaged;
    StorageFull if its disk is full.
    """
    with (
        translated_errors(),
        Session(engine(), expire_on_commit=False) as session,
        session.begin(),
    ):
        yield session
    for callback in session.info.pop(_AFTER_COMMIT, []):
        _run_after_commit(callback)


def _run_after_commit(callback: Callable[[], None]) -> None:
    """Run ``callback``; its failure is only logged, because the commit stands all the same."""
    try:
        callback()
    except (TpodError, OSError):
        _log.exception("after a commit")


@contextmanager
def read_session() -> Iterator[Session]:
    """Yields a session on a consistent snapshot; it neither blocks writers nor waits for them."""
    bound = engine().execution_options(**{_READ_ONLY: True})
    with (
        translated_errors(),
        Session(bound, expire_on_commit=False, autoflush=False) as session,
    ):
        yield session


def execute_if_free(statement: Executable) -> bool:
    """Execute and commit one statement unless another writer is at work.

    Returns whether it was executed. It neither waits nor fails: for what may be left out.
    """
    bound = engine().execution_options(**{_NO_WAIT: True})
    try:
        with translated_damage(), Session(bound) as session, session.begin():
            if bound.dialect.name == "postgresql":
                session.execute(text("SET LOCAL lock_timeout = '1ms'"))
            session.execute(statement)
    except (OperationalError, NoFreeConnection):
        return False
    return True


def serialize(session: Session, name: str) -> None:
    """Wait until no other transaction that gave this name is running, then keep others waiting.

    SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        session.execute(lock, {"name": name})


def find(session: Session, table: type[Table], row_id: int) -> Table | None:
    """Returns the row with this id; ``None`` also for an id that no database can hold."""
    return session.get(table, row_id) if 0 < row_id <= MAX_ROW_ID else None


def batches(values: Iterable[Value], size: int = 500) -> Iterator[list[Value]]:
    """Yields ``values`` in lists of ``size``; the last one may be shorter.

    Databases limit the variables of a statement, and rows written in batches are never all in
    memory.
    """
    remaining = iter(values)
    while batch := list(islice(remaining, size)):
        yield batch


def after_commit(session: Session, callback: Callable[[], None]) -> None:
    """Run ``callback`` after the commit of ``session``; never if it rolls back."""
    session.info.setdefault(_AFTER_COMMIT, []).append(callback)
