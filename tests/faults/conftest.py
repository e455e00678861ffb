from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import House
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
