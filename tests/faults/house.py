"""A running installation whose processes a test may kill."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.faults.jobs import marks
from tpod_core import db, jobs
from tpod_core.errors import Unavailable
from tpod_core.models import Job, JobKind, JobState, QueueName
from tpod_core.queue import get_queue

DEADLINE_S = 40.0


def wait_until(claim: Callable[[], bool], what: str) -> None:
    """Poll until ``claim`` holds; fails with ``what`` when time is up."""
    deadline = time.monotonic() + DEADLINE_S
    while not claim():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S:.0f} s: {what}"
        time.sleep(0.02)


@dataclass
class House:
    """An app, its supervisor, and what that keeps running, all on ``data_dir``."""

    data_dir: Path
    app: subprocess.Popen[bytes] = field(init=False)

    def open(self) -> None:
        """Start the app and wait until both workers listen."""
        self.app = subprocess.Popen([sys.executable, "-m", "tests.faults.app"])
        wait_until(self.is_complete, "server and workers are up")

    def is_complete(self) -> bool:
        try:
            get_queue().ping()
        except Unavailable:
            return False
        return bool(self.find("worker", "low") and self.find("worker", "default"))

    def supervisors(self) -> list[psutil.Process]:
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if "tests.faults.supervisor" in (process.info["cmdline"] or [])
            and str(self.data_dir) in process.info["cmdline"]
        ]

    def find(self, *words: str) -> list[psutil.Process]:
        """The supervisor's children whose command line speaks of all ``words``."""
        with suppress(psutil.NoSuchProcess):
            return [
                child
                for supervisor in self.supervisors()
                for child in supervisor.children()
                if all(word in " ".join(child.cmdline()) for word in words)
            ]
        return []

    def everything(self) -> list[psutil.Process]:
        """The supervisor and all below it: workers, server, and the jobs' processes."""
        with suppress(psutil.NoSuchProcess):
            return [
                process
                for supervisor in self.supervisors()
                for process in (supervisor, *supervisor.children(recursive=True))
            ]
        return []

    def close(self) -> None:
        """However the test has left it."""
        left = self.everything()
        for process in (*left, self.app):
            with suppress(psutil.NoSuchProcess, ProcessLookupError):
                process.kill()
        self.app.wait()
        psutil.wait_procs(left, timeout=10)


def submit(behaviour: str, queue: QueueName = QueueName.LOW) -> Job:
    """A job of ``tests.faults.jobs``."""
    with db.transaction() as session:
        return jobs.submit(session, JobKind.LOAD_DEMO, queue, f"{behaviour}:1", None)


def row(job: Job) -> Job:
    with db.reading() as session:
        return session.get_one(Job, job.id)


def wait_for(job: Job, state: JobState) -> Job:
    wait_until(lambda: row(job).state is state, f"job {job.id} is {state}: {row(job)!r}")
    return row(job)


def wait_for_mark(job: Job, attempt: int, word: str) -> int:
    """Wait until that attempt has left its mark; the id of its process."""
    name = f"{job.id}-a{attempt}.{word}"
    wait_until(lambda: name in marks(word), f"mark {name}")
    path = Path(os.environ["TPOD_DATA_DIR"]) / "marks" / name
    wait_until(lambda: bool(path.read_text()), f"mark {name} is written")
    return int(path.read_text())


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
