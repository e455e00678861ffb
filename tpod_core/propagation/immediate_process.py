"""What people change in this app is followed at once, by a process of the app's own.

Following computes all the time. In a thread of the app it would hold the interpreter for more
than half of the time, and every answer to a person would wait for it.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tpod_core import db
from tpod_core.config import APP_DIR
from tpod_core.errors import TpodError
from tpod_core.log import get_logger
from tpod_core.propagation.immediate_worker import order_of
from tpod_core.propagation.requests import Touched, listening
from tpod_core.propagation.store import note_news

WORKER_MODULE = "tpod_core.propagation.immediate_worker"
_ENDS_WITHIN_S = 5.0

_log = get_logger(__name__)


class ImmediateProcess:
    """The process, started again when it dies; what it then had not done is left to the job.

    ``_waiting`` has the number of the last edit of each video that is not done yet.
    """

    def __init__(self) -> None:
        self._changed = threading.Lock()
        self._number = 0
        self._waiting: dict[int, int] = {}
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None

    def start(self) -> None:
        """Before the first edit: the process takes a second to be ready."""
        with self._changed:
            self._running()

    def take(self, touched: Touched) -> None:
        """Have what lies beside ``touched`` filled as soon as possible; returns at once."""
        with self._changed:
            self._number += 1
            self._waiting[touched.video_id] = self._number
            orders = self._running().stdin
            assert orders is not None
            try:
                orders.write(order_of(touched, self._number))
                orders.flush()
            except BrokenPipeError:
                # It died this moment. The next edit finds another; this one has its job.
                self._waiting.pop(touched.video_id, None)

    def is_busy_with(self, video_id: int) -> bool:
        with self._changed:
            return video_id in self._waiting

    def close(self) -> None:
        """End the process; what it was about to find is left to the job."""
        with self._changed:
            process, self._process = self._process, None
            listener = self._listener
        if process is None or listener is None:
            return
        _close_input(process)
        try:
            process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
        listener.join()

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None or self._process.poll() is not None:
            if self._process is not None:
                _close_input(self._process)
            self._waiting = {}
            self._process = _start()
            self._listener = threading.Thread(
                target=self._listen, args=(self._process,), name="follower", daemon=True
            )
            self._listener.start()
        return self._process

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        with process.stdout as answers:
            for line in answers:
                answer = json.loads(line)
                self._rests(answer["video_id"], answer["number"])
        process.wait()
        with self._changed:
            if self._process is not process:
                return
            left, self._waiting = list(self._waiting), {}
        for video_id in left:
            _tell(video_id)

    def _rests(self, video_id: int, number: int) -> None:
        with self._changed:
            if self._waiting.get(video_id) != number:
                return
            del self._waiting[video_id]
        _tell(video_id)


def _start() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        (sys.executable, "-P", "-m", WORKER_MODULE),
        cwd="/",
        env=os.environ | {"PYTHONPATH": str(APP_DIR)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _close_input(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # a process that died has not read all
        process.stdin.close()


def _tell(video_id: int) -> None:
    """Nothing more comes for now: a screen that waits for more boxes need not."""
    try:
        with db.transaction() as session:
            note_news(session, video_id)
    except TpodError as error:
        _log.warning("video %s: %s", video_id, error.message)


_running: list[ImmediateProcess] = []


@contextmanager
def immediate_propagation() -> Iterator[None]:
    """Follow at once what this app's people change, while the block runs."""
    follower = ImmediateProcess()
    follower.start()
    _running.append(follower)
    try:
        with listening(follower.take):
            yield
    finally:
        _running.remove(follower)
        follower.close()


def is_busy_with(video_id: int) -> bool:
    """Whether this app is about to fill gaps of a video."""
    return any(follower.is_busy_with(video_id) for follower in _running)
