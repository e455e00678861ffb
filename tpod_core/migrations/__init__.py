"""Bring a database to the newest schema, at start and without questions.

A new database is made by the same migrations as an old one, so there is one way to a
schema. Before an existing SQLite database is changed, its file is copied aside.
"""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from tpod_core import __version__
from tpod_core.errors import CannotStart
from tpod_core.log import get_logger

_log = get_logger(__name__)
_POSTGRESQL_LOCK = 0x7F0D


def upgrade(engine: Engine) -> None:
    """Run every pending migration; several processes may start at once, one migrates.

    Raises: CannotStart if the database is newer than this program knows.
    """
    with _one_at_a_time(engine):
        current, newest = revisions(engine)
        if current == newest:
            return
        if current is not None:
            _refuse_a_newer_schema(engine, current)
            _copy_aside(engine, current)
        with engine.begin() as connection:
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        _log.info("database schema is now %s (was %s)", newest, current or "empty")


def require_known_schema(engine: Engine) -> None:
    """Raises: CannotStart if the database is newer than this program knows."""
    current, _ = revisions(engine)
    if current is not None:
        _refuse_a_newer_schema(engine, current)


def revisions(engine: Engine) -> tuple[str | None, str | None]:
    """The schema revision of the database, and the newest one known."""
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current, ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def _refuse_a_newer_schema(engine: Engine, current: str) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current not in known:
        place = _sqlite_file(engine) or "at TPOD_DATABASE_URL"
        raise CannotStart(
            f"The database {place} has schema {current}, which TPOD {__version__} does not know. "
            "Start the newer TPOD that wrote it, or restore the copy from before its upgrade."
        )


def _sqlite_file(engine: Engine) -> Path | None:
    name = engine.url.database
    return Path(name) if engine.dialect.name == "sqlite" and name else None


def _copy_aside(engine: Engine, current: str) -> None:
    source = _sqlite_file(engine)
    if source is None:
        return
    copy = source.with_name(f"{source.stem}.before-{current}{source.suffix}")
    # The backup interface also copies what still sits in the write-ahead log.
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(copy)) as new:
        old.backup(new)
    _log.info("copied the database to %s before its upgrade", copy)


@contextmanager
def _one_at_a_time(engine: Engine) -> Iterator[None]:
    source = _sqlite_file(engine)
    if source is not None:
        with source.with_name(f"{source.name}.migrating").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _POSTGRESQL_LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _POSTGRESQL_LOCK})
