"""What is told of a dependency that does not do its part, and when it is taken back."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_queue import ListQueue
from tests.redis_server import wait_until
from tests.small_disk import SmallDisk, small_disk
from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.health import (
    HealthState,
    QueueWatch,
    check_dependencies,
    nearly_full_sentence,
    queue_watch,
)
from tpod_core.jobs import Reconciler, reconciler
from tpod_core.storage import get_storage


def found(name: str) -> tuple[HealthState, str]:
    [dependency] = [each for each in check_dependencies() if each.name == name]
    return dependency.state, dependency.message


def leave_free(monkeypatch: pytest.MonkeyPatch, size_bytes: int) -> None:
    monkeypatch.setenv("TPOD_MIN_FREE_BYTES", str(size_bytes))
    get_settings.cache_clear()


@pytest.fixture
def disk(home: Path) -> Iterator[SmallDisk]:
    with small_disk(home / "small") as disk:
        yield disk


def test_dependencies_are_the_database_the_queue_and_the_storage(queue: ListQueue) -> None:
    states = {each.name: each.state for each in check_dependencies()}
    assert states == dict.fromkeys(("database", "queue", "storage"), HealthState.OK)


def test_queue_that_is_away_leaves_the_other_two_well(queue: ListQueue) -> None:
    queue.away = True
    states = {each.name: each.state for each in check_dependencies()}
    assert states == {
        "database": HealthState.OK,
        "queue": HealthState.FAILED,
        "storage": HealthState.OK,
    }


def test_damaged_database_is_told_with_its_path(home: Path, queue: ListQueue) -> None:
    db.engine().dispose()
    (home / "tpod.sqlite3").write_bytes(b"no database " * 1000)
    state, sentence = found("database")
    assert state is HealthState.FAILED
    assert f"{home}/tpod.sqlite3 is damaged" in sentence


def test_read_only_data_directory_is_told(
    disk: SmallDisk, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_DATABASE_URL", get_settings().resolved_database_url)
    monkeypatch.setenv("TPOD_DATA_DIR", str(disk.path))
    get_settings.cache_clear()
    disk.make_read_only()
    state, sentence = found("storage")
    assert state is HealthState.FAILED
    assert "cannot be written (Read-only file system)" in sentence
    assert found("database")[0] is HealthState.OK


def test_full_disk_fails_the_storage_until_there_is_room(
    disk: SmallDisk, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_DATABASE_URL", get_settings().resolved_database_url)
    monkeypatch.setenv("TPOD_DATA_DIR", str(disk.path))
    get_settings.cache_clear()
    disk.fill_up()
    assert found("storage") == (
        HealthState.FAILED,
        "The disk is full. Delete videos or ask your administrator for space.",
    )
    disk.make_room()
    assert found("storage")[0] is HealthState.OK


def test_nearly_full_disk_is_told_until_there_is_room(
    queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_free(monkeypatch, 10**18)
    assert found("storage") == (HealthState.LOW, nearly_full_sentence())
    assert str(get_storage().root) in nearly_full_sentence()
    leave_free(monkeypatch, 1)
    assert nearly_full_sentence() == ""
    assert found("storage")[0] is HealthState.OK


def test_watch_reports_the_second_failure_in_a_row_and_takes_it_back(queue: ListQueue) -> None:
    watch = QueueWatch()
    queue.away = True
    watch.check()
    assert watch.message == ""
    watch.check()
    assert watch.message == "The job queue does not answer."
    queue.away = False
    watch.check()
    assert watch.message == ""


def test_reconciler_keeps_the_watch_of_its_process_up_to_date(
    queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "CHECK_QUEUE_EVERY_S", 0.0)
    queue.away = True
    with Reconciler(interval_s=0.01):
        wait_until(lambda: queue_watch.message == "The job queue does not answer.")
        queue.away = False
        wait_until(lambda: queue_watch.message == "")


def test_watch_logs_one_line_when_the_queue_fails_and_one_when_it_is_back(
    queue: ListQueue, caplog: pytest.LogCaptureFixture
) -> None:
    watch = QueueWatch()
    queue.away = True
    with caplog.at_level(logging.INFO, logger="tpod"):
        for _ in range(4):
            watch.check()
        queue.away = False
        watch.check()
    assert caplog.messages == [
        "The job queue does not answer.",
        "The job queue accepts jobs again.",
    ]
