"""Where the embedded services keep their things, below the data directory.

run/supervisor.lock   held by the one supervisor of this data directory
run/socket            the path of the server's socket, which lies elsewhere: a socket's
                      path may have 107 bytes at most, a data directory's may have more
run/apps/             one locked file per running app
run/services.log      what the supervisor, the server and the workers say
redis/                the server's append-only file
"""

import os
import shutil
import stat
import tempfile
from pathlib import Path


def run_dir(data_dir: Path) -> Path:
    """The directory of the supervisor's files, made readable for us alone."""
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
    """The socket that the supervisor has published last; nobody may be listening there."""
    try:
        return Path(_publication(data_dir).read_text().strip())
    except FileNotFoundError:
        return None


def publish_socket(data_dir: Path) -> Path:
    """Choose where the server listens, and publish it: the same place as last time if it can be.

    Whoever can write to Redis can run code, so the directory must be ours alone.
    """
    socket = find_socket(data_dir)
    if socket is None or not _is_ours_alone(socket.parent):
        socket = Path(tempfile.mkdtemp(prefix="tpod-")) / "redis.sock"
        part = run_dir(data_dir) / "socket.part"
        part.write_text(str(socket))
        part.replace(_publication(data_dir))
    return socket


def withdraw_socket(data_dir: Path) -> None:
    """Remove what ``publish_socket`` made, at an orderly end."""
    socket = find_socket(data_dir)
    if socket is not None and _is_ours_alone(socket.parent):
        shutil.rmtree(socket.parent, ignore_errors=True)
    _publication(data_dir).unlink(missing_ok=True)


def _publication(data_dir: Path) -> Path:
    return data_dir.absolute() / "run" / "socket"


def _is_ours_alone(directory: Path) -> bool:
    try:
        status = directory.lstat()
    except FileNotFoundError:
        return False
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.getuid()
        and stat.S_IMODE(status.st_mode) == 0o700
    )
