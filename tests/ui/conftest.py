import pytest

from pages._shared import guard
from tests.fake_queue import ListQueue
from tpod_core.models import User


@pytest.fixture
def user(member: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch) -> User:
    """A member who sits in front of the screen."""
    monkeypatch.setattr(guard, "find_user", lambda: member)
    return member


@pytest.fixture
def owner(user: User) -> User:
    return user
