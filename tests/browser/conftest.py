"""The real app in its own process, and Chromium in front of it."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.install_browser import find_browser

REPO = Path(__file__).resolve().parents[2]
START_DEADLINE_S = 60
STOP_DEADLINE_S = 20
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass(frozen=True)
class Server:
    """A running app. ``url`` has no trailing slash; ``api()`` is signed in as administrator."""

    url: str
    home: Path
    username: str
    password: str
    process: subprocess.Popen[bytes]

    def api(self) -> httpx.Client:
        """An HTTP client of the API with the administrator's cookie."""
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
    port, password = free_port(), secrets.token_urlsafe(12)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TPOD_")} | {
        "TPOD_DATA_DIR": str(home),
        "TPOD_ADMIN_USERNAME": "admin",
        "TPOD_ADMIN_PASSWORD": password,
        "TPOD_WEIGHTS_DOWNLOAD": "false",
        **settings,
    }
    home.mkdir(parents=True, exist_ok=True)
    with (home / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "streamlit", "run", "app.py"),
                *("--server.port", str(port), "--server.address", "127.0.0.1"),
            ],
            cwd=REPO,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One app per test module, on an empty installation with an administrator."""
    running = start_server(tmp_path_factory.mktemp("installation"))
    yield running
    stop_server(running)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.skip("NO BROWSER: no Chromium found, see tests/install_browser.py")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """A fresh browser profile, signed in as the administrator."""
    fresh = browser.new_context(viewport={"width": 1280, "height": 720}, base_url=server.url)
    answer = fresh.request.post(
        "/api/v1/auth/login", data={"username": server.username, "password": server.password}
    )
    assert answer.ok, answer.text()
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab of the signed-in browser; nothing is opened in it yet."""
    return context.new_page()
