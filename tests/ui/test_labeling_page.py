"""The labelling screen on the server: what it mounts, and what it explains instead."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages._labeling import annotator
from tests.conftest import add_user
from tests.labelled import add_video
from tpod_core import db
from tpod_core.models import Role, User, Video, VideoState
from tpod_core.services import videos

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "labeling.py")


@pytest.fixture
def video(user: User) -> Video:
    """640 x 360 pixels, 100 frames, the labels cup and bus."""
    return add_video(user)


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the annotator was mounted with, once for each run of the script."""
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(annotator, "_mount", lambda **call: calls.append(call))
    return calls


def page(**query: Any) -> AppTest:
    test = AppTest.from_file(PAGE, default_timeout=20)
    for name, value in query.items():
        test.query_params[name] = str(value)
    test.run()
    assert not test.exception, test.exception
    return test


def words(test: AppTest) -> str:
    return " ".join(element.value for element in [*test.title, *test.caption, *test.error])


def test_page_mounts_the_video_and_names_whose_edits_are_saved(
    user: User, video: Video, mounted: list[dict[str, Any]]
):
    page(video=video.id)
    (call,) = mounted
    facts = call["data"]
    assert facts["user"] == {"id": user.id, "username": user.username}
    assert (facts["id"], facts["frames"], facts["width"]) == (video.id, 100, 640)


def test_frame_in_the_address_changes_nothing_that_is_mounted(
    video: Video, mounted: list[dict[str, Any]]
):
    page(video=video.id)
    page(video=video.id, frame=40)
    assert mounted[0] == mounted[1]


def test_page_without_a_video_says_where_to_choose_one(user: User):
    assert "Open it from the list" in words(page())


def test_page_of_someone_elses_video_finds_nothing(user: User):
    other = add_video(add_user("other", Role.USER))
    test = page(video=other.id)
    assert f"no video {other.id}" in words(test)
    assert [button.label for button in test.button] == ["Go to the videos"]


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (VideoState.CREATED, "has no file yet"),
        (VideoState.PROCESSING, "first frames are being read"),
        (VideoState.FAILED, "cannot be labelled"),
    ],
)
def test_page_of_a_video_without_frames_says_why(user: User, state: VideoState, sentence: str):
    video = add_video(user, frame_count=0, state=state)
    assert sentence in words(page(video=video.id))


def test_page_of_a_video_that_is_deleted_meanwhile_leads_to_the_others(user: User, video: Video):
    test = page(video=video.id)
    with db.transaction() as session:
        videos.delete(session, session.get_one(Video, video.id))
    test.run()
    assert f"no video {video.id}" in words(test)
    assert [button.label for button in test.button] == ["Go to the videos"]
