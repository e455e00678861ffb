"""TensorBoard over a training's curves: one process, started on demand, never left behind."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.detectors import row_of
from tests.faults.house import still_runs
from tests.live import REPO
from tpod_core.errors import Unavailable
from tpod_core.tensorboard import TensorBoards, pool
from tpod_core.training.events import EventLog


def wait_until(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def write_rows(directory: Path, *epochs: int) -> None:
    log = EventLog(directory)
    for epoch in epochs:
        log.add(row_of(epoch))
    log.close()


def curve(directory: Path, tag: str) -> list[tuple[int, float]]:
    events = EventAccumulator(str(directory / "training"))
    events.Reload()
    return [(event.step, round(event.value, 4)) for event in events.Scalars(tag)]


@pytest.fixture
def boards() -> Iterator[TensorBoards]:
    made = TensorBoards()
    yield made
    made.close()


def test_rows_become_curves(tmp_path: Path) -> None:
    write_rows(tmp_path, 1, 2)
    assert curve(tmp_path, "score/mAP50") == [(1, 0.1), (2, 0.2)]
    assert curve(tmp_path, "loss/train/box_loss") == [(1, 1.0), (2, 0.5)]


def test_row_can_be_read_before_the_training_ends(tmp_path: Path) -> None:
    log = EventLog(tmp_path)
    log.add(row_of(1))
    assert curve(tmp_path, "score/mAP50-95") == [(1, 0.05)]
    log.close()


def test_resumed_training_draws_on_without_a_double(tmp_path: Path) -> None:
    write_rows(tmp_path, 1, 2, 3)
    [first] = (tmp_path / "training").iterdir()
    first.rename(first.parent / "events.out.tfevents.0.earlier")  # of an earlier second
    write_rows(tmp_path, 3, 4)
    assert curve(tmp_path, "score/mAP50") == [(1, 0.1), (2, 0.2), (3, 0.3), (4, 0.4)]


@pytest.mark.slow
def test_one_process_answers_two_requests_with_what_was_written(
    boards: TensorBoards, tmp_path: Path
) -> None:
    write_rows(tmp_path, 1, 2)
    address = boards.open(tmp_path)
    assert boards.open(tmp_path) == address
    assert boards.count() == 1

    def tags() -> Any:
        return httpx.get(f"{address.url}data/plugin/scalars/tags").raise_for_status().json()

    wait_until(lambda: "score/mAP50" in tags().get("training", {}))
    outside = httpx.get(address.url.rpartition("/")[0].rpartition("/")[0] + "/data/runs")
    assert outside.status_code == 404, "the path is the key for other accounts of the host"
    [child] = [each for each in psutil.Process().children() if str(tmp_path) in each.cmdline()]
    prefix = urlsplit(address.url).path.strip("/")
    assert len(prefix) > 20
    assert prefix not in " ".join(child.cmdline()) + str(child.environ())


@pytest.mark.slow
def test_idle_process_is_ended_and_started_again(tmp_path: Path) -> None:
    boards = TensorBoards(idle_s=0.5)
    first = boards.open(tmp_path)
    wait_until(lambda: boards.count() == 0)
    assert boards.open(tmp_path) != first
    boards.close()
    assert boards.count() == 0


class Sleeper:
    """A process that says its port and waits: the pool's own part, without TensorBoard."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.program = "import sys; print(6006, flush=True); sys.stdin.read()"
        popen = subprocess.Popen

        def start(command: Any, **options: Any) -> subprocess.Popen[bytes]:
            return popen((sys.executable, "-c", self.program), **options)

        monkeypatch.setattr(pool.subprocess, "Popen", start)


@pytest.fixture
def sleeper(monkeypatch: pytest.MonkeyPatch) -> Sleeper:
    return Sleeper(monkeypatch)


def test_oldest_gives_way_to_a_new_one(sleeper: Sleeper, tmp_path: Path) -> None:
    boards = TensorBoards(max_running=2)
    first, second = boards.open(tmp_path / "1"), boards.open(tmp_path / "2")
    boards.open(tmp_path / "1")  # used again: the second is now the oldest
    boards.open(tmp_path / "3")
    assert boards.count() == 2
    assert boards.open(tmp_path / "1") == first
    assert boards.open(tmp_path / "2") != second
    boards.close()


def test_dead_process_is_replaced(sleeper: Sleeper, tmp_path: Path) -> None:
    boards = TensorBoards()
    boards.open(tmp_path)
    [child] = [each for each in psutil.Process().children() if sleeper.program in each.cmdline()]
    child.kill()
    child.wait()
    boards.open(tmp_path)
    assert boards.count() == 1
    boards.close()


def test_process_that_does_not_start_is_a_sentence(sleeper: Sleeper, tmp_path: Path) -> None:
    sleeper.program = "raise SystemExit(1)"
    boards = TensorBoards()
    with pytest.raises(Unavailable, match="does not start"):
        boards.open(tmp_path)
    assert boards.count() == 0


def test_process_that_says_nothing_is_given_up(
    sleeper: Sleeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_START_TIMEOUT_S", 0.2)
    sleeper.program = "import sys; sys.stdin.read()"
    with pytest.raises(Unavailable):
        TensorBoards().open(tmp_path)


@pytest.mark.slow
def test_killed_app_leaves_no_process(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time\n"
        "from tpod_core.tensorboard import TensorBoards\n"
        "boards = TensorBoards()\n"
        "boards.open(pathlib.Path(sys.argv[1]))\n"
        "print('open', flush=True)\n"
        "time.sleep(60)"
    )
    app = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=REPO,
        env=os.environ | {"PYTHONPATH": str(REPO)},
        stdout=subprocess.PIPE,
    )
    assert app.stdout is not None
    assert app.stdout.readline() == b"open\n"
    [child] = psutil.Process(app.pid).children()
    app.kill()
    app.communicate()
    wait_until(lambda: not still_runs(child))
