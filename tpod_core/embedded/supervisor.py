"""The process that keeps the embedded server and its workers alive.

It outlives the app, so that a restart of the app stops no training. When the last app has
left it waits a while for it to come back, then lets each worker finish its job, then ends.
Ctrl-C on the app, or SIGTERM or SIGINT on the supervisor, ends everything at once; running
jobs are given back to the queue.
"""

import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

from tpod_core.config import APP_DIR
from tpod_core.embedded.app_registry import WorkerSpec, look_at_apps
from tpod_core.embedded.child import Child, Command
from tpod_core.embedded.gpus import VISIBLE
from tpod_core.embedded.paths import publish_socket, server_dir, withdraw_socket
from tpod_core.embedded.server import answers, server_command
from tpod_core.log import get_logger
from tpod_core.models import QueueName

WORKER_MODULE = "workers.main"
GRACE_S = 10.0
_TICK_S = 0.2
_WORKERS_LEAVE_WITHIN_S = 5.0
_SERVER_LEAVES_WITHIN_S = 3.0
_STARTS_BEFORE_DATA_IS_SET_ASIDE = 3

_log = get_logger(__name__)


class Supervisor:
    """One per data directory; the caller holds the lock that makes it so."""

    def __init__(self, data_dir: Path, grace_s: float = GRACE_S) -> None:
        self._data_dir = data_dir
        self._grace_s = grace_s
        self._socket = publish_socket(data_dir)
        self._server = Child("server")
        self.server_is_up = False
        self._workers: dict[str, Child] = {}
        self._app_seen_at = time.monotonic()
        self._stop_now = False

    def run(self) -> None:
        """Keep everything running; returns when nothing is left to keep."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        while not self._stop_now and self.round():
            time.sleep(_TICK_S)
        self.end_all()

    def round(self) -> bool:
        """One round; false when the last app has left and the last job has ended."""
        apps = look_at_apps(self._data_dir)
        if apps.order is None and apps.left_at_once:
            return False
        if apps.order is not None:
            self._app_seen_at = time.monotonic()
        self._keep_server()
        if apps.order is not None and self.server_is_up:
            self._keep_workers(apps.order)
        if time.monotonic() - self._app_seen_at < self._grace_s:
            return True
        for worker in self._workers.values():
            worker.ask_to_leave()
        return any(worker.is_running for worker in self._workers.values())

    def _keep_server(self) -> None:
        if self._server.is_running and self.server_is_up and not self._socket.exists():
            _log.error("the server's socket is gone; restarting it")
            self._server.kill_with_descendants()
        if not self._server.is_running:
            self.server_is_up = False
        if self._server.short_lives >= _STARTS_BEFORE_DATA_IS_SET_ASIDE:
            self._set_data_aside()
        directory = server_dir(self._data_dir)
        self._server.keep_running(Command(server_command(self._socket, directory)))
        self.server_is_up = self.server_is_up or answers(self._socket)

    def _set_data_aside(self) -> None:
        """A file that the server cannot read must not keep it down: the database has the jobs."""
        directory = server_dir(self._data_dir)
        aside = directory.with_name(f"{directory.name}.unreadable")
        shutil.rmtree(aside, ignore_errors=True)
        directory.rename(aside)
        self._server.short_lives = 0
        _log.error("the server does not start; its data was moved to %s", aside)

    def _keep_workers(self, order: WorkerSpec) -> None:
        wanted = _worker_commands(order)
        for name, command in wanted.items():
            self._workers.setdefault(name, Child(f"worker {name}")).keep_running(command)
        for name in [name for name in self._workers if name not in wanted]:
            self._workers[name].ask_to_leave()
            if not self._workers[name].is_running:
                del self._workers[name]

    def end_all(self) -> None:
        """End the workers, which give their jobs back, then the server."""
        for worker in self._workers.values():
            worker.signal(signal.SIGINT)
        _end(self._workers.values(), _WORKERS_LEAVE_WITHIN_S)
        self._server.signal(signal.SIGTERM)
        _end([self._server], _SERVER_LEAVES_WITHIN_S)
        withdraw_socket(self._data_dir)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop_now = True


def _worker_commands(order: WorkerSpec) -> dict[str, Command]:
    """Worker name ("low 1") to its command."""
    commands: dict[str, Command] = {}
    for queue in order.queues:
        place = sum(name.startswith(queue) for name in commands) + 1
        commands[f"{queue} {place}"] = Command(
            # -P: the app's working directory must not lend its modules to the worker.
            (sys.executable, "-P", "-m", WORKER_MODULE, queue),
            order.environment | _gpus_of(order, queue, place) | {"PYTHONPATH": str(APP_DIR)},
            order.working_dir,
            order.code,
        )
    return commands


def _gpus_of(order: WorkerSpec, queue: str, place: int) -> dict[str, str]:
    """What lets the ``place``-th training worker (from 1) see its GPUs alone."""
    if queue != QueueName.LOW.value or place > len(order.gpus) or not order.gpus[place - 1]:
        return {}
    return {VISIBLE: ",".join(order.gpus[place - 1])}


def _end(children: Iterable[Child], patience_s: float) -> None:
    """Wait for children that were asked to leave; kill those that do not."""
    deadline = time.monotonic() + patience_s
    while any(child.is_running for child in children) and time.monotonic() < deadline:
        time.sleep(0.02)
    for child in children:
        child.kill_with_descendants()
