"""Checks at the start of a program that its settings and its data can be used.

A problem ends the program with one sentence on standard error, which names what is wrong and the
way out, and a non-zero exit status.
"""

import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from tpod_core import db, migrations
from tpod_core.config import (
    SECRETS_DIR_VARIABLE,
    Settings,
    forget_secrets,
    get_settings,
    variable_of,
)
from tpod_core.db_errors import sqlite_path, translated
from tpod_core.errors import CannotStart, StorageFull, TpodError
from tpod_core.log import setup_logging
from tpod_core.private_files import make_new_files_private, make_private
from tpod_core.queue import require_valid_url
from tpod_core.storage import full_disk_in, require_writable


def start_or_exit(*steps: Callable[[], None]) -> None:
    """Set up logging, check settings and data, and run ``steps``.

    Raises: SystemExit with a sentence if the settings, the data or one of the steps do not allow
    to start. Any other error of a step passes unchanged: it is our bug.
    """
    make_new_files_private()
    try:
        settings = _read_settings()
        forget_secrets()
        setup_logging(settings.log_level)
        _check(settings)
        for step in steps:
            step()
    except TpodError as error:
        _exit(error)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        found = full_disk_in(error) or translated(error)
        if found is None:
            raise
        _exit(found)


def upgrade_database() -> None:
    """Bring the configured database to the newest schema."""
    migrations.upgrade(db.engine())


def _exit(error: TpodError) -> NoReturn:
    sys.exit(f"TPOD does not start. {error.message}")


def _read_settings() -> Settings:
    secrets_dir = os.environ.get(SECRETS_DIR_VARIABLE)
    if secrets_dir and not os.access(secrets_dir, os.R_OK | os.X_OK):
        raise CannotStart(
            f"The directory {secrets_dir} cannot be read. Correct {SECRETS_DIR_VARIABLE}."
        )
    try:
        return get_settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = variable_of(str(first["loc"][0]))
        problem = first["msg"].removeprefix("Value error, ")
        raise CannotStart(f"{name} has no valid value: {problem}. Correct it.") from None


def _check(settings: Settings) -> None:
    if settings.redis_url:
        require_valid_url(settings.redis_url)
    _require_data_dir(settings)
    _require_usable_database(_make_engine(settings))
    _make_database_private(settings.data_dir)


def _require_data_dir(settings: Settings) -> None:
    root = settings.data_dir.absolute()
    try:
        root.mkdir(parents=True, exist_ok=True)
        require_writable(root)
        make_private(root)
    except StorageFull:
        raise CannotStart(
            f"The disk of the data directory {root} is full. Free some space, then start again."
        ) from None
    except OSError as error:
        raise CannotStart(
            f"The data directory {root} cannot be written ({error.strerror}). Make it writable "
            "for the user that runs TPOD, or set TPOD_DATA_DIR to another directory."
        ) from None


def _make_engine(settings: Settings) -> Engine:
    try:
        return db.engine()
    except (ArgumentError, ImportError):
        raise CannotStart(
            "TPOD_DATABASE_URL is not the URL of a database that this installation can use. "
            "Write it like postgresql+psycopg://user:password@host/name with that driver "
            "installed, or leave it out to use SQLite in the data directory."
        ) from None
    except OSError as error:
        raise CannotStart(
            f"The directory of the database {sqlite_path()} cannot be made ({error.strerror}). "
            "Create it, or correct TPOD_DATABASE_URL."
        ) from None


def _require_usable_database(engine: Engine) -> None:
    """Raises: CannotStart if it is unreachable, damaged, read-only or newer than this program."""
    try:
        migrations.require_known_schema(engine)
    except SQLAlchemyError as error:
        raise CannotStart(_database_sentence(error)) from None


def _make_database_private(data_dir: Path) -> None:
    """Hide a SQLite file outside the data directory, which hides those inside."""
    path = sqlite_path()
    if path and not path.absolute().is_relative_to(data_dir.absolute()):
        for suffix in ("", "-wal", "-shm"):
            make_private(path.with_name(path.name + suffix))


def _database_sentence(error: SQLAlchemyError) -> str:
    found, path = translated(error), sqlite_path()
    if found is not None and path is not None:
        return found.message
    return (
        "The database at TPOD_DATABASE_URL cannot be reached or refuses us. Correct the setting, "
        "or start the database first."
    )
