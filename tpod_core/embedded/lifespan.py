"""The app's part: register, keep a supervisor running, and forward Ctrl-C to it."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType

from tpod_core import training_packages
from tpod_core.config import APP_DIR, get_settings
from tpod_core.embedded.app_registry import Registration, worker_spec
from tpod_core.embedded.locks import is_locked
from tpod_core.embedded.paths import lock_path, log_path
from tpod_core.embedded.secret_files import hand_over_secrets
from tpod_core.log import get_logger

SUPERVISOR_MODULE = "tpod_core.embedded"
_WATCH_INTERVAL_S = 0.5
_SHUTDOWN_TIMEOUT_S = 10.0
_LOG_BYTES = 5 * 1024**2

_log = get_logger(__name__)


@asynccontextmanager
async def embedded_services() -> AsyncIterator[None]:
    """Run the embedded server and workers during the block, unless ``TPOD_REDIS_URL`` is set.

    After a block that ends by SIGTERM or a crash they continue until their jobs have ended.
    After Ctrl-C the block waits for them to end.
    """
    settings = get_settings()
    hand_over_secrets(settings)
    if not settings.uses_embedded_redis:
        yield
        return
    if not training_packages.are_installed():
        _log.warning("no worker for trainings is started: %s", training_packages.MISSING)
    data_dir = settings.data_dir.absolute()
    registration = Registration(data_dir, worker_spec(settings))
    watch = SupervisorWatch(data_dir)

    def shut_down() -> None:
        # Stop the watch first, or it would start another supervisor when this one has ended.
        watch.request_stop()
        registration.request_shutdown()

    try:
        with _on_interrupt(shut_down) as interrupted:
            watch.start()
            yield
    finally:
        watch.stop()
        registration.close()
        if interrupted.is_set():
            await asyncio.to_thread(_wait_for_shutdown, data_dir, watch)


class SupervisorWatch:
    """A thread that starts a supervisor whenever none is running."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._started: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request_stop(self) -> None:
        """Start no more supervisors."""
        self._stop.set()

    def stop(self) -> None:
        self.request_stop()
        self._thread.join()

    @property
    def runs_supervisor(self) -> bool:
        """Whether a supervisor that it started is alive; it may not hold its lock yet."""
        return self._started is not None and self._started.poll() is None

    def _watch(self) -> None:
        while not self._stop.is_set():
            if not self.runs_supervisor and not is_locked(lock_path(self._data_dir)):
                try:
                    self._started = start_supervisor(self._data_dir)
                except OSError as error:
                    # A full disk, for example: the next round tries again.
                    _log.error("the embedded services do not start: %s", error)
            self._stop.wait(_WATCH_INTERVAL_S)


def start_supervisor(data_dir: Path) -> subprocess.Popen[bytes]:
    """Start a supervisor in a session of its own, which the terminal's Ctrl-C does not reach."""
    log = log_path(data_dir)
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as file:
        return subprocess.Popen(
            (sys.executable, "-P", "-m", SUPERVISOR_MODULE, str(data_dir)),
            cwd="/",
            env=os.environ | {"PYTHONPATH": str(APP_DIR)},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def _on_interrupt(callback: Callable[[], None]) -> Iterator[threading.Event]:
    """Call ``callback`` on SIGINT, then the previous handler; the event is set afterwards.

    Handlers can be installed in the main thread only; in other threads (a test client) nothing
    is caught.
    """
    interrupted = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield interrupted
        return
    previous = signal.getsignal(signal.SIGINT)

    def handle(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        callback()
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGINT, handle)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, previous)


def _wait_for_shutdown(data_dir: Path, watch: SupervisorWatch) -> None:
    deadline = time.monotonic() + _SHUTDOWN_TIMEOUT_S
    while watch.runs_supervisor or is_locked(lock_path(data_dir)):
        if time.monotonic() > deadline:
            _log.error("the embedded services do not end; see %s", log_path(data_dir))
            return
        time.sleep(0.05)
