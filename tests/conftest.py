"""What every test may ask for: a fresh installation, people in it, real data."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import Server, start_server, stop_server
from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.migrations import upgrade
from tpod_core.models import Role, User

REPO = Path(__file__).resolve().parents[1]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data directory of its own with a migrated SQLite database."""
    for name in [name for name in os.environ if name.startswith("TPOD_")]:
        if name != "TPOD_SHARED_DATA":
            monkeypatch.delenv(name)
    directory = tmp_path / "home"
    directory.mkdir()
    monkeypatch.setenv("TPOD_DATA_DIR", str(directory))
    monkeypatch.setenv("TPOD_MIN_FREE_BYTES", "0")
    get_settings.cache_clear()
    db.dispose()
    upgrade(db.engine())
    yield directory
    db.engine().dispose()
    db.dispose()
    get_settings.cache_clear()


@pytest.fixture
def admin(home: Path) -> User:
    return add_user("admin", Role.ADMIN)


@pytest.fixture
def member(home: Path) -> User:
    return add_user("member", Role.USER)


def add_user(username: str, role: Role) -> User:
    """An account whose password is ``"correct horse"``."""
    from tpod_core.auth import hash_password

    with db.transaction() as session:
        user = User(
            username=username,
            username_key=username.casefold(),
            password_hash=hash_password("correct horse"),
            role=role,
        )
        session.add(user)
    return user


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real videos with truth; where they are absent the test is skipped, and says so."""
    directory = Path(os.environ.get("TPOD_SHARED_DATA", REPO.parent / "shared" / "data"))
    if not directory.is_dir():
        pytest.skip(f"no real data at {directory} (set TPOD_SHARED_DATA)")
    return directory


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One app per test module, on an empty installation with an administrator."""
    running = start_server(tmp_path_factory.mktemp("installation"))
    yield running
    stop_server(running)
