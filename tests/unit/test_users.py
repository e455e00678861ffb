"""Accounts: the first administrator, sign-in, roles, tokens."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from tests.conftest import PASSWORD
from tpod_core.auth import hash_password
from tpod_core.config import Settings
from tpod_core.db import read_session, transaction
from tpod_core.errors import (
    CannotStart,
    Conflict,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyAttempts,
)
from tpod_core.models import ApiToken, AuthSession, Role, User, saved_id, utc_now
from tpod_core.services import users


def test_settings_create_the_first_administrator_once(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_ADMIN_USERNAME", "chief")
    monkeypatch.setenv("TPOD_ADMIN_PASSWORD", "a long password")
    users.ensure_first_administrator(Settings())
    users.ensure_first_administrator(Settings())
    with read_session() as session:
        everybody = users.list_users(session, limit=9).rows
    assert [(user.username, user.role) for user in everybody] == [("chief", Role.ADMIN)]


def test_settings_with_a_weak_password_are_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_ADMIN_USERNAME", "chief")
    with pytest.raises(CannotStart, match=r"TPOD_ADMIN_PASSWORD is not accepted.*at least 8"):
        users.ensure_first_administrator(Settings())
    monkeypatch.setenv("TPOD_ADMIN_PASSWORD", "password1")
    with pytest.raises(CannotStart, match=r"TPOD_ADMIN_PASSWORD is not accepted.*easy to guess"):
        users.ensure_first_administrator(Settings())
    monkeypatch.setenv("TPOD_ADMIN_USERNAME", "the\tchief")
    with pytest.raises(CannotStart, match="TPOD_ADMIN_USERNAME is not accepted"):
        users.ensure_first_administrator(Settings())


def test_settings_of_an_installation_that_has_accounts_are_not_judged(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_ADMIN_USERNAME", "admin")
    monkeypatch.setenv("TPOD_ADMIN_PASSWORD", "weak")
    users.ensure_first_administrator(Settings())


def test_weak_password_from_before_still_signs_in_but_is_set_by_nobody(member: User) -> None:
    weak = "password1"
    with transaction() as session:
        session.get_one(User, member.id).password_hash = hash_password(weak)
    users.sign_in("member", weak)
    with pytest.raises(InvalidInput, match="easy to guess"):
        users.change_password(member, weak, "password2")
    with pytest.raises(InvalidInput, match="easy to guess"):
        users.register("ann", weak)
    users.change_password(member, weak, PASSWORD)


def test_only_the_first_visitor_becomes_administrator(admin: User) -> None:
    with pytest.raises(Conflict):
        users.create_first_administrator("second", PASSWORD)


def test_first_account_is_the_administrator_s_and_every_other_has_no_role(home: Path) -> None:
    roles = [users.register(name, PASSWORD).role for name in ("Ann", "Bob")]
    assert roles == [Role.ADMIN, Role.NONE]


@pytest.mark.parametrize("name", ["member", "MEMBER", " member ", "ｍｅｍｂｅｒ"])
def test_name_that_reads_the_same_is_taken(member: User, name: str) -> None:
    with pytest.raises(InvalidInput, match="taken"):
        users.register(name, PASSWORD)


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a b", "x" * 151])
def test_name_that_cannot_be_shown_is_refused(home: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        users.register(name, PASSWORD)


def test_cookie_finds_its_user_until_sign_out(member: User) -> None:
    _, secret = users.sign_in("Member", PASSWORD)
    with transaction() as session:
        found = users.find_by_session(session, secret)
        assert found is not None and found.id == member.id
        users.sign_out(session, secret)
    with read_session() as session:
        assert users.find_by_session(session, secret) is None


def test_cookie_expires(member: User) -> None:
    _, secret = users.sign_in("member", PASSWORD)
    with transaction() as session:
        session.exec(select(AuthSession)).one().expires_at = utc_now() - timedelta(seconds=1)
    with read_session() as session:
        assert users.find_by_session(session, secret) is None


@pytest.mark.parametrize(("name", "password"), [("member", "wrong password"), ("nobody", PASSWORD)])
def test_wrong_sign_in_does_not_say_what_was_wrong(member: User, name: str, password: str) -> None:
    with pytest.raises(NotSignedIn, match="user name or the password"):
        users.sign_in(name, password)


def test_deactivation_signs_out_and_keeps_out(admin: User, member: User) -> None:
    _, secret = users.sign_in("member", PASSWORD)
    with transaction() as session:
        users.change_user(session, saved_id(member), active=False)
        assert users.find_by_session(session, secret) is None
    with pytest.raises(NotSignedIn):
        users.sign_in("member", PASSWORD)


@pytest.mark.parametrize("change", [{"role": Role.USER}, {"active": False}])
def test_last_administrator_stays(admin: User, change: dict[str, object]) -> None:
    with pytest.raises(Conflict, match="last administrator"), transaction() as session:
        users.change_user(session, saved_id(admin), **change)  # type: ignore[arg-type]
    with read_session() as session:
        row = session.get_one(User, admin.id)
        assert row.role is Role.ADMIN and row.active


def test_token_is_stored_hashed_and_belongs_to_one(admin: User, member: User) -> None:
    with transaction() as session:
        row, secret = users.create_token(session, member, "script")
        stored = session.exec(select(ApiToken)).one()
        assert secret not in stored.model_dump().values()
        with pytest.raises(NotFound):
            users.delete_token(session, admin, saved_id(row))
    found = users.user_of_token(secret)
    assert found is not None and found.id == member.id


def test_use_of_a_token_is_noted(member: User) -> None:
    with transaction() as session:
        _, secret = users.create_token(session, member, "script")
    before = utc_now()
    users.user_of_token(secret)
    with read_session() as session:
        used = session.exec(select(ApiToken)).one().last_used_at
    assert used is not None and before <= used <= utc_now()


def test_password_change_needs_the_old_one_and_signs_out(member: User) -> None:
    _, secret = users.sign_in("member", PASSWORD)
    with pytest.raises(InvalidInput):
        users.change_password(member, "wrong password", "a new password")
    users.change_password(member, PASSWORD, "a new password")
    with read_session() as session:
        assert users.find_by_session(session, secret) is None
    users.sign_in("member", "a new password")


def test_present_password_can_be_guessed_ten_times(member: User) -> None:
    for number in range(10):
        with pytest.raises(InvalidInput, match="present password is wrong"):
            users.change_password(member, f"wrong password {number}", "a new password")
    with pytest.raises(TooManyAttempts, match="Try again in 5 minutes"):
        users.change_password(member, PASSWORD, "a new password")
    users.sign_in("member", PASSWORD)


def test_password_change_ends_every_token(admin: User, member: User) -> None:
    with transaction() as session:
        _, mine = users.create_token(session, member, "script")
        _, other = users.create_token(session, admin, "script")
    users.change_password(member, PASSWORD, "a new password")
    assert users.user_of_token(mine) is None
    assert users.user_of_token(other) is not None


def test_deactivation_ends_every_token_for_good(admin: User, member: User) -> None:
    with transaction() as session:
        _, secret = users.create_token(session, member, "script")
    for active in (False, True):
        with transaction() as session:
            users.change_user(session, saved_id(member), active=active)
        assert users.user_of_token(secret) is None


@pytest.mark.parametrize("end", ["password", "deactivation"])
def test_no_token_is_made_by_who_was_signed_in_before(admin: User, member: User, end: str) -> None:
    if end == "password":
        users.change_password(member, PASSWORD, "a new password")
    else:
        with transaction() as session:
            users.change_user(session, saved_id(member), active=False)
    with pytest.raises(NotSignedIn), transaction() as session:
        users.create_token(session, member, "script")
    with read_session() as session:
        assert session.exec(select(ApiToken)).all() == []


def add_account_of_before(name: str) -> User:
    """An account from before user names were normalised."""
    with transaction() as session:
        user = User(
            username=name, username_key=name.casefold(), password_hash=hash_password(PASSWORD)
        )
        session.add(user)
    return user


@pytest.mark.parametrize("name", ["Ann Miller", "ＡＮＮ", "a\u200db"])
def test_account_whose_name_is_no_longer_allowed_still_signs_in(home: Path, name: str) -> None:
    account = add_account_of_before(name)
    assert users.sign_in(f" {name} ", PASSWORD)[0].id == account.id


def test_name_in_any_spelling_is_the_same_account_unless_there_is_an_exact_one(
    home: Path,
) -> None:
    ann = users.register("ann", PASSWORD)
    assert users.sign_in("ＡＮＮ", PASSWORD)[0].id == ann.id
    exact = add_account_of_before("ＡＮＮ")
    assert users.sign_in("ＡＮＮ", PASSWORD)[0].id == exact.id
    assert users.sign_in("ann", PASSWORD)[0].id == ann.id
