"""The Account page: one's tokens and password."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._shared import guard
from tests.fake_queue import ListQueue
from tests.ui.acting import press, sound
from tpod_core.models import User

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "account.py")


@pytest.fixture
def test(member: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(guard, "find_user", lambda: member)
    return sound(AppTest.from_file(PAGE, default_timeout=30).run())


def make_token(test: AppTest, name: str) -> AppTest:
    test.text_input[0].input(name)
    return press(test, "Create token")


def listed(test: AppTest) -> list[str]:
    return [element.value for element in test.markdown if "made" in element.value]


def test_new_token_is_shown_once_and_listed_at_once(test: AppTest) -> None:
    make_token(test, "nightly *upload*")
    assert len(test.code[0].value) > 20
    [line] = listed(test)
    assert line.startswith(r"**nightly \*upload\***")
    sound(test.run())
    assert not test.code
    assert len(listed(test)) == 1


def test_revoked_token_is_gone(test: AppTest) -> None:
    make_token(test, "nightly upload")
    press(test, "Revoke")
    assert not listed(test)


def test_token_without_a_name_is_refused_with_a_word(test: AppTest) -> None:
    make_token(test, " ")
    assert "needs a name" in test.error[0].value
    assert not listed(test)


def test_page_says_what_a_new_password_ends(test: AppTest) -> None:
    def sentence() -> str:
        [caption] = [each.value for each in test.caption if "every browser" in each.value]
        return str(caption)

    assert "token" not in sentence()
    for name in ("nightly upload", "backup"):
        make_token(test, name)
    assert sentence() == "Signs you out of every browser. Your 2 API tokens stop working."
