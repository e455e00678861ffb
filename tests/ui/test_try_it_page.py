"""The Try it screen, and pre-labelling from a video's card."""

from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from pages._try_it.add_labels import add_labels
from pages._try_it.sources import VideoFrame
from tests.detectors import add_trained_detector, play
from tests.jobs import run_job
from tests.labelled import add_video, give_file
from tests.odd_pictures import ODD_PICTURES
from tests.ui.acting import press, sound
from tests.unit.test_video_pictures import image_file
from tpod_core import db
from tpod_core.detectors.protocol import Detection
from tpod_core.geometry import Box
from tpod_core.inference.proposals import TakenBox
from tpod_core.models import Detector, Job, JobState, User, Video, saved_id
from tpod_core.services import annotations
from workers import annotate_video, prelabel_video

PAGES = Path(__file__).resolve().parents[2] / "pages"
FRAMES = 12
UNDRAWABLE = "\ue000"
"""A character for private use, which no font is asked for."""
BESIDE = Box(100, 10, 150, 60)


@pytest.fixture
def video(user: User) -> Video:
    made = add_video(user)
    give_file(made, FRAMES)
    return made


def page(name: str = "try_it.py", **query: str) -> AppTest:
    test = AppTest.from_file(str(PAGES / name), default_timeout=30)
    for key, value in query.items():
        test.query_params[key] = value
    return sound(test.run())


def look_at(source: str) -> AppTest:
    test = page()
    test.button_group[0].set_value(source)
    return sound(test.run())


def texts(test: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "success")
    return "\n".join(str(element.value) for kind in kinds for element in test.get(kind))


def work(run: Any) -> Job:
    """Run the newest job once, as a worker would."""
    with db.read_session() as session:
        job = session.exec(select(Job).order_by(col(Job.id).desc())).first()
    assert job is not None
    return run_job(saved_id(job), run)


def tracks(video: Video) -> list[annotations.TrackDoc]:
    with db.read_session() as session:
        row = session.get_one(Video, video.id)
        return list(annotations.get_document(session, row).tracks)


def test_without_a_trained_detector_it_says_what_to_do(user: User) -> None:
    assert page().subheader[0].value == "No trained detector yet"


def test_of_two_videos_of_one_name_the_chosen_one_is_looked_at(
    user: User, video: Video, detector: Detector
) -> None:
    newest = add_video(user)
    give_file(newest, FRAMES)
    test = look_at("Frame")
    [choice] = [each for each in test.selectbox if each.label == "Video"]
    sound(choice.select_index(0).run())
    assert newest.name == video.name
    assert f"try-frame-{newest.id}" in [slider.key for slider in test.slider]


def test_detector_of_the_address_is_chosen_with_its_own_confidence(
    home: Path, user: User, detector: Detector
) -> None:
    add_trained_detector(home, user, name="Newer", recommended_confidence=0.7)
    test = page(detector=str(detector.id))
    assert test.selectbox[0].value.name == "Cups"
    assert test.slider[0].value == 0.4
    assert page().slider[0].value == 0.7


def test_image_shows_what_is_found_how_surely_and_how_fast(detector: Detector) -> None:
    test = page()
    test.file_uploader[0].upload("cup.png", image_file(wh=(160, 120)), "image/png")
    sound(test.run())
    assert "**1 object**" in texts(test)
    assert " ms · 160×120" in texts(test)
    [row] = test.dataframe[0].value.to_dict("records")
    assert row == {"Class": "cup", "Score": pytest.approx(0.9), "Box": "25, 25, 75, 75"}


def test_picture_names_the_classes_that_no_font_can_draw(home: Path, user: User) -> None:
    add_trained_detector(home, user, labels=("cup", UNDRAWABLE))
    test = page()
    test.file_uploader[0].upload("cup.png", image_file(wh=(160, 120)), "image/png")
    assert f"\\#2\\: {UNDRAWABLE}" in texts(sound(test.run()))


@pytest.mark.parametrize("wh", [(70_000, 2), (2, 70_000)], ids=["wide", "tall"])
def test_extreme_picture_is_shown_with_its_boxes(detector: Detector, wh: tuple[int, int]) -> None:
    test = page()
    test.file_uploader[0].upload("cup.png", image_file(wh=wh), "image/png")
    assert f"{wh[0]}×{wh[1]}" in texts(sound(test.run()))


def test_tall_picture_leaves_room_for_what_is_said_about_it(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    widths: list[int | str] = []
    monkeypatch.setattr("streamlit.image", lambda shown, width: widths.append(width))
    test = page()
    test.file_uploader[0].upload("tower.png", image_file(wh=(120, 320)), "image/png")
    sound(test.run())
    assert widths == [180]


@pytest.mark.parametrize("name", ["1x1", "1x5000", "5000x1", "EXIF 6 AVIF", "16-bit colour"])
def test_odd_picture_is_shown_with_its_size(detector: Detector, name: str) -> None:
    content, (width, height) = ODD_PICTURES[name]
    test = page()
    test.file_uploader[0].upload("odd.png", content, "image/png")
    assert f" ms · {width}×{height}" in texts(sound(test.run()))


def test_confidence_and_classes_filter_without_looking_again(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = page()
    test.file_uploader[0].upload("cup.png", image_file(wh=(162, 120)), "image/png")
    sound(test.run())
    play(monkeypatch, lambda frame: pytest.fail("looked again"))
    test.slider[0].set_value(0.95)
    sound(test.run())
    assert "**0 objects**" in texts(test)
    assert "The best detection has a score of 0.90" in texts(test)
    test.slider[0].set_value(0.5)
    test.multiselect[0].set_value(["bus stop"])
    assert "**0 objects**" in texts(sound(test.run()))


def test_file_that_is_no_image_is_explained(detector: Detector) -> None:
    test = page()
    test.file_uploader[0].upload("cup.png", b"no image", "image/png")
    [error] = sound(test.run()).error
    assert "no image that can be read" in error.value


def test_frame_s_boxes_become_labels_of_that_frame_alone(detector: Detector, video: Video) -> None:
    test = look_at("Frame")
    test.slider[0].set_value(5)
    test = press(sound(test.run()), "Use these boxes as labels")
    assert "1 box added as labels" in texts(test)
    [made] = tracks(video)
    assert (made.label, made.proposed) == ("cup", False)
    assert [(each.frame, each.outside) for each in made.keyframes] == [(5, False), (6, True)]
    assert {each.source for each in made.keyframes} == {"detected"}


def test_boxes_that_are_there_already_are_not_added_again(detector: Detector, video: Video) -> None:
    test = press(look_at("Frame"), "Use these boxes as labels")
    test = press(test, "Use these boxes as labels")
    assert "0 boxes added as labels. Skipped as already labelled or too small: 1." in texts(test)
    assert len(tracks(video)) == 1


def test_corrected_box_is_a_key_frame_by_hand(user: User, detector: Detector, video: Video) -> None:
    taken = [TakenBox("cup", Box(10, 10, 60, 60), by_hand=True), TakenBox("teapot", BESIDE)]
    assert add_labels(user, VideoFrame(video, 5), taken) == 2
    by_hand, found = tracks(video)
    assert [(each.frame, each.outside) for each in by_hand.keyframes] == [(5, False), (6, True)]
    assert {each.source for each in by_hand.keyframes} == {"manual"}
    assert (found.label, {each.source for each in found.keyframes}) == ("teapot", {"detected"})


def test_picture_of_no_video_says_where_boxes_are_corrected(detector: Detector) -> None:
    test = page()
    test.file_uploader[0].upload("cup.png", image_file(wh=(160, 120)), "image/png")
    assert "choose *Frame*" in texts(sound(test.run()))


def test_boxes_that_were_used_are_called_labels(detector: Detector, video: Video) -> None:
    test = look_at("Frame")
    assert "These boxes are saved as labels" not in texts(test)
    test = press(test, "Use these boxes as labels")
    assert "These boxes are saved as labels" in texts(sound(test.run()))


def test_box_that_cannot_be_a_label_keeps_all_from_being_used(
    detector: Detector, video: Video
) -> None:
    test = look_at("Frame")
    [correction] = test.session_state["try_it_corrections"].values()
    correction.refused.append("A box was turned.")
    test = press(test, "Use these boxes as labels")
    assert [warning.value for warning in test.warning] == ["A box was turned\\."]
    assert tracks(video) == []


def test_video_is_drawn_followed_and_offered(detector: Detector, video: Video) -> None:
    test = press(look_at("Video"), "Make a copy")
    assert "Cancel" in [button.label for button in test.button]
    assert work(annotate_video.run).state is JobState.SUCCEEDED
    sound(test.run())
    address = f"/api/v1/detectors/{detector.id}/annotated/1"
    assert any(f"<video src='{address}'" in each.proto.body for each in test.get("html"))
    [link] = test.get("link_button")
    assert link.proto.url == f"{address}?download=true"


def test_copy_names_the_classes_that_the_worker_could_not_draw(
    home: Path, user: User, video: Video
) -> None:
    add_trained_detector(home, user, labels=("cup", UNDRAWABLE))
    test = press(look_at("Video"), "Make a copy")
    assert work(annotate_video.run).state is JobState.SUCCEEDED
    assert f"\\#2\\: {UNDRAWABLE}" in texts(sound(test.run()))


def test_video_s_proposals_are_made_and_accepted(
    home: Path, user: User, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, lambda frame: [Detection(Box(20, 20, 60, 60), 0.9, 0)])
    add_trained_detector(home, user, labels=("cup", "bus"))
    test = press(look_at("Video"), "Propose labels")
    assert work(prelabel_video.run).state is JobState.SUCCEEDED
    assert "**1 proposed track waits**" in texts(sound(test.run()))
    assert [track.proposed for track in tracks(video)] == [True]
    press(test, "Accept 1")
    assert [track.proposed for track in tracks(video)] == [False]


def test_job_that_failed_says_why(detector: Detector, video: Video) -> None:
    test = press(look_at("Video"), "Make a copy")
    with db.transaction() as session:
        job = session.get_one(Job, 1)
        job.state, job.message = JobState.FAILED, "The disk is full."
    [error] = sound(test.run()).error
    assert error.value == "The disk is full\\."


def test_video_s_card_offers_pre_labelling(detector: Detector, video: Video) -> None:
    with db.transaction() as session:
        session.get_one(Detector, detector.id).labels = ["cup", "bus"]
    test = page("videos.py")
    test = press(test, "Pre-label with a detector")
    test = press(test, "Propose labels")
    with db.read_session() as session:
        job = session.get_one(Job, 1)
    assert (job.kind, job.subject) == ("prelabel-video", f"video:{video.id}")


def test_pre_labelling_without_a_detector_says_what_to_do(user: User, video: Video) -> None:
    test = press(page("videos.py"), "Pre-label with a detector")
    assert "no trained detector yet" in texts(test)
