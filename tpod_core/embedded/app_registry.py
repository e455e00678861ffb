"""Who is there: one locked file per running app, with what it wants its workers to be.

The supervisor knows an app by its lock, so a killed app has left as surely as one that said
good-bye. An app that was ended by Ctrl-C renames its file first, and so asks for an end of
everything at once.
"""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import uuid4

from tpod_core import training_packages
from tpod_core.config import APP_DIR, PACKAGE_DIR, Settings
from tpod_core.embedded.gpus import share, visible_gpus
from tpod_core.embedded.locks import is_locked, try_lock
from tpod_core.embedded.paths import apps_dir, run_dir
from tpod_core.models import QueueName

_PRESENT = ".app"
_LEAVING_AT_ONCE = ".leaving"
_CODE = (PACKAGE_DIR, APP_DIR / "workers")
_NOT_FOR_WORKERS = {"TPOD_ADMIN_USERNAME", "TPOD_ADMIN_PASSWORD", "TPOD_REDIS_URL"}


@dataclass(frozen=True)
class WorkerSpec:
    """The workers that an app wants: one queue's name for each, and what they run with.

    ``gpus`` are the GPUs that each worker of the training queue may see; none for one that may
    see whatever there is. ``code`` changes with any source file: workers that outlive an
    upgrade of the app are replaced as they become idle.
    """

    queues: tuple[str, ...]
    gpus: tuple[tuple[str, ...], ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    working_dir: str = "/"
    code: str = ""


@dataclass(frozen=True)
class AppRegistry:
    """One look at the apps: the newest app's order, if one is there, and how the others left."""

    order: WorkerSpec | None
    left_at_once: bool


def work_order(settings: Settings) -> WorkerSpec:
    """What this process, the app, wants."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("TPOD_") and name not in _NOT_FOR_WORKERS
    }
    gpus = visible_gpus()
    low_workers = _low_workers(settings, gpus)
    return WorkerSpec(
        queues=(QueueName.DEFAULT.value,) * settings.default_workers
        + (QueueName.LOW.value,) * low_workers,
        gpus=tuple(share(gpus, low_workers)),
        environment=environment | {"TPOD_DATA_DIR": str(settings.data_dir.absolute())},
        working_dir=str(Path.cwd()),
        code=_code_version(),
    )


def _low_workers(settings: Settings, gpus: tuple[str, ...]) -> int:
    """None where they would refuse to start."""
    if not training_packages.are_installed():
        return 0
    return settings.low_workers or max(1, len(gpus))


class Registration:
    """This app's presence, from the constructor to ``close()`` or the end of the process."""

    def __init__(self, data_dir: Path, order: WorkerSpec) -> None:
        # Locked before it gets its name: a file that is there and unlocked is a dead app's.
        part = run_dir(data_dir) / f"{uuid4().hex}.part"
        self._descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode=0o600)
        try_lock(self._descriptor)
        os.write(self._descriptor, json.dumps(asdict(order)).encode())
        self._path = part.rename(apps_dir(data_dir) / f"{part.stem}{_PRESENT}")

    def leave_at_once(self) -> None:
        """Ask for the end of everything. Safe in a signal handler, and more than once."""
        if self._path.suffix == _PRESENT:
            self._path = self._path.rename(self._path.with_suffix(_LEAVING_AT_ONCE))

    def close(self) -> None:
        if self._path.suffix == _PRESENT:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def look_at_apps(data_dir: Path) -> AppRegistry:
    """Who is there now; the files of the dead are removed."""
    present: list[tuple[float, WorkerSpec]] = []
    left_at_once = False
    for path in apps_dir(data_dir).iterdir():
        alive = is_locked(path)
        if path.suffix == _LEAVING_AT_ONCE:
            left_at_once = True
        elif alive:
            with suppress(FileNotFoundError):  # it left in this very moment
                present.append(_read(path))
        if not alive:
            path.unlink(missing_ok=True)
    newest = max(present, key=lambda entry: entry[0], default=(0.0, None))
    return AppRegistry(newest[1], left_at_once)


def _read(path: Path) -> tuple[float, WorkerSpec]:
    wanted = json.loads(path.read_text())
    gpus = tuple(tuple(names) for names in wanted.get("gpus", ()))
    order = WorkerSpec(**(wanted | {"queues": tuple(wanted["queues"]), "gpus": gpus}))
    return path.stat().st_mtime, order


def _code_version() -> str:
    digest = hashlib.sha256()
    for room in _CODE:
        for path in sorted(room.rglob("*.py")):
            status = path.stat()
            digest.update(f"{path}:{status.st_mtime_ns}:{status.st_size}\n".encode())
    return digest.hexdigest()
