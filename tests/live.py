"""The real app in a process of its own, as a person starts and stops it."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.models import User

REPO = Path(__file__).resolve().parents[1]
START_DEADLINE_S = 60
STOP_DEADLINE_S = 20
WAIT_DEADLINE_S = 400


@dataclass(frozen=True)
class Server:
    """A running app. ``url`` has no trailing slash; ``api()`` is signed in as administrator."""

    url: str
    home: Path
    username: str
    password: str
    process: subprocess.Popen[bytes]

    def api(self) -> httpx.Client:
        """An HTTP client of the API with the administrator's cookie; the caller closes it."""
        client = httpx.Client(base_url=f"{self.url}/api/v1", timeout=60)
        answer = client.post(
            "/auth/login", json={"username": self.username, "password": self.password}
        )
        answer.raise_for_status()
        return client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_server(home: Path, **settings: str) -> Server:
    """Start ``streamlit run app.py`` on a free port and wait until it is ready."""
    return _start_app(home, free_port(), settings)


def start_again(server: Server) -> Server:
    """The same installation at the same address, after its process has ended."""
    again = _start_app(server.home, int(server.url.rpartition(":")[2]), {})
    return replace(server, process=again.process)


def _start_app(home: Path, port: int, settings: Mapping[str, str]) -> Server:
    address = ("--server.port", str(port), "--server.address", "127.0.0.1")
    command = (sys.executable, "-m", "streamlit", "run", "app.py", *address)
    return start_command(command, port, home, REPO, TPOD_DATA_DIR=str(home), **settings)


def start_command(
    command: Sequence[str], port: int, home: Path, working_dir: Path, **settings: str
) -> Server:
    """Start a server that will listen on ``port``, and wait until it is ready.

    Args:
        home: where it keeps its data; its log is written there too.
    """
    password = secrets.token_urlsafe(12)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TPOD_")} | {
        "TPOD_ADMIN_USERNAME": "admin",
        "TPOD_ADMIN_PASSWORD": password,
        "TPOD_WEIGHTS_DOWNLOAD": "false",
        "TPOD_DEFAULT_WORKERS": "1",  # each start costs a second of processor time
        **settings,
    }
    home.mkdir(parents=True, exist_ok=True)
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=working_dir, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    server = Server(f"http://127.0.0.1:{port}", home, "admin", password, process)
    _wait_until_ready(server)
    return server


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + START_DEADLINE_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            if httpx.get(f"{server.url}/api/v1/readyz", timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass  # Not listening yet: that is what the loop waits for.
        time.sleep(0.1)
    stop_server(server)
    pytest.fail("the app did not start:\n" + (server.home / "server.log").read_text()[-4000:])


def stop_server(server: Server) -> None:
    """Press Ctrl-C and wait for the end, as a person at the terminal does."""
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGINT)
        try:
            server.process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()


@contextmanager
def installation_of(server: Server) -> Iterator[User]:
    """Write into a running app's data from this process, as its administrator."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TPOD_DATA_DIR", str(server.home))
        get_settings.cache_clear()
        db.dispose()
        with db.read_session() as session:
            yield session.get_one(User, 1)
        db.engine().dispose()
        db.dispose()
    get_settings.cache_clear()


def wait_for(
    client: httpx.Client, path: str, done: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """Ask ``path`` until ``done(body)``; fails with the last body when time is up."""
    deadline = time.monotonic() + WAIT_DEADLINE_S
    while True:
        body: dict[str, Any] = client.get(path).raise_for_status().json()
        if done(body):
            return body
        assert time.monotonic() < deadline, f"{path} still says {body}"
        time.sleep(0.2)
