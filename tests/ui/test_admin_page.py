"""The Administration page: who may come in."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._shared import guard
from pages._shared.paged_list import PAGE_SIZE
from tests.conftest import add_user
from tests.fake_queue import ListQueue
from tpod_core.db import read_session, transaction
from tpod_core.models import Role, User, saved_id
from tpod_core.services import users

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "admin.py")


def page(monkeypatch: pytest.MonkeyPatch, user: User) -> AppTest:
    monkeypatch.setattr(guard, "find_user", lambda: user)
    test = AppTest.from_file(PAGE, default_timeout=30).run()
    assert not test.exception, test.exception
    return test


def stored(user: User) -> User:
    with read_session() as session:
        return session.get_one(User, user.id)


def test_names_of_accounts_stay_text(
    admin: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_user("*ann* $1$", Role.USER)
    shown = [element.value for element in page(monkeypatch, admin).markdown]
    assert any(words.startswith(r"**\*ann\* \$1\$**") for words in shown)


def test_administrator_gives_a_role(
    admin: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = add_user("ann", Role.NONE)
    test = page(monkeypatch, admin)
    assert "1 waiting" in test.info[0].value
    test.selectbox(key=f"role-{saved_id(ann)}-none").select(Role.USER).run()
    assert stored(ann).role is Role.USER
    assert not test.info


def test_administrator_deactivates_an_account(
    admin: User, member: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = page(monkeypatch, admin)
    test.toggle(key=f"active-{saved_id(member)}-True").set_value(False).run()
    assert not stored(member).active


def test_last_administrator_cannot_step_down(
    admin: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = page(monkeypatch, admin)
    test.selectbox(key=f"role-{saved_id(admin)}-admin").select(Role.USER).run()
    assert "last administrator" in test.error[0].value
    assert stored(admin).role is Role.ADMIN


def test_page_is_closed_to_others(
    member: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = page(monkeypatch, member)
    assert "Only an administrator" in test.error[0].value
    assert not test.selectbox


def test_everybody_is_listed_by_name(home: Path) -> None:
    for name in ("zoe", "Ann", "bob"):
        add_user(name, Role.USER)
    with read_session() as session:
        listed = users.list_users(session, limit=9).rows
    assert [user.username for user in listed] == ["Ann", "bob", "zoe"]


def test_many_accounts_are_shown_a_page_at_a_time_those_who_wait_first(
    admin: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        for number in range(60):
            name = f"member {number:02}"
            row = User(username=name, username_key=name, password_hash="", role=Role.USER)
            session.add(row)
    add_user("zoe", Role.NONE)
    test = page(monkeypatch, admin)
    assert len(test.selectbox) == PAGE_SIZE
    assert test.selectbox[0].value is Role.NONE
    assert "1 to 30 of 62" in [each.value for each in test.caption]
    test.button(key="accounts-next").click().run()
    test.button(key="accounts-next").click().run()
    assert len(test.selectbox) == 2
    test.text_input(key="accounts_search").input("zo").run()
    assert len(test.selectbox) == 1
    test.text_input(key="accounts_search").input("nobody").run()
    assert "“nobody”" in test.info[1].value


def test_role_that_another_administrator_gave_stays(
    admin: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = add_user("ann", Role.NONE)
    test = page(monkeypatch, admin)
    with transaction() as session:
        users.change_user(session, saved_id(ann), Role.USER, active=None)
    test.run()
    assert stored(ann).role is Role.USER
    assert test.selectbox(key=f"role-{saved_id(ann)}-user").value is Role.USER
