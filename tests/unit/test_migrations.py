"""Migrations make exactly the tables that ``models`` describes, and keep a copy first."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from tpod_core.db import make_engine
from tpod_core.migrations import revisions, upgrade


def test_migrated_database_is_what_the_models_say(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/new.sqlite3")
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_upgrade_twice_changes_nothing(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/new.sqlite3")
    upgrade(engine)
    before = sorted(p.name for p in tmp_path.iterdir())
    upgrade(engine)
    assert sorted(p.name for p in tmp_path.iterdir()) == before
    current, newest = revisions(engine)
    assert current == newest


def test_upgrade_copies_an_older_database_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/old.sqlite3")
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO process_locks VALUES ('kept', 'me', 0)"))
    # As if a newer program had just been installed.
    monkeypatch.setattr("tpod_core.migrations.revisions", lambda engine: ("0001", "9999"))
    upgrade(engine)
    with closing(sqlite3.connect(tmp_path / "old.before-0001.sqlite3")) as copy:
        assert copy.execute("SELECT name FROM process_locks").fetchall() == [("kept",)]


def test_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/newer.sqlite3")
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'f00d'"))
    with pytest.raises(RuntimeError, match="does not know"):
        upgrade(engine)


def test_every_foreign_key_has_an_index(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/new.sqlite3")
    upgrade(engine)
    seen = inspect(engine)
    for table in seen.get_table_names():
        leading = {tuple(index["column_names"])[:1] for index in seen.get_indexes(table)}
        for key in seen.get_foreign_keys(table):
            assert tuple(key["constrained_columns"]) in leading, f"{table}: {key}"
