import pytest

from tpod_core.auth import AttemptLimiter
from tpod_core.models import User
from tpod_core.web import cookie_session


@pytest.fixture
def owner(admin: User) -> User:
    """The administrator, as whom ``api`` is signed in."""
    return admin


@pytest.fixture
def fresh_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No attempt to sign in or to register counted yet; three wrong passwords per name."""
    monkeypatch.setattr(cookie_session, "_name_limiter", AttemptLimiter(limit=3))
    for name in ("_address_limiter", "_registrations_of_address", "_registrations"):
        monkeypatch.setattr(cookie_session, name, AttemptLimiter(limit=100))
