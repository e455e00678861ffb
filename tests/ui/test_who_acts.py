"""What a person does on a page is logged as theirs."""

from pathlib import Path

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from pages._shared import guard
from tests.fake_queue import ListQueue
from tests.log_lines import Lines
from tests.ui.acting import press, sound
from tpod_core.models import User

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "account.py")


def test_act_on_a_page_is_logged_with_the_person_and_the_page(
    member: User, queue: ListQueue, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard.cookie_session, "find_user", lambda cookies: member)
    monkeypatch.setattr(ContextProxy, "ip_address", "10.0.0.7")  # AppTest has no connection
    test = sound(AppTest.from_file(PAGE, default_timeout=30).run())
    test.text_input[0].input("robot")
    press(test, "Create token")
    line = lines.with_("token created token=1 name=robot owner=member")
    assert 'address=10.0.0.7 user=member at="page /"' in line
