"""A job's log: everything that its process prints, in one file for all attempts."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from tpod_core.log import get_logger
from tpod_core.models import Job
from tpod_core.storage import get_storage

_STANDARD_STREAMS = (1, 2)

_log = get_logger(__name__)


@contextmanager
def output_to(path: Path, heading: str) -> Iterator[None]:
    """Append what the process prints to ``path``, child processes and C libraries included."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="utf-8", errors="replace", buffering=1)
        file.write(f"{heading}\n")
    except OSError as error:
        # The job runs without its log: it may be the one that frees the disk.
        _log.warning("no log for %s: %s", heading, error)
        yield
        return
    with file, _descriptors_to(file.fileno()), redirect_stdout(file), redirect_stderr(file):
        yield


def log_tail(job: Job, max_bytes: int = 16_384) -> str:
    """Returns the end of a job's log, from the start of a line; empty before its first attempt.

    A progress bar redraws its line after a carriage return; only its last state is kept.
    """
    try:
        with get_storage().path(job.log_key).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - max_bytes))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    if size > max_bytes:
        text = text.partition("\n")[2]
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return "\n".join(lines)


@contextmanager
def _descriptors_to(target: int) -> Iterator[None]:
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(stream) for stream in _STANDARD_STREAMS]
    try:
        for stream in _STANDARD_STREAMS:
            os.dup2(target, stream)
        yield
    finally:
        for stream, copy in zip(_STANDARD_STREAMS, saved, strict=True):
            os.dup2(copy, stream)
            os.close(copy)
