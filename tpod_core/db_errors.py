"""Turns the errors of the database into ours, each with a sentence on the way out.

Source: sqlite.org/rescode.html; postgresql.org/docs/current/errcodes-appendix.html.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from tpod_core.config import get_settings
from tpod_core.errors import StorageFull, TpodError, Unavailable
from tpod_core.log import get_logger
from tpod_core.storage import DISK_FULL

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_BY_DIRECTORY = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
"""SQLite also fails with these if it cannot create or extend its files beside the database."""

_PRIMARY_CODE = 0xFF
_POSTGRESQL_DISK_FULL = "53100"
_POSTGRESQL_READ_ONLY = "25006"
_SHARED_MEMORY_BYTES = 64 * 1024
"""More than SQLite needs for the smallest of these files. Source: sqlite.org/walformat.html."""

_log = get_logger(__name__)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise StorageFull or Unavailable in place of what the database raises.

    Errors of our own statements, such as a broken constraint, pass unchanged.
    """
    try:
        yield
    except (DatabaseError, NoFreeConnection) as error:
        found = translated(error)
        if found is None:
            raise
        said = {"kind": found.message}
        _log.error("%s (%s)", found.message, _original(error), exc_info=found, extra=said)
        raise found from error


@contextmanager
def translated_damage() -> Iterator[None]:
    """Raise Unavailable if the database file is damaged; other errors pass unchanged."""
    try:
        yield
    except DatabaseError as error:
        if _sqlite_code(error) not in _DAMAGED:
            raise
        raise Unavailable(damage_sentence()) from error


def damage_sentence() -> str:
    """Returns what to do about a SQLite file that is damaged, or is no database at all."""
    path = sqlite_path()
    return (
        f"The database {path} is damaged or is not a database. Stop TPOD, move the file away "
        "and put a backup in its place, or recover it with SQLite's command .recover."
    )


def sqlite_path() -> Path | None:
    """Returns the file of the configured database; ``None`` unless it is SQLite."""
    url = get_settings().resolved_database_url
    scheme, _, path = url.partition(":///")
    return Path(path) if scheme.startswith("sqlite") and path else None


def translated(error: Exception) -> TpodError | None:
    """Returns our error for one of SQLAlchemy or SQLite; ``None`` if our statement is at fault."""
    code = _sqlite_code(error)
    sqlstate = getattr(_original(error), "sqlstate", None)
    if code == sqlite3.SQLITE_FULL or sqlstate == _POSTGRESQL_DISK_FULL:
        return StorageFull(DISK_FULL)
    if code in _BY_DIRECTORY and _disk_is_full():
        return StorageFull(DISK_FULL)
    if code in _DAMAGED:
        return Unavailable(damage_sentence())
    is_read_only = code == sqlite3.SQLITE_READONLY or sqlstate == _POSTGRESQL_READ_ONLY
    if is_read_only or (code in _BY_DIRECTORY and not _is_writable()):
        place = sqlite_path() or "at TPOD_DATABASE_URL"
        return Unavailable(
            f"The database {place} is read-only. Make it writable for the user that runs TPOD."
        )
    if isinstance(error, (OperationalError, NoFreeConnection)):
        return Unavailable("The database cannot be reached right now. Try again in a moment.")
    return None


def _original(error: Exception) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _sqlite_code(error: Exception) -> int | None:
    """Returns SQLite's primary result code, without the details in the higher bits."""
    code = getattr(_original(error), "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY_CODE


def _disk_is_full() -> bool:
    path = sqlite_path()
    return path is not None and shutil.disk_usage(path.parent).free < _SHARED_MEMORY_BYTES


def _is_writable() -> bool:
    path = sqlite_path()
    return path is None or os.access(path.parent, os.W_OK)
