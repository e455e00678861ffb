"""Hashes of passwords."""

import pytest

from tpod_core import auth


def test_password_matches_only_itself() -> None:
    hashed = auth.hash_password("correct horse")
    assert auth.password_matches(hashed, "correct horse")
    assert not auth.password_matches(hashed, "correct horsf")
    assert not auth.password_matches(None, "correct horse")
    assert "correct" not in hashed


@pytest.mark.parametrize("typed", ["caf\u00e9 horse", "cafe\u0301 horse", "ｃafé horse"])
def test_keyboard_s_way_to_compose_a_character_does_not_matter(typed: str) -> None:
    assert auth.password_matches(auth.hash_password("café horse"), typed)
    assert auth.password_matches(auth.hash_password(typed), "café horse")


def test_hash_of_what_was_typed_before_passwords_were_normalised_still_matches() -> None:
    typed = "ｃafe\u0301 horse"
    assert auth.password_matches(auth._hasher().hash(typed), typed)
    assert not auth.password_matches(auth._hasher().hash(typed), "another horse")
