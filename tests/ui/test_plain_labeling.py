"""The plain mode on the server: what it opens, saves, refuses, asks and explains."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages._labeling import plain_session
from pages._labeling.plain_session import Action, PlainSession
from pages._shared.canvas import Surface
from tests.conftest import add_user
from tests.labelled import add_video
from tests.ui.acting import press, sound
from tests.unit.test_canvas import stroke_rect
from tpod_core import db
from tpod_core.errors import Unavailable
from tpod_core.geometry import Box
from tpod_core.models import Role, User, Video, VideoState, saved_id
from tpod_core.services import annotations, videos
from tpod_core.services.annotations import DeleteTrack, EditOp, FrameBox, HideBox, PutBox

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "labeling.py")
SURFACE = Surface((640, 360), (640, 360))


@pytest.fixture
def video(user: User) -> Video:
    """640 x 360 pixels, 100 frames, the labels cup and bus."""
    return add_video(user)


@pytest.fixture
def opened(user: User, video: Video) -> PlainSession:
    return open_at(user, video, 0)


@pytest.fixture
def colleague(home: Path) -> User:
    return add_user("colleague", Role.ADMIN)


def open_at(user: User, video: Video, frame: int) -> PlainSession:
    """The video on a canvas of the frame's own size."""
    session = PlainSession.open(user, saved_id(video), frame)
    session.resize(SURFACE)
    return session


def rect(box: Box, label: str = "cup") -> dict[str, Any]:
    return stroke_rect(box.x1 - 1, box.y1 - 1, box.width, box.height, label=label)


def draw(session: PlainSession, *boxes: dict[str, Any]) -> dict[str, Any]:
    """The canvas answers that ``boxes`` were drawn."""
    raw = {"objects": [*session.drawing["objects"], *boxes]}
    session.receive_answer(raw)
    return raw


def move(session: PlainSession, by: float) -> None:
    """The canvas answers that the one box on it was moved to the right."""
    name, box = session.drawing["objects"]
    session.receive_answer({"objects": [name, box | {"left": box["left"] + by}]})


def delete_all(session: PlainSession) -> None:
    session.receive_answer({"objects": session.drawing["objects"][:1]})


def do(session: PlainSession, user: User, act: Action, frame: int | None = None) -> None:
    session.ask(act, frame)
    session.perform(user)


def edit(user: User, video: Video, *edits: EditOp) -> tuple[int, ...]:
    """Edits made elsewhere; the ids of the tracks that they make."""
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        return annotations.apply_edits(session, user, row, edits, row.revision).track_ids


def saved(video: Video, frame: int) -> list[FrameBox]:
    with db.read_session() as session:
        row = session.get_one(Video, video.id)
        return annotations.boxes_in(session, row, frame, frame + 1)[frame]


def page(video: Video, frame: int = 0) -> AppTest:
    test = AppTest.from_file(PAGE, default_timeout=20)
    test.query_params["video"] = str(video.id)
    test.query_params["frame"] = str(frame)
    test.query_params["mode"] = "plain"
    return sound(test.run())


def words(test: AppTest) -> str:
    kinds = ("title", "caption", "markdown", "info", "warning", "error")
    return "\n".join(str(element.value) for kind in kinds for element in test.get(kind))


# The page


def test_page_opens_the_frame_of_its_address(user: User, video: Video):
    assert "Frame 40 of 99" in words(page(video, 40))


def test_page_asked_for_a_frame_beyond_the_end_opens_the_last(user: User, video: Video):
    assert "Frame 99 of 99" in words(page(video, 4000))


def test_page_of_a_video_without_frames_says_why(user: User):
    video = add_video(user, frame_count=0, state=VideoState.PROCESSING)
    assert "first frames are being read" in words(page(video))


def test_page_of_a_video_without_labels_asks_for_one(user: User):
    video = add_video(user, name="Bare", labels=())
    assert "no labels yet" in words(page(video))


def test_page_of_a_video_that_is_deleted_meanwhile_leads_to_the_others(user: User, video: Video):
    test = page(video)
    with db.transaction() as session:
        videos.delete(session, session.get_one(Video, video.id))
    assert [button.label for button in sound(test.run()).button] == ["Go to the videos"]


def test_next_waits_for_the_canvas_on_the_same_frame(user: User, video: Video):
    test = press(page(video, 5), "Next")
    assert "Frame 5 of 99 · one moment" in words(test)
    test.session_state["plain_session"].end_wait()
    assert "Frame 6 of 99" in words(sound(test.run()))


def test_pressing_next_twice_goes_two_frames(user: User, video: Video):
    test = press(press(page(video, 5), "Next"), "Next")
    test.session_state["plain_session"].end_wait()
    assert "Frame 7 of 99" in words(sound(test.run()))


def test_frame_is_chosen_by_its_number(user: User, video: Video):
    test = page(video, 5)
    test.number_input[0].set_value(31)
    sound(test.run())
    test.session_state["plain_session"].end_wait()
    assert "Frame 31 of 99" in words(sound(test.run()))


def test_link_to_another_frame_of_the_open_video_is_followed(user: User, video: Video):
    test = page(video, 5)
    test.query_params["frame"] = "40"
    sound(test.run())
    test.session_state["plain_session"].end_wait()
    assert "Frame 40 of 99" in words(sound(test.run()))


def test_address_names_the_frame_that_is_shown(user: User, video: Video):
    test = press(page(video, 5), "Next")
    test.session_state["plain_session"].end_wait()
    assert sound(test.run()).query_params["frame"] == "6"


def test_label_is_added_and_chosen(user: User, video: Video):
    test = page(video)
    test.text_input[0].set_value("teapot")
    press(test, "Add")
    assert test.button_group[0].value == "teapot"


def test_label_that_cannot_be_is_explained(user: User, video: Video):
    test = page(video)
    test.text_input[0].set_value("x" * 101)
    assert "1 to 100 characters" in words(press(test, "Add"))


# Saving


def test_drawn_box_is_saved_when_the_frame_changes(opened: PlainSession, user: User, video: Video):
    draw(opened, rect(Box(100, 50, 200, 150)))
    do(opened, user, Action.GO, 1)
    [box] = saved(video, 0)
    assert (box.label, box.box, box.keyframe) == ("cup", Box(100, 50, 200, 150), True)
    assert (opened.frame, opened.done) == (1, "Saved: 1 change on frame 0.")


def test_answer_about_the_last_frame_is_not_taken_for_this_one(
    opened: PlainSession, user: User, video: Video
):
    late = draw(opened, rect(Box(100, 50, 200, 150)))
    opened.answer = None
    do(opened, user, Action.GO, 1)
    opened.receive_answer(late)
    assert opened.changes().count == 0
    do(opened, user, Action.SAVE)
    assert saved(video, 0) == saved(video, 1) == []


def test_answer_from_before_a_save_is_not_saved_again(
    opened: PlainSession, user: User, video: Video
):
    late = draw(opened, rect(Box(100, 50, 200, 150)))
    do(opened, user, Action.SAVE)
    opened.receive_answer(late)
    do(opened, user, Action.SAVE)
    assert len(saved(video, 0)) == 1


def test_act_that_is_done_twice_saves_once(opened: PlainSession, user: User, video: Video):
    raw = draw(opened, rect(Box(100, 50, 200, 150)))
    opened.ask(Action.SAVE)
    twice, shown = opened.pending, opened.name
    opened.perform(user)
    opened.pending, opened._drawing_count = twice, opened._drawing_count - 1
    assert opened.name == shown
    opened.boxes, opened.answer = (), raw
    opened.perform(user)
    assert len(saved(video, 0)) == 1


def test_drawing_of_another_size_is_read_in_its_own(opened: PlainSession, user: User, video: Video):
    draw(opened, rect(Box(100, 50, 200, 150)))
    opened.resize(Surface((320, 180), (640, 360)))
    do(opened, user, Action.SAVE)
    assert saved(video, 0)[0].box == Box(100, 50, 200, 150)


def test_refused_box_keeps_the_frame_and_saves_nothing(
    opened: PlainSession, user: User, video: Video
):
    fine, thin = rect(Box(100, 50, 200, 150)), rect(Box(10, 10, 14, 90))
    raw = draw(opened, fine, thin)
    do(opened, user, Action.GO, 1)
    assert "smaller than 5 pixels" in opened.notice
    assert (opened.frame, opened.answer, saved(video, 0)) == (0, raw, [])


def test_drawing_waits_while_the_database_is_away(
    opened: PlainSession, user: User, monkeypatch: pytest.MonkeyPatch
):
    def away(*_: object) -> None:
        raise Unavailable("The database is busy. Try again in a moment.")

    monkeypatch.setattr(plain_session, "save_edits", away)
    raw = draw(opened, rect(Box(100, 50, 200, 150)))
    do(opened, user, Action.GO, 1)
    assert "busy" in opened.notice
    assert (opened.frame, opened.answer) == (0, raw)


def test_tap_is_left_behind(opened: PlainSession, user: User, video: Video):
    draw(opened, rect(Box(10, 10, 14, 14)))
    do(opened, user, Action.GO, 1)
    assert (opened.frame, opened.notice, saved(video, 0)) == (1, "", [])


def test_leaving_saves_first(opened: PlainSession, user: User, video: Video):
    draw(opened, rect(Box(100, 50, 200, 150)))
    do(opened, user, Action.LEAVE)
    assert opened.has_left
    assert len(saved(video, 0)) == 1


# Boxes that are taken away


@pytest.fixture
def only_box(user: User, video: Video) -> PlainSession:
    """The screen shows frame 0, where a track of one frame had its box until just now."""
    [cup] = edit(user, video, PutBox(0, Box(0, 0, 50, 50), "cup"))
    edit(user, video, annotations.EndTrack(cup, 1))
    opened = open_at(user, video, 0)
    delete_all(opened)
    do(opened, user, Action.GO, 1)
    return opened


def test_only_box_of_a_track_is_asked_about(only_box: PlainSession, video: Video):
    assert only_box.question
    assert "has its only box on this frame" in only_box.question.text
    assert (only_box.frame, len(saved(video, 0))) == (0, 1)


# Others


@pytest.fixture
def conflict(user: User, video: Video, colleague: User) -> PlainSession:
    """A box was moved on frame 3, of a track that a colleague has deleted: it is not saved."""
    [cup] = edit(user, video, PutBox(0, Box(0, 0, 50, 50), "cup"))
    opened = open_at(user, video, 3)
    edit(colleague, video, DeleteTrack(cup))
    move(opened, 20)
    do(opened, user, Action.GO, 4)
    return opened


def test_conflict_says_what_changed_and_keeps_the_drawing(conflict: PlainSession):
    assert conflict.question
    assert "colleague" in conflict.question.text
    assert (conflict.frame, conflict.changes().count) == (3, 1)


def test_conflict_that_is_left_shows_what_is_saved(
    conflict: PlainSession, user: User, video: Video
):
    conflict.drop_drawing(user)
    assert (conflict.frame, conflict.question, conflict.boxes) == (3, None, ())
    assert conflict.changes().count == 0


def test_edits_of_others_on_other_tracks_are_no_conflict(
    opened: PlainSession, user: User, video: Video, colleague: User
):
    draw(opened, rect(Box(100, 50, 200, 150)))
    edit(colleague, video, PutBox(0, Box(300, 100, 400, 200), "bus"))
    do(opened, user, Action.SAVE)
    assert sorted(box.label for box in saved(video, 0)) == ["bus", "cup"]


def test_track_that_the_same_person_deleted_elsewhere_leaves_a_way_out(user: User, video: Video):
    [cup] = edit(user, video, PutBox(0, Box(0, 0, 50, 50), "cup"))
    opened = open_at(user, video, 3)
    edit(user, video, DeleteTrack(cup))
    move(opened, 20)
    do(opened, user, Action.SAVE)
    assert opened.question
    opened.confirm()
    opened.perform(user)
    assert [box.box for box in saved(video, 3)] == [Box(20, 0, 70, 50)]


# Undo


def test_undo_takes_back_what_was_saved_last(opened: PlainSession, user: User, video: Video):
    draw(opened, rect(Box(100, 50, 200, 150)))
    do(opened, user, Action.GO, 5)
    do(opened, user, Action.UNDO)
    assert (opened.frame, saved(video, 0)) == (0, [])
    assert opened.done.startswith("Undone: ")


def test_undo_with_unsaved_drawing_loses_nothing(opened: PlainSession, user: User, video: Video):
    draw(opened, rect(Box(100, 50, 200, 150)))
    do(opened, user, Action.SAVE)
    raw = draw(opened, rect(Box(300, 50, 400, 150)))
    do(opened, user, Action.UNDO)
    assert "not saved yet" in opened.notice
    assert (opened.answer, len(saved(video, 0))) == (raw, 1)


def test_undo_with_nothing_to_undo_is_explained(opened: PlainSession, user: User):
    do(opened, user, Action.UNDO)
    assert "nothing left to undo" in opened.notice


def test_undo_of_what_others_changed_since_is_explained(
    opened: PlainSession, user: User, video: Video, colleague: User
):
    draw(opened, rect(Box(100, 50, 200, 150)))
    do(opened, user, Action.SAVE)
    edit(colleague, video, HideBox(saved(video, 0)[0].track_id, 0))
    do(opened, user, Action.UNDO)
    assert "colleague" in opened.notice


def test_canvas_that_is_new_begins_with_its_last_answer(opened: PlainSession):
    draw(opened, rect(Box(100, 50, 200, 150)))
    opened.restore()
    assert len(opened.drawing["objects"]) == 2
    assert opened.changes().count == 1
