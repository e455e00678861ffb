"""What runs or acts on a page without the page asks who is there."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._shared import guard
from pages._shared.acting import as_user, fragment
from tests.conftest import add_user
from tpod_core.models import Role, User


@pytest.fixture
def sit(monkeypatch: pytest.MonkeyPatch) -> Callable[[User | None], None]:
    """Lets somebody, or nobody, sit in front of the screen."""

    def sit(user: User | None) -> None:
        monkeypatch.setattr(guard, "find_user", lambda: user)

    return sit


@pytest.mark.parametrize("is_signed_out", [True, False])
def test_act_of_somebody_who_has_no_access_any_more_is_not_done(
    home: Path, sit: Callable[[User | None], None], is_signed_out: bool
) -> None:
    done: list[str] = []
    act = as_user(lambda user, what: done.append(f"{user.username} {what}"))
    sit(add_user("ann", Role.USER))
    act("decides")
    sit(None if is_signed_out else add_user("bob", Role.NONE))
    act("decides")
    assert done == ["ann decides"]


def _page() -> None:
    import streamlit as st

    from pages._shared.acting import fragment
    from tpod_core.models import User

    def show(user: User, greeting: str) -> None:
        st.write(f"{greeting} {user.username}")

    fragment(show)("Hello")


def test_fragment_shows_itself_to_whoever_is_there(
    home: Path, sit: Callable[[User | None], None]
) -> None:
    sit(add_user("ann", Role.USER))
    test = AppTest.from_function(_page).run()
    assert [text.value for text in test.markdown] == ["Hello ann"]
    sit(None)
    test.run()
    assert not test.markdown and not test.exception
    assert "You are signed out." in test.get("html")[0].proto.body


def test_two_fragments_keep_apart() -> None:
    """Streamlit tells fragments apart by the names of their functions."""
    names = {fragment(each).__qualname__ for each in (_page, test_two_fragments_keep_apart)}
    assert len(names) == 2


@pytest.mark.parametrize(
    ("page", "parameter"),
    [
        ("labeling", "video"),
        ("review", "detector"),
        ("detectors", "detector"),
        ("detectors", "training_set"),
        ("training_sets", "training_set"),
    ],
)
@pytest.mark.parametrize("value", ["9" * 5000, "-1", "²", "1.5", "0"])
def test_address_that_names_nothing_breaks_no_page(
    user: User, page: str, parameter: str, value: str
) -> None:
    path = Path(__file__).resolve().parents[2] / "pages" / f"{page}.py"
    test = AppTest.from_file(str(path), default_timeout=30)
    test.query_params[parameter] = value
    test.run()
    assert not test.exception
    assert not any("went wrong" in error.value for error in test.error)
