"""What the database cannot do is told with its reason: a full disk, a damaged file, no write."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import text

from tests.small_disk import SmallDisk, small_disk
from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.db import after_commit, execute_if_free, read_session, transaction
from tpod_core.errors import StorageFull, Unavailable
from tpod_core.migrations import upgrade
from tpod_core.models import Label, ProcessLock


def add_labels(number: int, size: int = 100) -> None:
    with transaction() as session:
        session.add_all(Label(name=f"{number}-{n}-{'x' * size}", color="#ff0000") for n in range(9))


def add_labels_until_refused() -> None:
    for number in range(2000):
        add_labels(number)


@pytest.fixture
def disk(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallDisk]:
    """A disk of its own for a migrated database."""
    with small_disk(home / "small") as disk:
        monkeypatch.setenv("TPOD_DATABASE_URL", f"sqlite:///{disk.path}/tpod.sqlite3")
        get_settings.cache_clear()
        db.dispose()
        upgrade(db.engine())
        yield disk
        db.engine().dispose()


def test_database_at_its_greatest_size_is_a_full_disk_until_there_is_room(home: Path) -> None:
    db.engine().dispose()
    with db.engine().connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageFull, match="Delete videos"):
        add_labels_until_refused()
    db.engine().dispose()  # the greatest size is that of a connection
    add_labels(5000)


def test_full_disk_refuses_writes_with_the_reason_and_ends_when_there_is_room(
    disk: SmallDisk,
) -> None:
    add_labels(1)
    disk.fill_up()
    with pytest.raises(StorageFull):
        add_labels_until_refused()
    with read_session() as session:
        assert session.scalar(text("SELECT count(*) FROM labels")) >= 9
    disk.make_room()
    add_labels(5000)


def test_new_process_on_a_full_disk_is_told_that_it_is_full(disk: SmallDisk) -> None:
    db.engine().dispose()
    disk.fill_up()
    with pytest.raises(StorageFull):
        add_labels(1, size=4000)


def test_read_only_database_is_named_as_such(disk: SmallDisk) -> None:
    db.engine().dispose()
    disk.make_read_only()
    with pytest.raises(Unavailable, match=f"{disk.path}/tpod.sqlite3 is read-only"):
        add_labels(1)


@pytest.mark.parametrize("write", [True, False], ids=["write", "read"])
def test_damaged_database_is_named_with_the_way_out(home: Path, write: bool) -> None:
    damage(home)
    with pytest.raises(Unavailable, match=r"tpod\.sqlite3 is damaged.*backup"):
        if write:
            add_labels(1)
        else:
            with read_session() as session:
                session.execute(text("SELECT * FROM labels"))


def test_statement_that_may_be_left_out_also_names_a_damaged_database(home: Path) -> None:
    damage(home)
    with pytest.raises(Unavailable, match="is damaged"):
        execute_if_free(text("DELETE FROM labels"))


def damage(home: Path) -> None:
    """Overwrite all but the first page."""
    path = home / "tpod.sqlite3"
    db.engine().dispose()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\x05" * (path.stat().st_size - 4096))


def test_broken_constraint_is_no_failure_of_the_database(home: Path) -> None:
    add_lock()
    with pytest.raises(IntegrityError):
        add_lock()


def add_lock() -> None:
    with transaction() as session:
        session.add(ProcessLock(name="twice"))


@pytest.mark.parametrize(
    "error", [Unavailable("Redis is away."), OSError(30, "Read-only file system")], ids=repr
)
def test_failure_after_a_commit_is_not_told_and_stops_no_other_callback(
    home: Path, error: Exception
) -> None:
    called: list[int] = []

    def fail() -> None:
        raise error

    with transaction() as session:
        after_commit(session, fail)
        after_commit(session, lambda: called.append(1))
    assert called == [1]
