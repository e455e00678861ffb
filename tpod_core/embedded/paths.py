"""Paths of the embedded services' files below the data directory.

run/supervisor.lock   held by the one supervisor of this data directory
run/socket            the path of the server's socket, which is elsewhere: a socket's path
                      has at most 107 bytes, and a data directory's may have more
run/apps/             one locked file per running app
run/secrets/          what processes of the app need of the secret settings
run/services.log      the output of the supervisor, the server and the workers
redis/                the server's append-only file
"""

import os
import shutil
import stat
import tempfile
from pathlib import Path


def run_dir(data_dir: Path) -> Path:
    """Create the directory of the supervisor's files, readable only by its owner."""
    path = data_dir.absolute() / "run"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def lock_path(data_dir: Path) -> Path:
    return run_dir(data_dir) / "supervisor.lock"


def apps_dir(data_dir: Path) -> Path:
    path = run_dir(data_dir) / "apps"
    path.mkdir(exist_ok=True)
    return path


def log_path(data_dir: Path) -> Path:
    return run_dir(data_dir) / "services.log"


def server_dir(data_dir: Path) -> Path:
    path = data_dir.absolute() / "redis"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def find_socket(data_dir: Path) -> Path | None:
    """Returns the last published socket; the server need not be listening on it."""
    try:
        return Path(_socket_file(data_dir).read_text().strip())
    except FileNotFoundError:
        return None


def publish_socket(data_dir: Path) -> Path:
    """Choose and publish the server's socket, the same as last time if possible.

    A process that can write to Redis can run code, so only the owner may access the directory.
    """
    socket = find_socket(data_dir)
    if socket is None or not _is_private(socket.parent):
        socket = Path(tempfile.mkdtemp(prefix="tpod-")) / "redis.sock"
        part = run_dir(data_dir) / "socket.part"
        part.write_text(str(socket))
        part.replace(_socket_file(data_dir))
    return socket


def withdraw_socket(data_dir: Path) -> None:
    """Delete the published socket and its directory after an orderly shutdown."""
    socket = find_socket(data_dir)
    if socket is not None and _is_private(socket.parent):
        shutil.rmtree(socket.parent, ignore_errors=True)
    _socket_file(data_dir).unlink(missing_ok=True)


def _socket_file(data_dir: Path) -> Path:
    return data_dir.absolute() / "run" / "socket"


def _is_private(directory: Path) -> bool:
    try:
        status = directory.lstat()
    except FileNotFoundError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.getuid()
        and stat.S_IMODE(status.st_mode) == 0o700
    )
