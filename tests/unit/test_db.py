"""Transactions: all or nothing, side by side, and callbacks only after a commit."""

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlmodel import select, text

from tpod_core import db
from tpod_core.db import after_commit, database_now, read_session, transaction
from tpod_core.errors import Unavailable
from tpod_core.models import Label, ProcessLock, Track


def names() -> list[str]:
    with read_session() as session:
        return sorted(session.exec(select(Label.name)).all())


def test_transaction_that_raises_writes_nothing(home: Path) -> None:
    with pytest.raises(RuntimeError), transaction() as session:
        session.add(Label(name="cup", color="#ff0000"))
        session.flush()
        raise RuntimeError
    assert names() == []


def test_after_commit_runs_only_once_the_row_can_be_seen(home: Path) -> None:
    seen: list[list[str]] = []
    with transaction() as session:
        session.add(Label(name="cup", color="#ff0000"))
        after_commit(session, lambda: seen.append(names()))
        assert seen == []
    assert seen == [["cup"]]


def test_after_commit_is_forgotten_on_rollback(home: Path) -> None:
    called: list[int] = []
    with pytest.raises(RuntimeError), transaction() as session:
        after_commit(session, lambda: called.append(1))
        raise RuntimeError
    assert called == []


def test_twenty_writers_at_once_lose_no_update(home: Path) -> None:
    with transaction() as session:
        session.add(ProcessLock(name="counter", expires=0.0))

    def count_up() -> None:
        for _ in range(10):
            with transaction() as session:
                row = session.get_one(ProcessLock, "counter")
                row.expires += 1

    threads = [threading.Thread(target=count_up) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with read_session() as session:
        assert session.get_one(ProcessLock, "counter").expires == 200


def test_reader_is_not_blocked_by_an_open_writer(home: Path) -> None:
    with transaction() as session:
        session.add(Label(name="cup", color="#ff0000"))
        session.flush()
        assert names() == []


def test_foreign_keys_are_enforced(home: Path) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), transaction() as session:
        session.add(Track(video_id=999, label_id=999))


def test_database_now_counts_seconds_since_1970(home: Path) -> None:
    import time

    with read_session() as session:
        assert session.exec(select(database_now())).one() == pytest.approx(time.time(), abs=5)


def test_sixty_threads_read_at_once_beside_a_writer(home: Path) -> None:
    with transaction() as writer, ExitStack() as sessions:
        writer.scalar(text("SELECT 1"))  # the first statement takes the lock
        for _ in range(60):
            session = sessions.enter_context(read_session())
            assert session.scalar(text("SELECT 1")) == 1


def test_request_beyond_the_last_connection_is_told_to_try_again(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_POOL", {"pool_size": 1, "max_overflow": 0, "pool_timeout": 0.01})
    db.dispose()
    with transaction() as writer:
        writer.scalar(text("SELECT 1"))
        with pytest.raises(Unavailable), read_session() as session:
            session.scalar(text("SELECT 1"))
