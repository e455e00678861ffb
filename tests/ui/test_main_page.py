"""The way in: ``pages/main.py`` as people with and without access see it."""

from pathlib import Path

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from pages._shared import guard
from tests.conftest import add_user
from tests.fake_queue import ListQueue
from tpod_core import health
from tpod_core.config import get_settings
from tpod_core.db import transaction
from tpod_core.models import Job, JobState, Role, User, Video, saved_id
from tpod_core.services import demo, videos

MAIN = str(Path(__file__).resolve().parents[2] / "pages" / "main.py")


def page(**query: str) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=30)
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception, test.exception
    return test


def written(test: AppTest) -> str:
    """Everything in plain HTML on the page."""
    return "\n".join(element.proto.body for element in test.get("html"))


def sit(monkeypatch: pytest.MonkeyPatch, user: User | None) -> None:
    """Let ``user``, or a stranger, sit in front of the screen."""
    monkeypatch.setattr(guard, "find_user", lambda: user)


def test_person_signed_out_since_is_led_to_sign_in_and_back(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit(monkeypatch, None)
    test = page(video="3 & 4")
    assert "You are signed out." in written(test)
    assert 'href="/sign-in?next=%2F%3Fvideo%3D3%2B%2526%2B4"' in written(test)
    assert not test.title and not test.button


def test_person_whose_role_was_withdrawn_sees_nothing_else(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit(monkeypatch, add_user("ann", Role.NONE))
    test = page()
    assert "no longer has access" in written(test)
    assert not test.title and not test.button


def test_nearly_full_disk_is_said_above_the_screen_until_there_is_room(
    admin: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit(monkeypatch, admin)
    monkeypatch.setenv("TPOD_MIN_FREE_BYTES", str(10**18))
    get_settings.cache_clear()
    test = page()
    [notice] = test.warning
    assert "is nearly full" in notice.value and "Delete videos" in notice.value
    monkeypatch.setenv("TPOD_MIN_FREE_BYTES", "1")
    get_settings.cache_clear()
    assert not test.run().warning


def test_queue_that_does_not_work_is_said_above_the_screen(
    admin: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit(monkeypatch, admin)
    monkeypatch.setattr(health.queue_watch, "message", "The queue at TPOD_REDIS_URL is full.")
    assert [notice.value for notice in page().warning] == [
        r"The queue at TPOD\_REDIS\_URL is full\."
    ]


def test_home_marks_the_next_step(
    admin: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    sit(monkeypatch, admin)
    test = page()
    assert test.title[0].value == "Hello, admin"
    steps = [text.value for text in test.markdown if "badge" in text.value]
    assert "next" in steps[0]
    assert all("step" in step for step in steps[1:])


def test_demo_is_offered_until_it_is_there_and_again_once_it_is_deleted(
    admin: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_offered() -> bool:
        return "Load the demo project" in [button.label for button in page().button]

    sit(monkeypatch, admin)
    with transaction() as session:
        job = demo.start(session, admin)
        session.add(Video(owner_id=saved_id(admin), name="Demo: square", job_id=saved_id(job)))
        job.state = JobState.FAILED
    assert is_offered()
    with transaction() as session:
        session.get_one(Job, job.id).state = JobState.SUCCEEDED
    assert not is_offered()
    with transaction() as session:
        videos.delete(session, session.exec(select(Video)).one())
    assert is_offered()


def test_demo_is_one_click(admin: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    sit(monkeypatch, admin)
    test = page()
    [button] = [b for b in test.button if b.label == "Load the demo project"]
    button.click().run()
    assert not test.exception
    assert [delivery.kind for delivery in queue.deliveries] == ["load-demo"]
    assert not [b for b in test.button if b.label == "Load the demo project"]
