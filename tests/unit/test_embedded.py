"""The parts of the supervisor, one by one; ``tests/faults`` has them together."""

import asyncio
import errno
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from tests.faults.house import still_runs
from tpod_core.config import get_settings
from tpod_core.embedded import embedded_services, lifespan
from tpod_core.embedded import supervisor as supervisor_module
from tpod_core.embedded.app_registry import Registration, WorkerSpec, read_registry, worker_spec
from tpod_core.embedded.child import Child, Command
from tpod_core.embedded.lifespan import SupervisorWatch
from tpod_core.embedded.locks import is_locked
from tpod_core.embedded.paths import apps_dir, find_socket, publish_socket, withdraw_socket
from tpod_core.embedded.supervisor import Supervisor

ORDER = WorkerSpec(queues=("default", "low", "low"), environment={"TPOD_A": "1"}, code="one")
SLEEP = Command((sys.executable, "-c", "import time; time.sleep(60)"))
END_AT_ONCE = Command((sys.executable, "-c", ""))


def wait_until(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_socket_path_is_short_however_deep_the_data_lies(tmp_path: Path) -> None:
    socket = publish_socket(tmp_path / ("deep" * 20) / ("er" * 40))
    try:
        assert len(str(socket)) < 100
        assert socket.parent.stat().st_mode & 0o777 == 0o700
    finally:
        socket.parent.rmdir()


def test_socket_path_stays_the_same_from_start_to_start(tmp_path: Path) -> None:
    first = publish_socket(tmp_path)
    assert publish_socket(tmp_path) == first == find_socket(tmp_path)
    withdraw_socket(tmp_path)
    assert find_socket(tmp_path) is None
    assert not first.parent.exists()


def test_directory_that_others_may_enter_is_not_used_for_the_socket(tmp_path: Path) -> None:
    first = publish_socket(tmp_path)
    first.parent.chmod(0o755)
    second = publish_socket(tmp_path)
    assert second.parent != first.parent
    first.parent.rmdir()
    withdraw_socket(tmp_path)


def test_registered_app_is_seen_with_its_order_until_it_leaves(tmp_path: Path) -> None:
    registration = Registration(tmp_path, ORDER)
    assert read_registry(tmp_path).workers == ORDER
    registration.close()
    assert read_registry(tmp_path).workers is None
    assert list(apps_dir(tmp_path).iterdir()) == []


def test_killed_app_has_left(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time\n"
        "from tpod_core.embedded.app_registry import Registration, WorkerSpec\n"
        "registration = Registration(pathlib.Path(sys.argv[1]), WorkerSpec(('low',)))\n"
        "time.sleep(60)"
    )
    app = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    wait_until(lambda: read_registry(tmp_path).workers is not None)
    app.kill()
    app.wait()
    registry = read_registry(tmp_path)
    assert (registry.workers, registry.shutdown_requested) == (None, False)


def test_interrupted_app_asks_for_the_end_once(tmp_path: Path) -> None:
    registration = Registration(tmp_path, ORDER)
    registration.request_shutdown()
    registration.request_shutdown()
    assert read_registry(tmp_path).shutdown_requested
    registration.close()
    assert read_registry(tmp_path).shutdown_requested, "however soon it has ended"
    assert not read_registry(tmp_path).shutdown_requested


def test_newest_of_two_apps_decides(tmp_path: Path) -> None:
    old = Registration(tmp_path, ORDER)
    wait_until(lambda: time.time() > next(apps_dir(tmp_path).iterdir()).stat().st_mtime + 0.02)
    newer = WorkerSpec(queues=("low",), code="two")
    new = Registration(tmp_path, newer)
    assert read_registry(tmp_path).workers == newer
    old.close()
    new.close()


def test_work_order_keeps_the_first_administrators_password_to_the_app(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_ADMIN_PASSWORD", "secret")
    monkeypatch.setenv("TPOD_LOW_WORKERS", "2")
    get_settings.cache_clear()
    order = worker_spec(get_settings())
    assert order.queues == (*["default"] * 3, "background", "low", "low")
    assert order.environment["TPOD_DATA_DIR"] == str(home)
    assert "secret" not in order.environment.values()


def test_lock_of_a_file_that_is_not_there_is_free(tmp_path: Path) -> None:
    assert not is_locked(tmp_path / "nothing")


def test_child_that_dies_is_started_again() -> None:
    child = Child("sleeper")
    child.keep_running(SLEEP)
    child.signal(signal.SIGKILL)
    wait_until(lambda: not child.is_running)

    def runs_again() -> bool:
        child.keep_running(SLEEP)
        return child.is_running

    wait_until(runs_again)
    assert child.early_deaths == 1
    child.kill_with_descendants()


def test_child_that_keeps_dying_rests_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("tpod_core.embedded.child.time.monotonic", lambda: now)
    child = Child("short-lived")
    starts: list[float] = []

    def note_start(*arguments: object, **options: object) -> object:
        starts.append(now)
        raise OSError("no such program")

    monkeypatch.setattr("tpod_core.embedded.child.subprocess.Popen", note_start)
    for _ in range(80):
        child.keep_running(END_AT_ONCE)
        now += 0.25
    pauses = [later - sooner for sooner, later in pairwise(starts)]
    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0]


def test_child_with_a_new_command_finishes_and_starts_anew() -> None:
    child = Child("sleeper")
    child.keep_running(SLEEP)
    upgraded = Command(SLEEP.arguments, version="two")

    def runs_anew() -> bool:
        child.keep_running(upgraded)
        return child.is_running and child.command == upgraded

    wait_until(runs_anew)
    assert child.early_deaths == 0, "it was asked to leave"
    child.kill_with_descendants()


def test_killing_a_child_spares_none_of_its_own(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = (
        "import pathlib, subprocess, sys, time\n"
        "own = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(note)!r}).write_text(str(own.pid))\n"
        "time.sleep(60)"
    )
    child = Child("parent")
    child.keep_running(Command((sys.executable, "-c", program)))
    wait_until(lambda: note.exists() and note.read_text() != "")
    own = psutil.Process(int(note.read_text()))
    child.kill_with_descendants()
    wait_until(lambda: not still_runs(own))


def test_server_data_that_cannot_be_read_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "redis" / "appendonlydir"
    broken.mkdir(parents=True)
    (broken / "appendonly.aof.manifest").write_text("this is no manifest\n")
    registration = Registration(tmp_path, WorkerSpec(queues=()))
    supervisor = Supervisor(tmp_path)

    def is_up() -> bool:
        supervisor.tick()
        return supervisor.server_is_up

    wait_until(is_up)
    registration.close()
    supervisor.shut_down()
    assert (tmp_path / "redis.unreadable" / "appendonlydir").exists()


def test_redis_url_in_the_settings_means_that_nothing_is_embedded(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_REDIS_URL", "redis://elsewhere:6379/0")
    monkeypatch.setenv("TPOD_SECRETS_DIR", "")  # has it restored after the test
    get_settings.cache_clear()

    async def live() -> bool:
        async with embedded_services():
            return (home / "run" / "apps").exists()

    assert not asyncio.run(live())


def test_supervisor_without_an_app_ends_after_its_grace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module.signal, "signal", lambda number, handler: None)
    started_at = time.monotonic()
    Supervisor(tmp_path, grace_s=0.5).run()
    assert 0.5 <= time.monotonic() - started_at < 30
    assert find_socket(tmp_path) is None


def test_watch_that_rests_starts_no_supervisor_in_the_place_of_one_that_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def start(data_dir: Path) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["sleep", "60"]))
        return started[-1]

    monkeypatch.setattr(lifespan, "start_supervisor", start)
    monkeypatch.setattr(lifespan, "_WATCH_INTERVAL_S", 0.01)
    watch = SupervisorWatch(tmp_path)
    watch.start()
    wait_until(lambda: len(started) == 1)
    end(started[0])
    wait_until(lambda: len(started) == 2)
    watch.request_stop()
    assert watch.runs_supervisor
    end(started[1])
    watch.stop()
    assert len(started) == 2
    assert not watch.runs_supervisor


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def test_watch_tries_again_where_the_disk_let_no_supervisor_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Path] = []

    def fail(data_dir: Path) -> subprocess.Popen[bytes]:
        tries.append(data_dir)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lifespan, "start_supervisor", fail)
    monkeypatch.setattr(lifespan, "_WATCH_INTERVAL_S", 0.01)
    watch = SupervisorWatch(tmp_path)
    watch.start()
    wait_until(lambda: len(tries) > 1)
    watch.stop()
