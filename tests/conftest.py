"""What every test may ask for: a fresh installation, people in it, real data."""

import gc
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from tests import frame_truth
from tests.documented import OnlyDocumented
from tests.fake_queue import ListQueue
from tests.live import Server, start_server, stop_server
from tests.log_lines import Lines, collected_lines
from tpod_core import auth, db
from tpod_core.config import get_settings
from tpod_core.migrations import upgrade
from tpod_core.models import Detector, Role, TrainingSet, User
from tpod_core.queue import replaced_by

if TYPE_CHECKING:  # It needs the packages of the extra `train`.
    from tests.detectors import FakeProvider

# Tests run side by side on few cores, in processes that start others: threads that wait for a core
# make a training ten times as long. Before torch is imported, and inherited by what is started.
os.environ.setdefault("OMP_NUM_THREADS", "1")

PASSWORD = "correct horse"
LONGEST = "test_provider_contract.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the file that takes longest: one worker has all of it."""
    items.sort(key=lambda item: item.path.name != LONGEST)


def pytest_collection_finish() -> None:
    """Leave what was imported out of garbage collections: trainings ask for one each epoch."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Password hashes that cost nothing; how dear real ones are is argon2's own concern."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auth, "_hasher", lambda: PasswordHasher(1, 8, 1))
        yield


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database of the newest schema, to be copied: migrating takes 30 times as
    long as copying.
    """
    path = tmp_path_factory.mktemp("migrated") / "tpod.sqlite3"
    engine = db.make_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, migrated_database: Path
) -> Iterator[Path]:
    """A data directory of its own with a migrated SQLite database."""
    for name in [name for name in os.environ if name.startswith("TPOD_")]:
        if name != "TPOD_SHARED_DATA":
            monkeypatch.delenv(name)
    directory = tmp_path / "home"
    directory.mkdir(mode=0o700)
    monkeypatch.setenv("TPOD_DATA_DIR", str(directory))
    monkeypatch.setenv("TPOD_MIN_FREE_BYTES", "0")
    get_settings.cache_clear()
    db.dispose()
    shutil.copy(migrated_database, directory)
    yield directory
    db.engine().dispose()
    db.dispose()
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def data_directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory for the tests of a module; without the database of ``home``."""
    with pytest.MonkeyPatch.context() as patch:
        directory = tmp_path_factory.mktemp("data")
        patch.setenv("TPOD_DATA_DIR", str(directory))
        get_settings.cache_clear()
        yield directory
    get_settings.cache_clear()


@pytest.fixture
def queue(home: Path) -> Iterator[ListQueue]:
    """The queue of jobs, without Redis; nothing runs unless a test runs it."""
    standing_in = ListQueue()
    with replaced_by(standing_in):
        yield standing_in


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What is written to the log, line by line."""
    with collected_lines() as lines:
        yield lines


@dataclass(frozen=True)
class Api:
    """The HTTP API in this process: one client per person, and the queue behind it."""

    queue: ListQueue
    app: Starlette

    def client(self, username: str | None = None) -> TestClient:
        """A client below ``/api/v1``, signed in as ``username`` if one is given."""
        client = TestClient(self.app, base_url="http://testserver/api/v1")
        if username:
            answer = client.post("/auth/login", json={"username": username, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
        return client


@pytest.fixture(scope="session")
def http_app() -> Starlette:
    """The API keeps nothing between requests, and builds its validators at the first ones."""
    from tpod_core.web.app import create_api, routes

    checked = Middleware(OnlyDocumented, document=create_api().openapi())
    return Starlette(routes=routes(), middleware=[checked])


@pytest.fixture
def installation(queue: ListQueue, http_app: Starlette) -> Api:
    """The API on an empty installation; make users first, then clients."""
    return Api(queue, http_app)


@pytest.fixture
def api(installation: Api, admin: User) -> TestClient:
    """A client that is signed in as the administrator."""
    return installation.client("admin")


@pytest.fixture
def admin(home: Path) -> User:
    return add_user("admin", Role.ADMIN)


@pytest.fixture
def member(home: Path) -> User:
    return add_user("member", Role.USER)


@pytest.fixture
def owner(member: User) -> User:
    """Whose the training set and the detector of a test are."""
    return member


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> "FakeProvider":
    """A fake family that trains at once in the place of every other."""
    from tests.detectors import use_fake_provider

    return use_fake_provider(monkeypatch)


@pytest.fixture
def training_set(home: Path, owner: User, queue: ListQueue) -> TrainingSet:
    """A small one that is ready to be trained on."""
    from tests.training_sets import add_training_set

    return add_training_set(home, owner)


@pytest.fixture
def detector(home: Path, owner: User, queue: ListQueue) -> Detector:
    """A trained one that sees the same cup in every picture."""
    from tests.detectors import add_trained_detector

    return add_trained_detector(home, owner)


def add_user(username: str, role: Role) -> User:
    """An account whose password is ``PASSWORD``."""
    with db.transaction() as session:
        user = User(
            username=username,
            username_key=username.casefold(),
            password_hash=auth.hash_password(PASSWORD),
            role=role,
        )
        session.add(user)
    return user


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real videos with truth; where they are absent the test is skipped, and says so."""
    directory = frame_truth.shared_data()
    if not directory.is_dir():
        pytest.skip(f"no real data at {directory} (set TPOD_SHARED_DATA)")
    return directory


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One app with an administrator, which starts empty: starting it takes ten seconds of CPU.

    Tests find there what those before them left. A module that stops it, or that must see an
    empty one, has a ``server`` of its own.
    """
    running = start_server(tmp_path_factory.mktemp("installation"))
    yield running
    stop_server(running)
