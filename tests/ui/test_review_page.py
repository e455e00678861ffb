"""The review screen: one detection at a time, one key each."""

from pathlib import Path

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from tests.detectors import add_trained_detector
from tests.labelled import add_video, annotate, track
from tests.ui.acting import accepted, welcome
from tpod_core import db
from tpod_core.evaluation.unmatched_detections import UnmatchedDetection
from tpod_core.geometry import Box
from tpod_core.models import Detector, Finding, User, Verdict, Video, saved_id
from tpod_core.services import findings

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "review.py")


@pytest.fixture
def video(user: User, detector: Detector) -> Video:
    """With two open findings, on frames 10 (surer) and 50."""
    row = add_video(user)
    with db.transaction() as session:
        things = [
            UnmatchedDetection(saved_id(row), frame, "cup", Box(64, 36, 128, 180), score, frames=3)
            for frame, score in ((50, 0.4), (10, 0.9))
        ]
        findings.record(session, saved_id(detector), things)
    return row


def page(detector: Detector) -> AppTest:
    test = AppTest.from_file(PAGE, default_timeout=20)
    test.query_params["detector"] = str(detector.id)
    return welcome(test.run())


def texts(test: AppTest) -> str:
    kinds = ("markdown", "caption", "subheader", "success", "html")
    return "\n".join(
        str(element.value if hasattr(element, "value") else element.proto.body)
        for kind in kinds
        for element in test.get(kind)
    )


def verdicts() -> dict[int, Verdict]:
    with db.read_session() as session:
        return {row.frame_index: row.verdict for row in session.exec(select(Finding))}


def test_surest_detection_is_shown_first_with_its_box(detector: Detector, video: Video) -> None:
    shown = texts(page(detector))
    assert "**2 left**" in shown
    assert "Confidence 0.90, detected on 3 frames" in shown
    assert f"/api/v1/videos/{video.id}/frames/10?width=1280" in shown
    assert "left:10.000%;top:10.000%;width:10.000%;height:40.000%" in shown
    assert f"/api/v1/videos/{video.id}/frames/50" in shown  # fetched ahead


def test_labels_on_the_frame_are_drawn_too(user: User, detector: Detector, video: Video) -> None:
    annotate(user, video, track("bus", 5, 20))
    assert ">bus</span>" in texts(page(detector))


@pytest.mark.parametrize(
    ("label", "key", "verdict"),
    [
        ("Not one", "n", Verdict.NEGATIVE),
        ("Missed label", "m", Verdict.MISSED_LABEL),
        ("Ignore", "i", Verdict.IGNORE),
    ],
)
def test_verdict_has_a_button_and_a_key_and_brings_the_next(
    detector: Detector, video: Video, label: str, key: str, verdict: Verdict
) -> None:
    test = page(detector)
    [button] = [button for button in test.button if button.label == label]
    assert button.proto.shortcut == key
    test = accepted(test, label)
    assert verdicts() == {10: verdict, 50: Verdict.OPEN}
    assert "**1 left**" in texts(test)
    assert "Confidence 0.40" in texts(test)


def test_chip_of_a_box_at_the_upper_edge_lies_in_the_picture(
    detector: Detector, video: Video
) -> None:
    with db.transaction() as session:
        for finding in session.exec(select(Finding)):
            finding.y1 = 0.0
    shown = texts(page(detector))
    assert "top:0;" in shown
    assert "bottom:100%" not in shown


def test_missed_label_offers_the_way_to_its_frame(detector: Detector, video: Video) -> None:
    shown = texts(accepted(page(detector), "Missed label"))
    assert f"[Label it now](/labeling?video={video.id}&frame=10)" in shown


def test_undo_reopens_the_last_verdict_first(detector: Detector, video: Video) -> None:
    test = accepted(accepted(page(detector), "Not one"), "Ignore")
    assert "All done" in texts(test)
    test = accepted(test, "Undo")
    assert verdicts() == {10: Verdict.NEGATIVE, 50: Verdict.OPEN}
    test = accepted(test, "Undo")
    assert verdicts() == {10: Verdict.OPEN, 50: Verdict.OPEN}
    assert "Confidence 0.90" in texts(test)
    [back] = [button for button in test.button if button.label == "Undo"]
    assert back.disabled


def test_undo_reopens_only_verdicts_on_this_detector(
    home: Path, user: User, detector: Detector, video: Video
) -> None:
    test = accepted(page(detector), "Not one")
    test.query_params["detector"] = str(add_trained_detector(home, user).id)
    welcome(test.run())
    [back] = [button for button in test.button if button.label == "Undo"]
    assert back.disabled
    assert verdicts() == {10: Verdict.NEGATIVE, 50: Verdict.OPEN}


def test_page_without_a_detector_says_where_to_go(user: User) -> None:
    test = AppTest.from_file(PAGE, default_timeout=20).run()
    assert not test.exception
    assert test.title[0].value == "Choose a detector"


def test_detector_of_someone_else_is_a_sentence(user: User) -> None:
    test = AppTest.from_file(PAGE, default_timeout=20)
    test.query_params["detector"] = "99"
    assert not test.run().error
    assert "There is no detector 99" in texts(test)
    assert [button.label for button in test.button] == ["Go to the detectors"]
