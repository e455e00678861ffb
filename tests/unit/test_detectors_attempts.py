"""Runs of a training on disk: what one leaves for the next."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tpod_core.detectors.attempts import (
    Attempt,
    find_resumable,
    list_attempts,
    open_attempt,
    read_epochs,
    remove_attempts,
)
from tpod_core.detectors.scores import EpochRow

ROW = EpochRow(1, 2.5, {"box_loss": 1.5}, {"box_loss": 1.75}, 0.5, 0.25, 0.4, 0.2, 0.002)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "last.pt"
    path.write_bytes(b"weights")
    return path


def test_attempts_are_numbered_past_nine_in_order(tmp_path: Path) -> None:
    opened = [open_attempt(tmp_path).directory.name for _ in range(11)]
    assert opened[-1] == "attempt-11"
    assert [attempt.directory.name for attempt in list_attempts(tmp_path)] == opened


def test_only_the_newest_checkpoint_is_kept(tmp_path: Path, checkpoint: Path) -> None:
    attempt = open_attempt(tmp_path)
    for epochs_done in (9, 10):
        attempt.keep_checkpoint(checkpoint, epochs_done)
    [(done, path)] = attempt.checkpoints()
    assert done == 10
    assert path.read_bytes() == b"weights"


def test_half_written_checkpoint_is_none(tmp_path: Path) -> None:
    attempt = open_attempt(tmp_path)
    kept = attempt.directory / "kept"
    kept.mkdir()
    (kept / "epoch-3.part").write_bytes(b"wei")
    assert attempt.checkpoints() == []
    assert find_resumable(tmp_path) is None


def test_newest_attempt_with_something_to_go_on_from_is_resumed(
    tmp_path: Path, checkpoint: Path
) -> None:
    first, second, _ = (open_attempt(tmp_path) for _ in range(3))
    first.keep_checkpoint(checkpoint, 5)
    second.keep_checkpoint(checkpoint, 7)
    assert find_resumable(tmp_path) == second


def test_ended_training_is_resumed_without_a_checkpoint(tmp_path: Path, checkpoint: Path) -> None:
    attempt = open_attempt(tmp_path)
    checkpoint.replace(attempt.trained)
    assert find_resumable(tmp_path) == attempt


def test_next_attempt_takes_rows_up_to_the_checkpoint(tmp_path: Path, checkpoint: Path) -> None:
    earlier, later = open_attempt(tmp_path), open_attempt(tmp_path)
    for epoch in (1, 2, 3):
        earlier.append_epoch(replace(ROW, epoch=epoch))
    earlier.keep_best(checkpoint)
    later.continue_from(earlier, epochs_done=2)
    assert [row.epoch for row in later.epochs()] == [1, 2]
    assert later.best.read_bytes() == b"weights"


def test_row_that_is_being_written_is_left_out(tmp_path: Path) -> None:
    attempt = open_attempt(tmp_path)
    attempt.append_epoch(ROW)
    with attempt.epochs_file.open("a") as file:
        file.write(json.dumps(asdict(replace(ROW, epoch=2)))[:20])
    assert attempt.epochs() == [ROW]


def test_removed_attempts_leave_their_rows(tmp_path: Path, checkpoint: Path) -> None:
    attempt = open_attempt(tmp_path)
    attempt.append_epoch(ROW)
    attempt.keep_checkpoint(checkpoint, 1)
    remove_attempts(tmp_path)
    assert list_attempts(tmp_path) == []
    assert read_epochs(tmp_path) == [ROW]


def test_detector_without_a_run_has_no_rows(tmp_path: Path) -> None:
    assert Attempt(tmp_path / "attempt-1").epochs() == []
