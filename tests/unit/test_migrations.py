"""Migrations make exactly the tables that ``models`` describes, and keep a copy first."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlmodel import Session, SQLModel, select

from tpod_core import migrations
from tpod_core.db import make_engine
from tpod_core.migrations import revisions, upgrade
from tpod_core.models import AuthSession, Keyframe, Track, Video

NOW = "2026-01-01 00:00:00"
FIRST_RELEASE_ROWS = (
    "INSERT INTO users (id, username, username_key, password_hash, role, active, created_at)"
    f" VALUES (1, 'ann', 'ann', 'x', 'admin', 1, '{NOW}')",
    "INSERT INTO videos (id, owner_id, name, state, message, filename, size_bytes, sha256, width,"
    " height, fps, frame_count, duration_s, codec, warnings, source_key, playback_key, revision,"
    " created_at) VALUES (1, 1, 'Kitchen', 'ready', '', 'k.mp4', 1, 'x', 640, 360, 10, 100, 10,"
    f" 'h264', '[]', 'k', 'k', 7, '{NOW}')",
    f"INSERT INTO labels (id, name, color, created_at) VALUES (1, 'cup', '#ff0000', '{NOW}')",
    f"INSERT INTO tracks (id, video_id, label_id, created_at) VALUES (1, 1, 1, '{NOW}')",
    *(
        "INSERT INTO keyframes (video_id, track_id, frame_index, x1, y1, x2, y2, outside, occluded,"
        f" source, created_at) VALUES (1, 1, {frame}, 1, 2, 30, 40, 0, 0, 'manual', '{NOW}')"
        for frame in (3, 9)
    ),
    "INSERT INTO sign_ins (user_id, token_hash, created_at, expires_at)"
    f" VALUES (1, 'hash', '{NOW}', '{NOW}')",
)
"""A labelled video and a browser's session as the first release stored them."""


def upgrade_to(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


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


def test_upgrade_from_the_first_release_keeps_every_row(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/old.sqlite3")
    upgrade_to(engine, "0001")
    with engine.begin() as connection:
        for statement in FIRST_RELEASE_ROWS:
            connection.execute(text(statement))
    upgrade(engine)
    with Session(engine) as session:
        (video,) = session.exec(select(Video)).all()
        (track,) = session.exec(select(Track)).all()
        frames = session.exec(select(Keyframe.frame_index)).all()
        (signed_in,) = session.exec(select(AuthSession)).all()
    assert (video.name, video.revision, video.held_out) == ("Kitchen", 7, False)
    assert (track.proposed, track.score, track.linear) == (False, None, False)
    assert frames == [3, 9]
    assert (signed_in.user_id, signed_in.token_hash) == (1, "hash")


def test_every_foreign_key_has_an_index(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/new.sqlite3")
    upgrade(engine)
    seen = inspect(engine)
    for table in seen.get_table_names():
        leading = {tuple(index["column_names"])[:1] for index in seen.get_indexes(table)}
        for key in seen.get_foreign_keys(table):
            assert tuple(key["constrained_columns"]) in leading, f"{table}: {key}"
