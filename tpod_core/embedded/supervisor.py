"""The process that keeps the embedded server and its workers running.

It outlives the app, so that a restart of the app does not stop a training. After the last app
has ended it waits for the grace period, then lets each worker finish its job, then ends. Ctrl-C
on the app, or SIGTERM or SIGINT on the supervisor, ends everything at once; running jobs are
requeued.
"""

import shutil
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

from tpod_core.config import APP_DIR
from tpod_core.embedded.app_registry import WorkerSpec, read_registry
from tpod_core.embedded.child import Child, Command
from tpod_core.embedded.gpus import VISIBLE
from tpod_core.embedded.paths import publish_socket, server_dir, withdraw_socket
from tpod_core.embedded.server import answers, server_command
from tpod_core.log import get_logger
from tpod_core.models import QueueName

WORKER_MODULE = "workers.main"
GRACE_S = 10.0
_TICK_S = 0.2
_WORKERS_TIMEOUT_S = 5.0
_SERVER_TIMEOUT_S = 3.0
_MAX_FAILED_STARTS = 3

_log = get_logger(__name__)


class Supervisor:
    """There is one per data directory, enforced by a lock that the caller holds."""

    def __init__(self, data_dir: Path, grace_s: float = GRACE_S) -> None:
        self._data_dir = data_dir
        self._grace_s = grace_s
        self._socket = publish_socket(data_dir)
        self._server = Child("server")
        self.server_is_up = False
        self._workers: dict[str, Child] = {}
        self._last_app_at = time.monotonic()
        self._stop_requested = False

    def run(self) -> None:
        """Keep everything running until nothing is needed any more."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        while not self._stop_requested and self.tick():
            time.sleep(_TICK_S)
        self.shut_down()

    def tick(self) -> bool:
        """Do one round; returns false when the last app and the last job have ended."""
        apps = read_registry(self._data_dir)
        if apps.workers is None and apps.shutdown_requested:
            return False
        if apps.workers is not None:
            self._last_app_at = time.monotonic()
        self._keep_server()
        if apps.workers is not None and self.server_is_up:
            self._keep_workers(apps.workers)
        if time.monotonic() - self._last_app_at < self._grace_s:
            return True
        for worker in self._workers.values():
            worker.terminate()
        return any(worker.is_running for worker in self._workers.values())

    def _keep_server(self) -> None:
        if self._server.is_running and self.server_is_up and not self._socket.exists():
            _log.error("the server's socket was deleted; restarting the server")
            self._server.kill_with_descendants()
        if not self._server.is_running:
            self.server_is_up = False
        if self._server.early_deaths >= _MAX_FAILED_STARTS:
            self._move_data_aside()
        directory = server_dir(self._data_dir)
        self._server.keep_running(Command(server_command(self._socket, directory)))
        self.server_is_up = self.server_is_up or answers(self._socket)

    def _move_data_aside(self) -> None:
        """Let the server start without a file that it cannot read: the database has the jobs."""
        directory = server_dir(self._data_dir)
        aside = directory.with_name(f"{directory.name}.unreadable")
        shutil.rmtree(aside, ignore_errors=True)
        directory.rename(aside)
        self._server.early_deaths = 0
        _log.error("the server does not start; its data was moved to %s", aside)

    def _keep_workers(self, spec: WorkerSpec) -> None:
        commands = _worker_commands(spec)
        for name, command in commands.items():
            self._workers.setdefault(name, Child(f"worker {name}")).keep_running(command)
        for name in [name for name in self._workers if name not in commands]:
            self._workers[name].terminate()
            if not self._workers[name].is_running:
                del self._workers[name]

    def shut_down(self) -> None:
        """End the workers, which requeue their jobs, then the server."""
        for worker in self._workers.values():
            worker.signal(signal.SIGINT)
        _end(self._workers.values(), _WORKERS_TIMEOUT_S)
        self._server.signal(signal.SIGTERM)
        _end([self._server], _SERVER_TIMEOUT_S)
        withdraw_socket(self._data_dir)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop_requested = True


def _worker_commands(spec: WorkerSpec) -> dict[str, Command]:
    """Returns the command of each worker, by name ("low 1")."""
    commands: dict[str, Command] = {}
    for queue in spec.queues:
        number = sum(name.startswith(queue) for name in commands) + 1
        commands[f"{queue} {number}"] = Command(
            # -P: modules in the app's working directory must not shadow the worker's.
            (sys.executable, "-P", "-m", WORKER_MODULE, queue),
            spec.environment | _gpus_of(spec, queue, number) | {"PYTHONPATH": str(APP_DIR)},
            spec.working_dir,
            spec.code,
        )
    return commands


def _gpus_of(spec: WorkerSpec, queue: str, number: int) -> dict[str, str]:
    """Returns the variable that restricts a training worker (from 1) to its GPUs."""
    if queue != QueueName.LOW.value or number > len(spec.gpus) or not spec.gpus[number - 1]:
        return {}
    return {VISIBLE: ",".join(spec.gpus[number - 1])}


def _end(children: Iterable[Child], timeout_s: float) -> None:
    """Wait for children that were told to end; kill those that do not."""
    deadline = time.monotonic() + timeout_s
    while any(child.is_running for child in children) and time.monotonic() < deadline:
        time.sleep(0.02)
    for child in children:
        child.kill_with_descendants()
