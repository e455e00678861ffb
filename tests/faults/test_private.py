"""Other accounts of the host read nothing: no file, no argument, no environment of a child."""

import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.faults.house import House, wait_until
from tests.live import Server, start_server, stop_server, wait_for
from tests.synthetic import make_video
from tpod_core.embedded.paths import find_socket

PLANTED = "planted-in-the-url"
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Installation:
    """A running app that has imported a video, and the directory of its database."""

    server: Server
    database_dir: Path

    @property
    def data_dir(self) -> Path:
        return self.server.home

    def processes(self) -> list[psutil.Process]:
        """Every process of the installation but the app itself."""
        supervised = House(self.data_dir).everything()
        return [*psutil.Process(self.server.process.pid).children(recursive=True), *supervised]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    root = tmp_path_factory.mktemp("private")
    data_dir, database_dir = root / "data", root / PLANTED
    for directory in (data_dir, database_dir):
        directory.mkdir()
        directory.chmod(0o755)
    server = start_server(data_dir, TPOD_DATABASE_URL=f"sqlite:///{database_dir}/tpod.sqlite3")
    with closing(server.api()) as api:
        make_video(root / "clip.mp4", 10, (64, 48))
        video = api.post("/videos", json={"name": "clip", "labels": []}).json()["id"]
        with (root / "clip.mp4").open("rb") as file:
            api.post(f"/videos/{video}/data", files={"file": ("clip.mp4", file)}).raise_for_status()
        wait_for(api, f"/videos/{video}/status", lambda body: body["state"] == "ready")
    yield Installation(server, database_dir)
    stop_server(server)


def test_everything_in_the_data_directory_is_its_owners_alone(installation: Installation) -> None:
    root = installation.data_dir
    made = [root, *(path for path in root.rglob("*") if path.name != "server.log")]
    assert len([path for path in made if path.is_file()]) > 5
    assert {path for path in made if path.lstat().st_mode & 0o077} == set()


def test_database_and_its_companions_are_their_owners_alone(installation: Installation) -> None:
    modes = {path.name: path.stat().st_mode & 0o077 for path in installation.database_dir.iterdir()}
    assert {"tpod.sqlite3", "tpod.sqlite3-wal", "tpod.sqlite3-shm"} <= modes.keys()
    assert set(modes.values()) == {0}


def test_socket_lies_in_a_directory_that_only_its_owner_enters(installation: Installation) -> None:
    socket = find_socket(installation.data_dir)
    assert socket is not None
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700


def test_narrowed_data_directory_is_told_in_the_log(installation: Installation) -> None:
    log = (installation.data_dir / "server.log").read_text()
    assert f"{installation.data_dir} was open to other accounts" in log


def test_no_process_has_a_secret_in_its_arguments_or_environment(
    installation: Installation,
) -> None:
    wait_until(
        lambda: len(House(installation.data_dir).find("worker")) == 3, "all workers have started"
    )
    processes = installation.processes()
    assert len(processes) >= 6, "supervisor, server, three workers, immediate propagation"
    for process in processes:
        shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        shown += Path(f"/proc/{process.pid}/environ").read_bytes()
        for secret in (PLANTED, installation.server.password):
            assert secret.encode() not in shown, process.cmdline()
