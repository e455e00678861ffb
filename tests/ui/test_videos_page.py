"""The Videos page: cards, labels, rename and delete."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._shared.paged_list import PAGE_SIZE
from tests.fake_queue import ListQueue
from tests.ui.acting import sound
from tpod_core.db import read_session, transaction
from tpod_core.models import FpsSource, JobKind, User, Video, VideoState, saved_id
from tpod_core.services import video_labels, videos
from tpod_core.storage import get_storage

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "videos.py")


def add(user: User, name: str = "Kitchen", **facts: object) -> int:
    with transaction() as session:
        video = videos.create(session, user, name)
        video_labels.set_first_labels(session, video, [("cup", None)])
        for field, value in facts.items():
            setattr(video, field, value)
        return saved_id(video)


def page() -> AppTest:
    return sound(AppTest.from_file(PAGE, default_timeout=30).run())


def cards(test: AppTest) -> list[str]:
    found = [e.proto.body for e in test.get("html")]
    return [body for body in found if body.startswith("<div class='tpod-card")]


def labels_of(number: int) -> list[str]:
    with read_session() as session:
        video = session.get_one(Video, number)
        return [label.name for label in video_labels.list_labels(session, video)]


def test_empty_page_says_what_to_do(user: User) -> None:
    assert page().subheader[0].value == "No videos yet"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        pytest.param({}, "Waiting for its file.", id="created"),
        pytest.param({"state": VideoState.UPLOADING}, "Receiving its file", id="uploading"),
        pytest.param({"state": VideoState.QUEUED}, "Waiting to be read", id="queued"),
        pytest.param({"state": VideoState.PROCESSING}, "Reading frames", id="processing"),
        pytest.param({"state": VideoState.READY}, "0% fully labelled", id="ready"),
        pytest.param(
            {"state": VideoState.FAILED, "message": "No frames <here>."},
            "No frames &lt;here&gt;.",
            id="failed",
        ),
        pytest.param(
            {"state": VideoState.READY, "warnings": ["The header lies."]},
            "The header lies.",
            id="warning",
        ),
    ],
)
def test_card_says_how_far_the_video_is(user: User, facts: dict[str, object], said: str) -> None:
    add(user, **facts)
    [card] = cards(page())
    assert said in card


@pytest.mark.parametrize(
    ("state", "frame_count", "usable"),
    [
        (VideoState.CREATED, 0, False),
        (VideoState.PROCESSING, 0, False),
        (VideoState.PROCESSING, 30, True),
        (VideoState.READY, 30, True),
        (VideoState.FAILED, 30, False),
    ],
)
def test_labelling_opens_with_the_first_frames(
    user: User, state: VideoState, frame_count: int, usable: bool
) -> None:
    number = add(user, state=state, frame_count=frame_count)
    assert page().button(key=f"open-{number}").disabled is not usable


def test_name_of_a_video_stays_text(user: User) -> None:
    add(user, "<img src=x> **bold**")
    [card] = cards(page())
    assert "<img src=x>" not in card
    assert "&lt;img src=x&gt; **bold**" in card


def test_only_one_s_own_videos_are_shown(user: User, admin: User) -> None:
    add(admin, "secret")
    assert cards(page()) == []


def test_labels_are_added_and_removed_in_their_dialog(user: User) -> None:
    number = add(user)
    test = page()
    test.button(key=f"labels-{number}").click().run()
    test.text_input[0].input("saucer, Teller ☕")
    [button] = [b for b in test.button if b.label == "Add"]
    sound(button.click().run())
    assert labels_of(number) == ["cup", "saucer", "Teller ☕"]
    first = next(b for b in test.button if b.key and b.key.startswith("label-remove"))
    sound(first.click().run())
    assert labels_of(number) == ["saucer", "Teller ☕"]


def test_label_that_is_there_already_is_refused_with_a_word(user: User) -> None:
    number = add(user)
    test = page()
    test.button(key=f"labels-{number}").click().run()
    test.text_input[0].input("Cup")
    [button] = [b for b in test.button if b.label == "Add"]
    sound(button.click().run())
    assert "twice" in test.error[0].value
    assert test.text_input[0].value == "Cup", "what was refused can be corrected"
    assert labels_of(number) == ["cup"]


def test_label_written_before_done_is_not_lost(user: User) -> None:
    number = add(user)
    test = page()
    test.button(key=f"labels-{number}").click().run()
    test.text_input[0].input("saucer")
    sound(test.button(key="labels-done").click().run())
    assert labels_of(number) == ["cup", "saucer"]
    assert not test.get("dialog")


def test_labels_of_other_videos_are_offered_as_they_are_written(user: User) -> None:
    number = add(user)
    with transaction() as session:
        other = videos.create(session, user, "Hall")
        video_labels.set_first_labels(session, other, [("$5$ *note*", None)])
    test = page()
    sound(test.button(key=f"labels-{number}").click().run())
    [pills] = [group for group in test.button_group if group.label == "Labels of other videos"]
    assert [option.content for option in pills.proto.options] == [r"\$5\$ \*note\*"]
    sound(pills.select("$5$ *note*").run())
    assert labels_of(number) == ["cup", "$5$ *note*"]


def test_search_that_finds_nothing_says_so(user: User) -> None:
    for number in range(7):
        add(user, f"Kitchen {number}")
    test = page()
    test.text_input(key="videos_search").input("cellar").run()
    assert cards(test) == []
    assert "No video has “cellar” in its name" in test.info[0].value
    test.text_input(key="videos_search").input("chen 3").run()
    assert len(cards(test)) == 1
    assert not test.info


def test_video_is_renamed(user: User) -> None:
    number = add(user)
    test = page()
    test.button(key=f"rename-{number}").click().run()
    test.text_input[0].input("Hall")
    sound(test.button(key="rename-confirmed").click().run())
    assert "Hall" in cards(test)[0]
    assert not test.text_input, "the dialog is still open"


def test_guessed_rate_is_called_one_and_is_corrected_in_its_dialog(user: User) -> None:
    ready = {"state": VideoState.READY, "width": 64, "height": 48, "frame_count": 50}
    number = add(user, **ready, fps=25.0, fps_source=FpsSource.GUESSED, duration_s=2.0)
    test = page()
    assert "about 25 fps (guessed)" in cards(test)[0]
    test.button(key=f"fps-{number}").click().run()
    assert "25 fps is a guess" in test.markdown[-1].value
    test.number_input[0].set_value(12.5)
    sound(test.button(key="fps-confirmed").click().run())
    [card] = cards(test)
    assert "12.5 fps" in card and "guessed" not in card
    assert "<span class='length'>0:04</span>" in card
    test.button(key=f"fps-{number}").click().run()  # it can be corrected again
    assert "12.5 fps was entered by hand" in test.markdown[-1].value


def test_address_from_the_labelling_screen_opens_the_dialog_of_the_rate_once(user: User) -> None:
    number = add(user, state=VideoState.READY, frame_count=50, fps=25.0)
    with transaction() as session:
        session.get_one(Video, number).fps_source = FpsSource.GUESSED
    test = AppTest.from_file(PAGE, default_timeout=30)
    test.query_params["frame_rate"] = str(number)
    sound(test.run())
    assert test.number_input[0].value == 25
    assert "frame_rate" not in test.query_params


def test_rate_that_the_file_names_is_no_guess_and_cannot_be_changed(user: User) -> None:
    number = add(user, state=VideoState.READY, width=64, height=48, frame_count=50, fps=25.0)
    test = page()
    assert "fps" not in cards(test)[0]
    assert f"fps-{number}" not in [button.key for button in test.button]


def test_card_of_a_single_frame_shows_neither_rate_nor_length(user: User) -> None:
    one = {"state": VideoState.READY, "width": 64, "height": 48, "frame_count": 1}
    add(user, **one, fps=25.0, fps_source=FpsSource.GUESSED, duration_s=0.04)
    [card] = cards(page())
    assert "1 frame" in card
    assert "fps" not in card and "class='length'" not in card


def test_video_is_locked_and_unlocked_as_held_out(user: User) -> None:
    number = add(user)
    test = page()
    for locked in (True, False):
        sound(test.toggle[0].set_value(locked).run())
        assert ("Held out" in cards(test)[0]) is locked
        with read_session() as session:
            assert session.get_one(Video, number).held_out is locked


def test_failed_import_can_be_tried_again(user: User, queue: ListQueue) -> None:
    key = "videos/1/source.mp4"
    get_storage().write(key, b"a file")
    number = add(user, state=VideoState.FAILED, message="It broke.", source_key=key)
    test = page()
    sound(test.button(key=f"retry-{number}").click().run())
    assert "Waiting to be read" in cards(test)[0]
    assert [delivery.kind for delivery in queue.deliveries] == [JobKind.IMPORT_VIDEO]
    assert f"retry-{number}" not in [button.key for button in test.button]


def test_retry_without_its_file_says_to_upload_again(user: User, queue: ListQueue) -> None:
    number = add(user, state=VideoState.FAILED, message="It broke.")
    test = page()
    sound(test.button(key=f"retry-{number}").click().run())
    assert "Upload it again" in test.error[0].value
    assert queue.deliveries == []


def test_delete_asks_first(user: User) -> None:
    number = add(user)
    test = page()
    test.button(key=f"delete-{number}").click().run()
    assert len(cards(test)) == 1
    sound(test.button(key="delete-confirmed").click().run())
    assert cards(test) == []


def test_many_videos_can_be_searched(user: User) -> None:
    for number in range(8):
        add(user, f"Room {number}")
    test = page()
    assert len(cards(test)) == 8
    test.text_input(key="videos_search").input("room 5").run()
    assert len(cards(test)) == 1


def test_long_list_is_shown_a_page_at_a_time(user: User) -> None:
    numbers = [add(user, f"Room {number}") for number in range(PAGE_SIZE)]
    add(user, "Küche")
    test = page()
    assert len(cards(test)) == PAGE_SIZE
    sound(test.button(key="videos-next").click().run())
    assert len(cards(test)) == 1
    assert "31 to 31 of 31" in [each.value for each in test.caption]
    assert test.button(key="videos-next").disabled
    test.text_input(key="videos_search").input("KÜ").run()
    assert len(cards(test)) == 1
    assert "Küche" in cards(test)[0]
    test.text_input(key="videos_search").input("").run()
    sound(test.button(key="videos-next").click().run())
    with transaction() as session:
        videos.delete(session, session.get_one(Video, numbers[0]))
    sound(test.run())
    assert len(cards(test)) == PAGE_SIZE, "the last page is gone"


def test_colour_that_somebody_else_chose_stays(user: User) -> None:
    number = add(user)
    test = page()
    sound(test.button(key=f"labels-{number}").click().run())
    assert test.color_picker
    with transaction() as session:
        video_labels.set_first_labels(session, session.get_one(Video, number), [("cup", "#123456")])
    sound(test.run())
    with read_session() as session:
        (label,) = video_labels.list_labels(session, session.get_one(Video, number))
    assert label.color == "#123456"
