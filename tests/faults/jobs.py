"""Jobs for the fault tests: their request says what they do, and they write marker files.

A marker is ``marks/<job id>-a<attempt>.<word>``. The tests wait for markers and count them.
"""

import os
import time
from pathlib import Path

from tpod_core.config import get_settings
from tpod_core.jobs import RunningJob
from tpod_core.models import Job

PATIENCE_S = 60.0


def attempts_that(word: str, job: Job) -> list[int]:
    """Returns the attempts of ``job`` that have written this marker."""
    names = (path.stem for path in _directory().glob(f"{job.id}-a*.{word}"))
    return sorted(int(name.partition("-a")[2]) for name in names)


def mark(job: RunningJob, word: str) -> None:
    """Write a marker with the id of this process, atomically."""
    part = _directory() / f"{job.id}-a{job.attempt}.part"
    part.write_text(str(os.getpid()))
    part.replace(part.with_suffix(f".{word}"))


def process_that(word: str, job: Job, attempt: int) -> int:
    """Returns the id of the process that wrote this marker."""
    return int((_directory() / f"{job.id}-a{attempt}.{word}").read_text())


def let_go(job: Job) -> None:
    """Let a waiting job finish."""
    _directory().joinpath(f"{job.id}.go").touch()


def run(job: RunningJob) -> None:
    """``wait`` waits for ``let_go``; ``wait-once`` waits only in its first attempt."""
    mark(job, "began")
    behaviour = job.request["behaviour"]
    if behaviour == "wait" or (behaviour == "wait-once" and job.attempt == 1):
        _wait(job)
    with job.transaction():
        mark(job, "wrote")


def _wait(job: RunningJob) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not _directory().joinpath(f"{job.id}.go").exists():
        if time.monotonic() > deadline:
            raise RuntimeError("nobody let this job go")
        job.check()
        time.sleep(0.02)


def _directory() -> Path:
    directory = get_settings().data_dir / "marks"
    directory.mkdir(exist_ok=True)
    return directory
