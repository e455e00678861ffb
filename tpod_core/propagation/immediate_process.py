"""Runs immediate propagation in a child process of the app.

Tracking is CPU-bound. In a thread of the app it would hold the interpreter lock for more than
half of the time, and delay every response.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tpod_core import db
from tpod_core.boxes_revision import bump_boxes_revision
from tpod_core.config import APP_DIR
from tpod_core.errors import TpodError
from tpod_core.log import get_logger
from tpod_core.propagation.immediate_worker import encode_edit
from tpod_core.propagation.requests import Touched, edit_listener

WORKER_MODULE = "tpod_core.propagation.immediate_worker"
_SHUTDOWN_TIMEOUT_S = 5.0

_log = get_logger(__name__)


class ImmediateProcess:
    """The child process, restarted when it dies; its unfinished work is left to the job.

    ``_waiting`` has the number of each video's last edit that is not done yet.
    """

    def __init__(self) -> None:
        self._changed = threading.Lock()
        self._number = 0
        self._waiting: dict[int, int] = {}
        self._process: subprocess.Popen[str] | None = None
        self._listener: threading.Thread | None = None

    def start(self) -> None:
        """Start the process before the first edit, as it takes a second to be ready."""
        with self._changed:
            self._ensure_running()

    def submit(self, touched: Touched) -> None:
        """Queue the gaps next to ``touched``."""
        with self._changed:
            self._number += 1
            self._waiting[touched.video_id] = self._number
            stdin = self._ensure_running().stdin
            assert stdin is not None
            try:
                stdin.write(encode_edit(touched, self._number))
                stdin.flush()
            except BrokenPipeError:
                # The process has just died: the job fills this edit, a new process the next.
                self._waiting.pop(touched.video_id, None)

    def is_busy_with(self, video_id: int) -> bool:
        with self._changed:
            return video_id in self._waiting

    def close(self) -> None:
        """End the process; its unfinished work is left to the job."""
        with self._changed:
            process, self._process = self._process, None
            listener = self._listener
        if process is None or listener is None:
            return
        _close_input(process)
        try:
            process.wait(_SHUTDOWN_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
        listener.join()

    def _ensure_running(self) -> "subprocess.Popen[str]":
        if self._process is None or self._process.poll() is not None:
            if self._process is not None:
                _close_input(self._process)
            self._waiting = {}
            self._process = _start()
            self._listener = threading.Thread(
                target=self._listen,
                args=(self._process,),
                name="immediate-propagation",
                daemon=True,
            )
            self._listener.start()
        return self._process

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        with process.stdout as messages:
            for line in messages:
                message = json.loads(line)
                self._on_idle(message["video_id"], message["number"])
        process.wait()
        with self._changed:
            if self._process is not process:
                return
            unfinished, self._waiting = list(self._waiting), {}
        for video_id in unfinished:
            _notify_screens(video_id)

    def _on_idle(self, video_id: int, number: int) -> None:
        with self._changed:
            if self._waiting.get(video_id) != number:
                return
            del self._waiting[video_id]
        _notify_screens(video_id)


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
    with suppress(BrokenPipeError):  # A process that died did not read all.
        process.stdin.close()


def _notify_screens(video_id: int) -> None:
    """Make open screens fetch the video's status, which says that no more boxes are pending."""
    try:
        with db.transaction() as session:
            bump_boxes_revision(session, video_id)
    except TpodError as error:
        _log.warning("video %s: %s", video_id, error.message, exc_info=error)


_processes: list[ImmediateProcess] = []


@contextmanager
def immediate_propagation() -> Iterator[None]:
    """Propagate this app's edits immediately, while the block runs."""
    process = ImmediateProcess()
    process.start()
    _processes.append(process)
    try:
        with edit_listener(process.submit):
            yield
    finally:
        _processes.remove(process)
        process.close()


def is_busy_with(video_id: int) -> bool:
    """Whether immediate propagation of a video is queued or running in this app."""
    return any(process.is_busy_with(video_id) for process in _processes)
