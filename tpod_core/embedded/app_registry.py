"""The registry of running apps: one locked file per app with the workers that it needs.

The supervisor recognises a running app by the lock on its file, which the kernel releases even
if the app is killed. An app that is stopped by Ctrl-C renames its file first, which asks the
supervisor to shut everything down at once.
"""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import uuid4

from tpod_core import training_packages
from tpod_core.config import APP_DIR, PACKAGE_DIR, SECRET_VARIABLES, Settings
from tpod_core.embedded.gpus import share, visible_gpus
from tpod_core.embedded.locks import is_locked, try_lock
from tpod_core.embedded.paths import apps_dir, run_dir
from tpod_core.embedded.secret_files import secret_files
from tpod_core.models import QueueName

_RUNNING = ".app"
_SHUTDOWN = ".leaving"
_CODE = (PACKAGE_DIR, APP_DIR / "workers")
_HIDDEN_FROM_WORKERS = SECRET_VARIABLES | {"TPOD_ADMIN_USERNAME"}


@dataclass(frozen=True)
class WorkerSpec:
    """The workers that an app needs: the queue of each, and how they run.

    ``gpus`` holds the GPUs visible to each worker of the training queue; an empty tuple does not
    restrict the worker. ``code`` is a digest of the source files and the files of secrets: after
    an upgrade of the app, older workers are replaced as they become idle.
    """

    queues: tuple[str, ...]
    gpus: tuple[tuple[str, ...], ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    working_dir: str = "/"
    code: str = ""


@dataclass(frozen=True)
class AppRegistry:
    """A snapshot of the registry: the newest running app's workers, if any, and whether an app
    asked for a shutdown."""

    workers: WorkerSpec | None
    shutdown_requested: bool


def worker_spec(settings: Settings) -> WorkerSpec:
    """Returns the workers that this app needs."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("TPOD_") and name.upper() not in _HIDDEN_FROM_WORKERS
    }
    gpus = visible_gpus()
    low_workers = _count_low_workers(settings, gpus)
    return WorkerSpec(
        queues=(QueueName.DEFAULT.value,) * settings.default_workers
        + (QueueName.BACKGROUND.value,) * settings.background_workers
        + (QueueName.LOW.value,) * low_workers,
        gpus=tuple(share(gpus, low_workers)),
        environment=environment | {"TPOD_DATA_DIR": str(settings.data_dir.absolute())},
        working_dir=str(Path.cwd()),
        code=_code_version(settings),
    )


def _count_low_workers(settings: Settings, gpus: tuple[str, ...]) -> int:
    """Returns the number of training workers; 0 where they could not start."""
    if not training_packages.are_installed():
        return 0
    return settings.low_workers or max(1, len(gpus))


class Registration:
    """Registers this app, from the constructor to ``close()`` or the end of the process."""

    def __init__(self, data_dir: Path, workers: WorkerSpec) -> None:
        # Lock it before it gets its name: an unlocked file with that name belongs to a dead app.
        part = run_dir(data_dir) / f"{uuid4().hex}.part"
        self._descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode=0o600)
        try_lock(self._descriptor)
        os.write(self._descriptor, json.dumps(asdict(workers)).encode())
        self._path = part.rename(apps_dir(data_dir) / f"{part.stem}{_RUNNING}")

    def request_shutdown(self) -> None:
        """Ask the supervisor to shut down. Idempotent, and safe in a signal handler."""
        if self._path.suffix == _RUNNING:
            self._path = self._path.rename(self._path.with_suffix(_SHUTDOWN))

    def close(self) -> None:
        if self._path.suffix == _RUNNING:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def read_registry(data_dir: Path) -> AppRegistry:
    """Read the registry and delete the files of dead apps."""
    running: list[tuple[float, WorkerSpec]] = []
    shutdown_requested = False
    for path in apps_dir(data_dir).iterdir():
        alive = is_locked(path)
        if path.suffix == _SHUTDOWN:
            shutdown_requested = True
        elif alive:
            with suppress(FileNotFoundError):  # it may end at this moment
                running.append(_read(path))
        if not alive:
            path.unlink(missing_ok=True)
    newest = max(running, key=lambda entry: entry[0], default=(0.0, None))
    return AppRegistry(newest[1], shutdown_requested)


def _read(path: Path) -> tuple[float, WorkerSpec]:
    values = json.loads(path.read_text())
    gpus = tuple(tuple(names) for names in values.get("gpus", ()))
    workers = WorkerSpec(**(values | {"queues": tuple(values["queues"]), "gpus": gpus}))
    return path.stat().st_mtime, workers


def _code_version(settings: Settings) -> str:
    digest = hashlib.sha256()
    code = (path for directory in _CODE for path in sorted(directory.rglob("*.py")))
    for path in (*code, *secret_files(settings)):
        status = path.stat()
        digest.update(f"{path}:{status.st_mtime_ns}:{status.st_size}\n".encode())
    return digest.hexdigest()
