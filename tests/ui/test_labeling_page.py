"""The labelling screen on the server: what it opens, saves, refuses and explains."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages._labeling.acts import read_outbox
from pages._labeling.session import LabelingSession
from pages._labeling.view import constants, feed, frame_url
from pages._shared import guard
from tests.conftest import add_user
from tests.labelled import add_video
from tpod_core import db
from tpod_core.errors import InvalidInput
from tpod_core.geometry import Box
from tpod_core.models import Role, User, Video, VideoState, saved_id
from tpod_core.services import annotations, video_labels, videos
from tpod_core.services.annotations import DeleteTrack, EditOp, EndTrack, FrameBox, PutBox

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "labeling.py")
STAGE_WH = (960, 540)


@pytest.fixture
def user(member: User, monkeypatch: pytest.MonkeyPatch) -> User:
    """A member who sits in front of the screen."""
    monkeypatch.setattr(guard, "find_user", lambda: member)
    return member


@pytest.fixture
def video(user: User) -> Video:
    """640 x 360 pixels, 100 frames, the labels cup and bus."""
    return add_video(user)


@pytest.fixture
def desk(user: User, video: Video) -> LabelingSession:
    """The video is open on frame 0, on a canvas of 960 x 540."""
    desk = LabelingSession.open(user, saved_id(video), 0)
    desk.resize(user, STAGE_WH)
    return desk


def page(**query: Any) -> AppTest:
    test = AppTest.from_file(PAGE, default_timeout=20)
    for name, value in query.items():
        test.query_params[name] = str(value)
    test.run()
    assert not test.exception, test.exception
    return test


def words(test: AppTest) -> str:
    return " ".join(element.value for element in [*test.title, *test.caption, *test.error])


def drawn(desk: LabelingSession, *boxes: Box, label: str = "cup") -> dict[str, Any]:
    """What the canvas answers after ``boxes`` (canvas pixels) were drawn in this visit."""
    new = [
        {
            "type": "LabeledRect",
            "label": label,
            "left": box.x1 - 1,
            "top": box.y1 - 1,
            "width": box.width,
            "height": box.height,
            "strokeWidth": 2,
        }
        for box in boxes
    ]
    return {"objects": [*desk.drawing["objects"], *new]}


def act(desk: LabelingSession, user: User, kind: str, seq: int = 1, **details: Any) -> None:
    acts = [{"seq": seq, "kind": kind, "frame": desk.visit.frame} | details]
    desk.perform(user, read_outbox({"client": "tab", "acts": acts}))


def saved(video: Video, frame: int) -> list[FrameBox]:
    with db.reading() as session:
        row = session.get_one(Video, video.id)
        return annotations.boxes_in(session, row, frame, frame + 1)[frame]


def edit_elsewhere(user: User, video: Video, *edits: EditOp) -> tuple[int, ...]:
    """Edits of another tab; the ids of the tracks that they make."""
    edits = edits or (PutBox(0, Box(300, 100, 400, 200), label="bus"),)
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        return annotations.apply_edits(session, user, row, edits, row.revision).track_ids


# The page


def test_page_without_a_video_says_where_to_choose_one(user: User):
    assert "open it from the list" in words(page())


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


def test_page_opens_the_frame_of_its_address(user: User, video: Video):
    test = page(video=video.id, frame=40)
    assert test.session_state["labeling_session"].visit.frame == 40


def test_page_of_a_video_that_is_deleted_meanwhile_leads_to_the_others(user: User, video: Video):
    test = page(video=video.id)
    with db.transaction() as session:
        videos.delete(session, session.get_one(Video, video.id))
    test.run()
    assert f"no video {video.id}" in words(test)
    assert [button.label for button in test.button] == ["Go to the videos"]


def test_page_asked_for_a_frame_beyond_the_end_opens_the_last(user: User, video: Video):
    test = page(video=video.id, frame=4000)
    assert test.session_state["labeling_session"].visit.frame == 99


def test_page_sizes_the_canvas_for_a_stage_measured_for_another_video(user: User, video: Video):
    test = AppTest.from_file(PAGE, default_timeout=20)
    test.query_params["video"] = str(video.id)
    test.session_state["annotator"] = {"stage": {"width": 960, "height": 600}}
    test.run()
    assert not test.exception, test.exception
    assert test.session_state["labeling_session"].surface.canvas_wh == (960, 540)


# Saving what was drawn


def test_commit_saves_a_new_box_as_a_track(desk: LabelingSession, user: User, video: Video):
    desk.commit(user, drawn(desk, Box(150, 75, 300, 225)))
    (box,) = saved(video, 0)
    assert (box.label, box.box, box.keyframe) == ("cup", Box(100, 50, 200, 150), True)


def test_commit_twice_saves_once(desk: LabelingSession, user: User, video: Video):
    raw = drawn(desk, Box(150, 75, 300, 225))
    desk.commit(user, raw)
    revision = desk.seen
    desk.commit(user, raw)
    assert len(saved(video, 0)) == 1
    assert desk.seen == revision


def test_commit_changes_nothing_on_the_canvas(desk: LabelingSession, user: User):
    drawing, sentinel = desk.drawing, desk.visit.sentinel
    desk.commit(user, drawn(desk, Box(150, 75, 300, 225)))
    desk.refresh(user)
    assert (desk.drawing, desk.visit.sentinel) == (drawing, sentinel)


def test_answer_of_the_last_frame_is_not_filed_under_this_one(
    desk: LabelingSession, user: User, video: Video
):
    late = drawn(desk, Box(150, 75, 300, 225))
    act(desk, user, "go", frame=1)
    desk.commit(user, late)
    assert saved(video, 1) == []


def test_answer_from_before_a_resize_is_not_saved_in_the_wrong_scale(
    desk: LabelingSession, user: User, video: Video
):
    late = drawn(desk, Box(150, 75, 300, 225))
    desk.resize(user, (640, 360))
    desk.commit(user, late)
    assert saved(video, 0) == []
    assert "not saved" in desk.notice.text


def test_answer_that_was_saved_in_time_is_not_called_lost_later(desk: LabelingSession, user: User):
    raw = drawn(desk, Box(150, 75, 300, 225))
    desk.commit(user, raw)
    act(desk, user, "go", frame=1)
    desk.commit(user, raw)
    assert desk.notice.text == ""


def test_drawing_of_another_video_is_never_filed_under_this_one(desk: LabelingSession, user: User):
    other = add_video(user, name="Other")
    late = drawn(desk, Box(150, 75, 300, 225))
    newcomer = LabelingSession.open(user, saved_id(other), 0)
    newcomer.resize(user, STAGE_WH)
    newcomer.commit(user, late)
    assert saved(other, 0) == []


def test_commit_on_top_of_someone_elses_edit_is_saved_beside_it(
    desk: LabelingSession, user: User, video: Video
):
    raw = drawn(desk, Box(150, 75, 300, 225))
    edit_elsewhere(add_user("colleague", Role.ADMIN), video)
    desk.commit(user, raw)
    assert [box.label for box in saved(video, 0)] == ["bus", "cup"]
    assert [box.label for box in desk.shown] == ["bus", "cup"]


def test_refused_edit_can_be_had_again(desk: LabelingSession, user: User, video: Video):
    (cup,) = edit_elsewhere(user, video, PutBox(0, Box(0, 0, 50, 50), label="cup"))
    desk.refresh(user)
    move = PutBox(0, Box(300, 100, 400, 200), track_id=cup)
    edit_elsewhere(add_user("colleague", Role.ADMIN), video, move)
    act(desk, user, "end", track=cup, frame=5)
    assert "newest state" in desk.notice.text
    assert len(saved(video, 5)) == 1
    act(desk, user, "again", seq=2)
    assert saved(video, 5) == []


def test_refused_drawing_can_be_had_again_after_other_edits_were_saved(
    desk: LabelingSession, user: User, video: Video
):
    raw = drawn(desk, Box(150, 75, 300, 225))
    edit_elsewhere(user, video)
    desk.commit(user, raw)
    act(desk, user, "mark", start=0, stop=5)
    act(desk, user, "again", seq=2)
    assert [box.label for box in saved(video, 0)] == ["bus", "cup"]


def test_undo_that_came_second_is_not_offered_again(
    desk: LabelingSession, user: User, video: Video
):
    act(desk, user, "mark", start=0, stop=5)
    edit_elsewhere(user, video)
    act(desk, user, "undo", seq=2)
    assert "newest state" in desk.notice.text
    assert not desk.notice.again


def test_edit_had_again_of_a_track_that_is_gone_is_explained(
    desk: LabelingSession, user: User, video: Video
):
    (cup,) = edit_elsewhere(user, video, PutBox(0, Box(0, 0, 50, 50), label="cup"))
    desk.refresh(user)
    edit_elsewhere(add_user("colleague", Role.ADMIN), video, DeleteTrack(cup))
    act(desk, user, "end", track=cup, frame=5)
    act(desk, user, "again", seq=2)
    assert f"no track {cup}" in desk.notice.text
    assert not desk.notice.again


def test_nothing_to_do_again_is_said(desk: LabelingSession, user: User):
    act(desk, user, "again")
    assert "nothing left" in desk.notice.text


def test_boxes_found_anew_meanwhile_are_not_taken_for_the_persons_edit(
    desk: LabelingSession, user: User, video: Video, monkeypatch: pytest.MonkeyPatch
):
    (cup,) = edit_elsewhere(user, video, PutBox(0, Box(0, 0, 50, 50), label="cup"))
    desk.refresh(user)
    act(desk, user, "go", frame=3)
    real = annotations.boxes_in

    def moved(*asked: Any) -> dict[int, list[FrameBox]]:
        found = real(*asked)
        return {
            frame: [replace(box, box=Box(9, 9, 59, 59)) if not box.keyframe else box for box in on]
            for frame, on in found.items()
        }

    monkeypatch.setattr(annotations, "boxes_in", moved)
    raw = drawn(desk, Box(150, 75, 300, 225))
    desk.commit(user, raw)
    raw["objects"].append(raw["objects"][-1] | {"left": 400})
    desk.commit(user, raw)
    monkeypatch.undo()
    boxes = saved(video, 3)
    assert len(boxes) == 3
    assert (boxes[0].track_id, boxes[0].keyframe) == (cup, False)


def test_edit_from_elsewhere_is_shown_at_the_next_rerun(
    desk: LabelingSession, user: User, video: Video
):
    before = desk.visit.sentinel
    edit_elsewhere(user, video)
    desk.refresh(user)
    assert [box.label for box in desk.shown] == ["bus"]
    assert desk.visit.sentinel != before
    assert "changed elsewhere" in desk.notice.text


def test_refused_box_is_explained_and_taken_from_the_canvas(
    desk: LabelingSession, user: User, video: Video
):
    before = desk.visit.sentinel
    desk.commit(user, drawn(desk, Box(150, 75, 300, 77), Box(400, 75, 500, 225)))
    assert [box.box.x1 for box in saved(video, 0)] == [pytest.approx(266.667, abs=0.01)]
    assert "at least 5 pixels" in desk.notice.text
    assert desk.visit.sentinel != before


def test_label_taken_from_the_list_meanwhile_is_explained(
    desk: LabelingSession, user: User, video: Video
):
    raw = drawn(desk, Box(150, 75, 300, 225))
    with db.transaction() as session:
        video_labels.set_first_labels(session, session.get_one(Video, video.id), [("bus", None)])
    desk.commit(user, raw)
    assert saved(video, 0) == []
    assert "cup" in desk.notice.text
    assert desk.label == "bus"


# Acts


def test_act_sent_again_is_done_once(desk: LabelingSession, user: User, video: Video):
    desk.commit(user, drawn(desk, Box(150, 75, 300, 225), Box(400, 75, 500, 225)))
    track = saved(video, 0)[0].track_id
    act(desk, user, "delete", track=track)
    act(desk, user, "delete", track=track)
    assert desk.notice.text == ""
    assert len(saved(video, 0)) == 1


def test_acts_of_a_reloaded_tab_count_from_one_again(desk: LabelingSession, user: User):
    act(desk, user, "go", seq=9, frame=5)
    again = {"client": "reloaded", "acts": [{"seq": 1, "kind": "go", "frame": 7}]}
    desk.perform(user, read_outbox(again))
    assert (desk.visit.frame, desk.acknowledged) == (7, 1)


def test_refused_act_does_not_hold_up_the_next(desk: LabelingSession, user: User):
    acts = [
        {"seq": 1, "kind": "go", "frame": 400},
        {"seq": 2, "kind": "go", "frame": 40},
    ]
    desk.perform(user, read_outbox({"client": "tab", "acts": acts}))
    assert desk.visit.frame == 40
    assert "0 to 99" in desk.notice.text


def test_undo_begins_a_new_visit_with_what_is_left(desk: LabelingSession, user: User, video: Video):
    desk.commit(user, drawn(desk, Box(150, 75, 300, 225)))
    before = desk.visit.sentinel
    act(desk, user, "undo")
    assert saved(video, 0) == []
    assert desk.shown == ()
    assert desk.visit.sentinel != before


def test_added_label_is_chosen_and_keeps_the_teams_colour(desk: LabelingSession, user: User):
    other = add_video(user, name="Other", labels=["black cat"])
    act(desk, user, "add_label", name="black cat", color="#123456")
    assert desk.label == "black cat"
    with db.reading() as session:
        (label,) = video_labels.list_labels(session, session.get_one(Video, other.id))
    assert label.color == "#ff0000"
    assert [label.name for label in desk.labels] == ["cup", "bus", "black cat"]


def test_tracks_set_aside_are_not_on_the_canvas_and_stay_as_they_are(
    desk: LabelingSession, user: User, video: Video
):
    (cup,) = edit_elsewhere(user, video, PutBox(0, Box(0, 0, 50, 50), label="cup"))
    desk.refresh(user)
    act(desk, user, "aside", tracks=[cup])
    assert len(desk.drawing["objects"]) == 1  # the sentinel
    desk.commit(user, drawn(desk, Box(150, 75, 300, 225)))
    assert saved(video, 0)[0].box == Box(0, 0, 50, 50)
    assert feed(desk)["aside"] == [cup]


def test_smaller_boxes_lie_on_top_of_larger_ones(desk: LabelingSession, user: User, video: Video):
    sizes = (20, 200, 50)
    edit_elsewhere(user, video, *(PutBox(0, Box(0, 0, n, n), label="cup") for n in sizes))
    desk.refresh(user)
    widths = [round(item["width"] / 1.5) for item in desk.drawing["objects"][1:]]
    assert widths == [200, 50, 20]


def test_copy_of_a_track_takes_its_box_of_the_frame_before(
    desk: LabelingSession, user: User, video: Video
):
    start, end = PutBox(0, Box(0, 0, 50, 50), label="cup"), Box(100, 0, 150, 50)
    (cup,) = edit_elsewhere(user, video, start)
    edit_elsewhere(user, video, PutBox(10, end, track_id=cup))
    desk.refresh(user)
    act(desk, user, "copy", track=cup, frame=5)
    (box,) = saved(video, 5)
    assert (box.keyframe, box.box) == (True, Box(40, 0, 90, 50))


def test_copy_of_all_takes_what_is_missing_and_within_reach(
    desk: LabelingSession, user: User, video: Video
):
    boxes = [Box(100 * n, 0, 100 * n + 50, 50) for n in range(3)]
    tracks = edit_elsewhere(user, video, *(PutBox(0, box, label="cup") for box in boxes))
    edit_elsewhere(user, video, *(EndTrack(track, 5) for track in tracks[:2]))
    desk.refresh(user)
    act(desk, user, "aside", tracks=[tracks[1]])
    act(desk, user, "copy", seq=2, frame=5)
    assert [(box.track_id, box.keyframe) for box in saved(video, 5)] == [
        (tracks[0], True),
        (tracks[2], False),
    ]


def test_copy_with_nothing_to_copy_is_explained(desk: LabelingSession, user: User):
    act(desk, user, "copy", frame=1)
    assert "missing here" in desk.notice.text


def test_unknown_act_asks_to_reload():
    with pytest.raises(InvalidInput, match="Reload"):
        read_outbox({"client": "tab", "acts": [{"seq": 1, "kind": "explode", "frame": 0}]})


# Drawn before the canvas was there


def test_box_put_ahead_gets_the_label_chosen_before_it(
    desk: LabelingSession, user: User, video: Video
):
    act(desk, user, "label", seq=1, name="bus")
    act(desk, user, "go", seq=2, frame=7)
    act(desk, user, "put", seq=3, frame=7, box=[10, 20, 50, 80])
    (box,) = saved(video, 7)
    assert (box.label, box.keyframe, box.box) == ("bus", True, Box(10, 20, 50, 80))
    assert desk.visit.frame == 7


def test_box_put_ahead_near_the_border_ends_there(desk: LabelingSession, user: User, video: Video):
    act(desk, user, "put", box=[1, 2, 50, 359])
    (box,) = saved(video, 0)
    assert box.box == Box(0, 0, 50, 360)


def test_box_moved_ahead_stays_occluded(desk: LabelingSession, user: User, video: Video):
    (cup,) = edit_elsewhere(user, video, PutBox(0, Box(0, 0, 50, 50), label="cup", occluded=True))
    desk.refresh(user)
    act(desk, user, "put", frame=3, track=cup, box=[10, 20, 50, 80], occluded=True)
    (box,) = saved(video, 3)
    assert (box.track_id, box.occluded, box.box) == (cup, True, Box(10, 20, 50, 80))


def test_box_put_ahead_of_a_track_that_is_gone_is_explained(
    desk: LabelingSession, user: User, video: Video
):
    act(desk, user, "put", track=77, box=[10, 20, 50, 80])
    assert "77" in desk.notice.text
    assert saved(video, 0) == []


# What the browser is told


def test_constants_do_not_change_with_the_frame(desk: LabelingSession, user: User):
    before = constants(desk.video)
    act(desk, user, "go", frame=50)
    assert constants(desk.video) == before


def test_feed_names_the_visit_and_the_last_act(desk: LabelingSession, user: User):
    act(desk, user, "go", seq=3, frame=50)
    told = feed(desk)
    assert told["visit"] == {"frame": 50, "sentinel": desk.visit.sentinel}
    assert (told["client"], told["acknowledged"]) == ("tab", 3)


def test_frame_url_is_absolute_and_never_larger_than_the_frame(desk: LabelingSession):
    assert desk.surface
    url = frame_url(desk, desk.surface, "https://tpod.example/labeling?video=1")
    assert url == f"https://tpod.example/api/v1/videos/{desk.video.id}/frames/0?width=640"
