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

from tests.faults.jobs import attempts_that, process_that
from tpod_core import db, jobs
from tpod_core.embedded.locks import is_locked
from tpod_core.embedded.paths import lock_path
from tpod_core.errors import Unavailable
from tpod_core.models import (
    Job,
    JobKind,
    JobState,
    QueueName,
    User,
    Video,
    VideoState,
    saved_id,
)
from tpod_core.queue import get_queue

DEADLINE_S = 60.0


def wait_until(claim: Callable[[], bool], what: str) -> None:
    """Poll until ``claim`` holds; fails with ``what`` after ``DEADLINE_S``."""
    deadline = time.monotonic() + DEADLINE_S
    while not claim():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S:.0f} s: {what}"
        time.sleep(0.05)


@dataclass
class House:
    """An app, its supervisor and the supervisor's child processes, all on ``data_dir``."""

    data_dir: Path
    app: subprocess.Popen[bytes] = field(init=False)

    def open(self) -> None:
        """Start the app and wait until both workers and the queue server run."""
        self.app = subprocess.Popen([sys.executable, "-m", "tests.faults.app"])
        wait_until(self.is_complete, "server and workers are up")

    def is_complete(self) -> bool:
        try:
            get_queue().ping()
        except Unavailable:
            return False
        return bool(self.find("worker", "low") and self.find("worker", "default"))

    def supervisors(self) -> list[psutil.Process]:
        """The supervisor, if one runs."""
        lock = lock_path(self.data_dir)
        with suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
            if is_locked(lock):
                return [psutil.Process(int(lock.read_text()))]
        return []

    def find(self, *words: str) -> list[psutil.Process]:
        """Returns the supervisor's children whose command line contains all ``words``."""
        with suppress(psutil.NoSuchProcess):
            return [
                child
                for supervisor in self.supervisors()
                for child in supervisor.children()
                if all(word in " ".join(child.cmdline()) for word in words)
            ]
        return []

    def successor_of(self, dead: psutil.Process, *words: str) -> psutil.Process:
        """Wait for the process that replaces ``dead`` and return it."""
        wait_until(
            lambda: any(new.pid != dead.pid for new in self.find(*words)), f"a successor of {words}"
        )
        return next(new for new in self.find(*words) if new.pid != dead.pid)

    def everything(self) -> list[psutil.Process]:
        """The supervisor and all its descendants: workers, server, and the jobs' processes."""
        with suppress(psutil.NoSuchProcess):
            return [
                process
                for supervisor in self.supervisors()
                for process in (supervisor, *supervisor.children(recursive=True))
            ]
        return []

    def close(self) -> None:
        """Stop all processes, in any state."""
        self.app.kill()  # it would start another supervisor
        everything = self.everything()
        for supervisor in self.supervisors():
            supervisor.terminate()
        _, left = psutil.wait_procs(everything, timeout=10)
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.app.wait()


def submit(behaviour: str, queue: QueueName = QueueName.LOW) -> Job:
    """Submit a job of ``tests.faults.jobs``."""
    with db.transaction() as session:
        request = {"behaviour": behaviour}
        return jobs.submit(session, JobKind.LOAD_DEMO, (), None, request, queue)


def add_video_waiting_for(job: Job) -> int:
    """Add a video that waits for ``job`` as its import; returns its id."""
    with db.transaction() as session:
        owner = User(username=f"{job.id}", username_key=f"{job.id}", password_hash="")
        session.add(owner)
        session.flush()
        video = Video(
            owner_id=saved_id(owner), name="clip", state=VideoState.PROCESSING, job_id=job.id
        )
        session.add(video)
        session.flush()
        return saved_id(video)


def video_row(video_id: int) -> Video:
    with db.read_session() as session:
        return session.get_one(Video, video_id)


def row(job: Job) -> Job:
    with db.read_session() as session:
        return session.get_one(Job, job.id)


def wait_for(job: Job, state: JobState) -> Job:
    wait_until(lambda: row(job).state is state, f"job {job.id} is {state}: {row(job)!r}")
    return row(job)


def wait_until_it_began(job: Job, attempt: int = 1) -> int:
    """Wait until that attempt runs; returns the id of its process."""
    wait_until(lambda: attempt in attempts_that("began", job), f"attempt {attempt} of {job.id}")
    return process_that("began", job, attempt)


def still_runs(process: psutil.Process) -> bool:
    """Whether ``process`` has not ended; a zombie has ended."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
