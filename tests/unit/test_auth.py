"""Passwords, tokens, and limits on attempts."""

import pytest

from tpod_core import auth
from tpod_core.auth import AttemptLimiter
from tpod_core.errors import InvalidInput, TooManyAttempts


def test_password_matches_only_itself() -> None:
    hashed = auth.hash_password("correct horse")
    assert auth.password_matches(hashed, "correct horse")
    assert not auth.password_matches(hashed, "correct horsf")
    assert not auth.password_matches(None, "correct horse")
    assert "correct" not in hashed


@pytest.mark.parametrize("password", ["", "short", "        "])
def test_password_that_protects_nothing_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput, match="at least 8"):
        auth.hash_password(password)


def test_limiter_loses_patience_with_one_key_only() -> None:
    limiter = AttemptLimiter(limit=2, window_s=60)
    for _ in range(2):
        limiter.require_allowed("ann")
        limiter.record("ann")
    with pytest.raises(TooManyAttempts):
        limiter.require_allowed("ann")
    limiter.require_allowed("bob")


def test_limiter_forgives_after_a_while_and_after_success(monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = AttemptLimiter(limit=1, window_s=60)
    limiter.record("ann")
    limiter.forget("ann")
    limiter.require_allowed("ann")
    limiter.record("ann")
    now = auth.time.monotonic()
    monkeypatch.setattr(auth.time, "monotonic", lambda: now + 61)
    limiter.require_allowed("ann")
