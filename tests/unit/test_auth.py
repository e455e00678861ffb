"""Hashes of passwords."""

import pytest

from tpod_core import auth
from tpod_core.errors import InvalidInput


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
