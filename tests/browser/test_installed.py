"""TPOD from its wheel, in an environment without the extra ``train``."""

import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.base_python import REPO, make_base_python
from tests.browser.annotator import import_video
from tests.live import Server, free_port, start_command, stop_server
from tests.synthetic import make_video
from tpod_core.embedded.locks import is_locked
from tpod_core.embedded.paths import lock_path

pytestmark = pytest.mark.slow

DEADLINE_MS = 60_000
LIES_IN_APPLICATION = ("app.py", "pages/", "workers/", ".streamlit/")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--quiet", "--wheel-dir", str(directory))
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "."], cwd=REPO, check=True)
    [built] = directory.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def commands(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of ``tpod`` and ``tpod-worker``, installed from the wheel."""
    python = make_base_python(tmp_path_factory.mktemp("environment"))
    pip = (sys.executable, "-m", "pip", "--python", str(python))
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True)
    return python.parent


def start_installed(commands: Path, directory: Path) -> Server:
    """``tpod run`` from an empty directory, in an account that has no data yet."""
    working_dir = directory / "empty"
    working_dir.mkdir(parents=True)
    port = free_port()
    command = (str(commands / "tpod"), "run", f"--port={port}", "--address=127.0.0.1")
    home = directory / "share" / "tpod"
    return start_command(command, port, home, working_dir, XDG_DATA_HOME=str(home.parent))


@pytest.fixture(scope="module")
def server(commands: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_installed(commands, tmp_path_factory.mktemp("account"))
    yield running
    stop_server(running)


def test_wheel_holds_every_file_of_ours_and_nothing_else(wheel: Path) -> None:
    listed = subprocess.run(
        [
            *("git", "ls-files", "--cached", "--others", "--exclude-standard"),
            *("tpod_core", *LIES_IN_APPLICATION),
        ],
        cwd=REPO,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    wanted = {
        f"tpod_core/application/{path}" if path.startswith(LIES_IN_APPLICATION) else path
        for path in listed
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == wanted


def test_wheel_takes_one_name_in_site_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"tpod_core"}


def test_installed_app_keeps_its_data_in_the_account_of_who_started_it(server: Server) -> None:
    with closing(server.api()) as api:
        made = api.post("/videos", json={"name": "Kitchen", "labels": [{"name": "cup"}]})
    assert made.status_code == 201
    assert (server.home / "tpod.sqlite3").stat().st_size > 0
    assert list((server.home.parents[1] / "empty").iterdir()) == []


def test_installed_worker_imports_a_video(server: Server, tmp_path: Path) -> None:
    path = make_video(tmp_path / "kitchen.mp4", 24, (192, 96))
    with closing(server.api()) as api:
        number = import_video(api, path, ["cup"])
        assert api.get(f"/videos/{number}").json()["frame_count"] == 24


@pytest.mark.browser
def test_installed_screens_find_their_scripts_and_our_colours(page: Page) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto("/videos")
    expect(page.get_by_text("Drop videos here")).to_be_visible(timeout=DEADLINE_MS)
    text_color = page.locator(".stApp").evaluate("node => getComputedStyle(node).color")
    assert text_color == "rgb(26, 33, 48)", "as .streamlit/config.toml says"
    assert errors == []


def test_ctrl_c_ends_all_that_was_started(commands: Path, tmp_path: Path) -> None:
    running = start_installed(commands, tmp_path)
    lock = lock_path(running.home)
    assert is_locked(lock)
    stop_server(running)
    assert running.process.returncode != -signal.SIGKILL, "it ended by itself"
    assert not is_locked(lock), "the supervisor has gone too"


def test_worker_for_trainings_refuses_to_start_where_it_could_not_train(commands: Path) -> None:
    refused = subprocess.run(
        [commands / "tpod-worker", "low"], capture_output=True, text=True, check=False, timeout=60
    )
    assert refused.returncode == 1
    assert "pip install 'tpod[train]'" in refused.stderr


def test_worker_of_the_other_queue_is_there(commands: Path) -> None:
    asked = subprocess.run(
        [commands / "tpod-worker", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert "default" in asked.stdout
