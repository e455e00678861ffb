import pytest

from tpod_core.models import User


@pytest.fixture
def owner(admin: User) -> User:
    """The administrator, as whom ``api`` is signed in."""
    return admin
