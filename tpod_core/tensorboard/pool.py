"""The running TensorBoards: started on demand, ended when idle."""

import os
import secrets
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from queue import Empty, SimpleQueue

from tpod_core.config import APP_DIR
from tpod_core.errors import Unavailable
from tpod_core.log import get_logger

IDLE_S = 600.0
MAX_RUNNING = 4
_START_TIMEOUT_S = 30.0
_SWEEP_INTERVAL_S = 5.0

_log = get_logger(__name__)


@dataclass(frozen=True)
class Address:
    """The address of a TensorBoard; ``url`` ends in a slash."""

    url: str


@dataclass
class _Running:
    process: subprocess.Popen[bytes]
    address: Address
    used_at: float = field(default_factory=time.monotonic)

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


class TensorBoards:
    """At most ``max_running`` processes; a new one replaces the least recently used.

    Thread-safe. A directory has one process, even if several threads open it at once.
    """

    def __init__(self, idle_s: float = IDLE_S, max_running: int = MAX_RUNNING) -> None:
        self._idle_s = idle_s
        self._max_running = max_running
        self._running: dict[Path, _Running] = {}
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._sweeper: threading.Thread | None = None

    def open(self, directory: Path) -> Address:
        """Returns the TensorBoard for the events in ``directory``, and starts it if needed.

        Raises: Unavailable if it does not start.
        """
        with self._lock:
            running = self._running.get(directory)
            if running is None or not running.is_alive:
                if running is not None:
                    self._running.pop(directory).end()
                self._make_room()
                running = self._running[directory] = _start(directory)
                self._start_sweeper()
            running.used_at = time.monotonic()
            return running.address

    def count(self) -> int:
        with self._lock:
            return sum(running.is_alive for running in self._running.values())

    def close(self) -> None:
        """End every process and start no more sweeps."""
        self._closed.set()
        with self._lock:
            for running in self._running.values():
                running.end()
            self._running.clear()

    def _make_room(self) -> None:
        oldest_first = sorted(self._running, key=lambda key: self._running[key].used_at)
        for directory in oldest_first[: max(0, len(oldest_first) - self._max_running + 1)]:
            self._running.pop(directory).end()

    def _start_sweeper(self) -> None:
        if self._sweeper is None:
            self._sweeper = threading.Thread(target=self._sweep, name="tensorboards", daemon=True)
            self._sweeper.start()

    def _sweep(self) -> None:
        while not self._closed.wait(min(_SWEEP_INTERVAL_S, self._idle_s / 2)):
            with self._lock:
                idle_since = time.monotonic() - self._idle_s
                for directory, running in list(self._running.items()):
                    if running.used_at < idle_since or not running.is_alive:
                        self._running.pop(directory).end()


@lru_cache(maxsize=1)
def get_tensorboards() -> TensorBoards:
    """Returns the pool of this process."""
    return TensorBoards()


def _start(directory: Path) -> _Running:
    directory.mkdir(parents=True, exist_ok=True)
    prefix = f"/{secrets.token_urlsafe(24)}"
    process = subprocess.Popen(
        (sys.executable, "-P", "-m", "tpod_core.tensorboard.program", str(directory)),
        cwd="/",
        env=os.environ | {"PYTHONPATH": str(APP_DIR)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C must reach only the app
    )
    _write_line(process, prefix)
    port = _read_line(process)
    if not port:
        process.kill()
        process.communicate()
        _log.error("TensorBoard does not start over %s", directory)
        raise Unavailable("TensorBoard does not start. See the app's log for its output.")
    return _Running(process, Address(f"http://127.0.0.1:{port}{prefix}/"))


def _write_line(process: subprocess.Popen[bytes], line: str) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # a process that died says so by its missing port
        process.stdin.write(f"{line}\n".encode())
        process.stdin.flush()


def _read_line(process: subprocess.Popen[bytes]) -> str:
    """Returns the first line that ``process`` writes; empty if it ends or takes too long."""
    lines: SimpleQueue[bytes] = SimpleQueue()
    assert process.stdout is not None
    stdout = process.stdout
    threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
    try:
        return lines.get(timeout=_START_TIMEOUT_S).decode().strip()
    except Empty:
        return ""
