"""Hands secret settings to the processes of the app in files that only their owner can read.

The environment of a process shows in ``ps e`` and in reports of crashes, so secrets leave it as
soon as they are read. The files have the form of ``TPOD_SECRETS_DIR``: one per setting.
"""

import os
from pathlib import Path

from tpod_core.config import SECRETS_DIR_VARIABLE, Settings, variable_of
from tpod_core.embedded.paths import run_dir

_NEEDED = ("database_url", "redis_url")


def hand_over_secrets(settings: Settings) -> None:
    """Write what workers need, and have processes that are started from now on read it."""
    directory = _directory(settings)
    directory.mkdir(exist_ok=True, mode=0o700)
    for name in _NEEDED:
        _write(directory / variable_of(name), getattr(settings, name))
    if secret_files(settings):
        os.environ[SECRETS_DIR_VARIABLE] = str(directory)
    else:
        os.environ.pop(SECRETS_DIR_VARIABLE, None)


def secret_files(settings: Settings) -> list[Path]:
    """Returns the files; they are written again only when their setting changes."""
    return sorted(_directory(settings).glob(f"{variable_of('')}*"))


def _directory(settings: Settings) -> Path:
    return run_dir(settings.data_dir) / "secrets"


def _write(path: Path, value: str) -> None:
    if not value:
        path.unlink(missing_ok=True)
        return
    if path.is_file() and path.read_text() == value:
        return
    part = path.with_name(f"part.{os.getpid()}")
    descriptor = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode=0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(value)
    part.replace(path)
