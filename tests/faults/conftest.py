from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import House


@pytest.fixture
def house(home: Path) -> Iterator[House]:
    """A running installation; closed whatever became of it."""
    opened = House(home)
    opened.open()
    yield opened
    opened.close()
