"""The checkpoint that was used last is not read again."""

import os
from pathlib import Path

import pytest

from tpod_core.training.loaded import keep_last_loaded


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "trained.pt"
    path.write_bytes(b"weights")
    return path


def test_checkpoint_is_loaded_once_until_its_file_changes(checkpoint: Path) -> None:
    loaded: list[Path] = []
    load = keep_last_loaded(loaded.append)
    load(checkpoint)
    load(checkpoint)
    assert loaded == [checkpoint]
    os.utime(checkpoint, ns=(1, 1))
    load(checkpoint)
    assert loaded == [checkpoint, checkpoint]


def test_only_one_checkpoint_stays_loaded(checkpoint: Path) -> None:
    loaded: list[Path] = []
    load = keep_last_loaded(loaded.append)
    other = checkpoint.with_name("other.pt")  # is gone: to say so is left to what loads
    for path in (checkpoint, other, checkpoint):
        load(path)
    assert loaded == [checkpoint, other, checkpoint]
