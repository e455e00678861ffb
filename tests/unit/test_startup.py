"""What does not let TPOD start is told in one sentence, with a status and without a traceback."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import text

from tests.live import free_port
from tests.small_disk import SmallDisk, small_disk
from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.db import transaction
from tpod_core.errors import InvalidInput
from tpod_core.startup import start_or_exit, upgrade_database

REPO = Path(__file__).resolve().parents[2]
EXIT_DEADLINE_S = 60


def refusal(monkeypatch: pytest.MonkeyPatch, **settings: str) -> str:
    """The sentence with which a start under ``settings`` is refused."""
    with monkeypatch.context() as patch, pytest.raises(SystemExit) as exit_:
        for name, value in settings.items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        db.dispose()
        start_or_exit(upgrade_database)
    get_settings.cache_clear()
    db.engine.cache_clear()
    assert isinstance(exit_.value.code, str), "a text is what makes the status 1"
    return exit_.value.code


@pytest.fixture
def disk(home: Path) -> Iterator[SmallDisk]:
    with small_disk(home / "small") as disk:
        yield disk


def test_usable_settings_and_data_start(home: Path) -> None:
    start_or_exit(upgrade_database)


@pytest.mark.parametrize(
    "url",
    [
        "nonsense://host",
        "host:6379",
        "redis://host:port",
        "redis://host:99999999",
        "redis://:s3cret/part@host:6379",
        "redis://[::1",
        "redis://host?socket_timeout=s3cret",
        "redis://a..b:6379",
    ],
)
def test_redis_url_that_cannot_be_parsed_names_the_setting_but_not_the_password(
    home: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    sentence = refusal(monkeypatch, TPOD_REDIS_URL=url)
    assert "TPOD_REDIS_URL is not the URL of a Redis server" in sentence
    assert "s3cret" not in sentence


@pytest.mark.parametrize(
    "url", ["redis://host", "rediss://:pw@host:6380/1", "unix:///run/redis.sock?db=2"]
)
def test_redis_that_may_be_away_does_not_hinder_the_start(
    home: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("TPOD_REDIS_URL", url)
    get_settings.cache_clear()
    start_or_exit()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TPOD_SESSION_DAYS", "soon"),
        ("TPOD_LOG_LEVEL", "loud"),
        ("TPOD_MAX_UPLOAD_BYTES", "-1"),
        ("TPOD_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.300"),
        ("TPOD_TRUSTED_PROXIES", "10.1.2.3/8"),
        ("TPOD_TRUSTED_PROXIES", "*"),
    ],
)
def test_setting_without_a_valid_value_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert f"{name} has no valid value" in refusal(monkeypatch, **{name: value})


@pytest.mark.parametrize(
    "url", ["nonsense", "nosuch://host/db", "postgresql+nosuch://ann:s3cret@host/db"]
)
def test_database_url_that_cannot_be_used_names_the_setting_but_not_the_password(
    home: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    sentence = refusal(monkeypatch, TPOD_DATABASE_URL=url)
    assert "TPOD_DATABASE_URL is not the URL of a database" in sentence
    assert "s3cret" not in sentence


def test_data_directory_that_cannot_be_made_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "file").touch()
    sentence = refusal(monkeypatch, TPOD_DATA_DIR=f"{home}/file/below")
    assert f"The data directory {home}/file/below cannot be written (Not a directory)" in sentence


def test_read_only_data_directory_is_named(
    home: Path, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.make_read_only()
    sentence = refusal(monkeypatch, TPOD_DATA_DIR=str(disk.path))
    assert f"{disk.path} cannot be written (Read-only file system)" in sentence
    assert "TPOD_DATA_DIR" in sentence


def test_full_disk_asks_for_space(
    home: Path, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.fill_up()
    sentence = refusal(monkeypatch, TPOD_DATA_DIR=str(disk.path))
    assert f"The disk of the data directory {disk.path} is full. Free some space" in sentence


def test_disk_that_is_full_before_the_tables_are_made_asks_for_space(
    home: Path, disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (disk.path / "other").write_bytes(bytes(900_000))
    assert "The disk is full" in refusal(monkeypatch, TPOD_DATA_DIR=str(disk.path))


def test_file_that_is_no_database_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "tpod.sqlite3").write_bytes(b"no database " * 1000)
    assert f"The database {home}/tpod.sqlite3 is damaged" in refusal(monkeypatch)


def test_newer_schema_is_refused_with_both_ways_out(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_schema_newer()
    sentence = refusal(monkeypatch)
    assert f"The database {home}/tpod.sqlite3 has schema of_tomorrow" in sentence
    assert "newer TPOD" in sentence and "restore the copy" in sentence


def make_schema_newer() -> None:
    with transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'of_tomorrow'"))
    db.engine().dispose()


def test_step_that_refuses_a_setting_ends_the_start(home: Path) -> None:
    def refuse() -> None:
        raise InvalidInput("The password is too short.")

    with pytest.raises(SystemExit, match="The password is too short"):
        start_or_exit(refuse)


def test_bug_in_a_step_keeps_its_traceback(home: Path) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        start_or_exit(fail)


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(("-m", "tpod_core", "run", "--port"), id="tpod run"),
        pytest.param(("-m", "streamlit", "run", "app.py", "--server.port"), id="streamlit"),
        pytest.param(("-m", "workers.main", "default"), id="worker"),
    ],
)
def test_program_ends_with_the_sentence_alone_and_a_status(
    home: Path, program: tuple[str, ...]
) -> None:
    make_schema_newer()
    port = (str(free_port()),) if program[-1].endswith("port") else ()
    ended = subprocess.run(
        [sys.executable, *program, *port],
        cwd=REPO,
        env=os.environ | {"STREAMLIT_SERVER_HEADLESS": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=EXIT_DEADLINE_S,
    )
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("TPOD does not start. The database")
    assert "Traceback" not in ended.stdout + ended.stderr
