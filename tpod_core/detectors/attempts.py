"""The directory of one training attempt, and how a later attempt resumes from it.

Every attempt writes into a directory of its own (``detectors/<id>/attempt-<n>``), so an attempt
that lost its lease without noticing cannot damage another. Checkpoints appear by rename: the
trainer's own file may be half written when the machine stops.
"""

import json
import os
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from tpod_core.detectors.scores import EpochRow

EPOCHS_FILE = "epochs.jsonl"
TRAINING_SHARE = 0.95
"""Share of a detector's whole progress; the rest is scoring and exporting."""

_CHECKPOINT = re.compile(r"epoch-(\d+)\.pt")


@dataclass(frozen=True)
class Attempt:
    """The directory of one attempt."""

    directory: Path

    @property
    def trained(self) -> Path:
        """The best model; exists once the training has ended."""
        return self.directory / "trained.pt"

    @property
    def best(self) -> Path:
        """The best model so far."""
        return self.directory / "kept" / "best.pt"

    @property
    def run_directory(self) -> Path:
        """The trainer's own files."""
        return self.directory / "run"

    @property
    def epochs_file(self) -> Path:
        return self.directory / EPOCHS_FILE

    def checkpoints(self) -> list[tuple[int, Path]]:
        """Returns (epochs done, file) of every kept checkpoint, oldest first."""
        found = (
            (_CHECKPOINT.fullmatch(path.name), path) for path in self.directory.glob("kept/*.pt")
        )
        return sorted((int(match[1]), path) for match, path in found if match)

    def keep_checkpoint(self, source: Path, epochs_done: int, *, move: bool = False) -> None:
        """Keep ``source`` as the state after ``epochs_done`` epochs and delete older checkpoints.

        ``move`` avoids a copy where the trainer no longer needs its file.
        """
        older = self.checkpoints()
        store = _move_atomically if move else _copy_atomically
        store(source, self.directory / "kept" / f"epoch-{epochs_done}.pt")
        for _, path in older:
            path.unlink(missing_ok=True)

    def keep_best(self, source: Path, *, move: bool = False) -> None:
        store = _move_atomically if move else _copy_atomically
        store(source, self.best)

    @property
    def epochs_done(self) -> int:
        """The number of epochs after which another attempt resumes; all if the training ended."""
        if self.trained.exists():
            return max((row.epoch for row in self.epochs()), default=0)
        return max((epochs_done for epochs_done, _ in self.checkpoints()), default=0)

    def append_epoch(self, *rows: EpochRow) -> None:
        with self.epochs_file.open("a") as file:
            file.write("".join(json.dumps(asdict(row)) + "\n" for row in rows))

    def epochs(self) -> list[EpochRow]:
        return read_epochs(self.directory)

    def continue_from(self, earlier: "Attempt", epochs_done: int) -> None:
        """Copy the rows of the first ``epochs_done`` epochs and the best model of ``earlier``."""
        self.append_epoch(*(row for row in earlier.epochs() if row.epoch <= epochs_done))
        if earlier.best.exists():
            self.keep_best(earlier.best)

    def go_on_from(self, earlier: "Attempt") -> None:
        """Copy the newest checkpoint of ``earlier``, its best model and the rows up to there."""
        epochs_done, checkpoint = earlier.checkpoints()[-1]
        self.continue_from(earlier, epochs_done)
        self.keep_checkpoint(checkpoint, epochs_done)

    def take_over(self, ended: "Attempt") -> None:
        """Copy the model and every row of an attempt that had ended its training."""
        self.continue_from(ended, ended.epochs_done)
        _copy_atomically(ended.trained, self.trained)


def read_epochs(directory: Path) -> list[EpochRow]:
    """Returns the rows in ``directory`` without a line that is still being written."""
    file = directory / EPOCHS_FILE
    if not file.exists():
        return []
    lines = file.read_text().split("\n")[:-1]
    return [EpochRow(**json.loads(line)) for line in lines]


def remove_attempts(detector_directory: Path) -> None:
    """Keep the rows of the last attempt of a finished training and delete every attempt."""
    attempts = list_attempts(detector_directory)
    if attempts and attempts[-1].epochs_file.exists():
        attempts[-1].epochs_file.replace(detector_directory / EPOCHS_FILE)
    unpublished = detector_directory.glob("model.*.part")  # left by killed attempts
    for directory in [*(attempt.directory for attempt in attempts), *unpublished]:
        shutil.rmtree(directory, ignore_errors=True)


def list_attempts(detector_directory: Path) -> list[Attempt]:
    """Returns every attempt of a detector, oldest first."""
    numbered = (
        (int(path.name.removeprefix("attempt-")), path)
        for path in detector_directory.glob("attempt-*")
    )
    return [Attempt(path) for _, path in sorted(numbered)]


def open_attempt(detector_directory: Path) -> Attempt:
    """Create a new, empty directory for an attempt."""
    earlier = list_attempts(detector_directory)
    number = int(earlier[-1].directory.name.removeprefix("attempt-")) + 1 if earlier else 1
    directory = detector_directory / f"attempt-{number}"
    directory.mkdir(parents=True)
    return Attempt(directory)


def find_resumable(detector_directory: Path) -> Attempt | None:
    """Returns the newest attempt that ended its training or kept a checkpoint."""
    for attempt in reversed(list_attempts(detector_directory)):
        if attempt.trained.exists() or attempt.checkpoints():
            return attempt
    return None


def progress_after(epochs_done: int, epochs: int) -> float:
    """Returns a detector's progress, 0..1, after ``epochs_done`` of its epochs."""
    return TRAINING_SHARE * epochs_done / epochs if epochs else 0.0


def _copy_atomically(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    with source.open("rb") as original, part.open("wb") as copy:
        shutil.copyfileobj(original, copy)
        copy.flush()
        os.fsync(copy.fileno())
    part.replace(target)


def _move_atomically(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as written:
        os.fsync(written.fileno())
    source.replace(target)
