from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.house import House
from tests.faults.running_worker import RunningWorker
from tests.redis_server import RefusingRedis, installed_redis, redis_server
from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.migrations import upgrade


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One running installation for the module; each test leaves it complete or opens it again."""
    with pytest.MonkeyPatch.context() as patch:
        data_dir: Path = tmp_path_factory.mktemp("house")
        patch.setenv("TPOD_DATA_DIR", str(data_dir))
        patch.setenv("TPOD_MIN_FREE_BYTES", "0")
        patch.delenv("TPOD_REDIS_URL", raising=False)
        patch.delenv("TPOD_DATABASE_URL", raising=False)
        get_settings.cache_clear()
        db.dispose()
        upgrade(db.engine())
        opened = House(data_dir)
        opened.open()
        yield opened
        opened.close()
        db.engine().dispose()
        db.dispose()
    get_settings.cache_clear()


@pytest.fixture
def redis(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RefusingRedis]:
    with redis_server() as socket, installed_redis(socket, monkeypatch) as server:
        yield server


@pytest.fixture
def start_worker(home: Path, redis: RefusingRedis) -> Iterator[Callable[[], RunningWorker]]:
    """Starts the worker of the test, which ends with it."""
    started: list[RunningWorker] = []

    def start() -> RunningWorker:
        started.append(RunningWorker(home / "worker.log"))
        return started[-1]

    yield start
    for worker in started:
        worker.process.kill()
        worker.process.wait()
