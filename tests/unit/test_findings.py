"""The inbox of unexplained detections: filled by trainings and reviews, emptied by a person."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from tests.conftest import add_user
from tests.detectors import FakeProvider, add_trained_detector, create_detector, publish_model, work
from tests.jobs import run_job
from tests.labelled import add_video, annotate, give_file
from tpod_core import db
from tpod_core.errors import Conflict, InvalidInput, NotFound
from tpod_core.evaluation.unmatched_detections import UnmatchedDetection
from tpod_core.geometry import Box
from tpod_core.models import (
    Detector,
    DetectorState,
    Finding,
    Job,
    JobState,
    Role,
    TrainingSet,
    User,
    Verdict,
    Video,
    VideoState,
    saved_id,
    utc_now,
)
from tpod_core.services import detectors, findings, videos
from tpod_core.services.annotations import KeyframeDoc, TrackDoc
from tpod_core.services.findings import ReviewRequest
from workers import review_video

SEEN = Box(25, 12.5, 75, 62.5)
"""Where the fake model sees a cup in a frame of 160 x 96."""

FRAMES = 40


@pytest.fixture
def video(home: Path, member: User) -> Video:
    row = add_video(member)
    give_file(row, FRAMES)
    return row


def ask(user: User, detector: Detector, video: Video, **wish: object) -> Job:
    with db.transaction() as session:
        row = session.get_one(Detector, detector.id)
        return findings.start_review(session, user, row, ReviewRequest(saved_id(video), **wish))  # type: ignore[arg-type]


def perform(job: Job) -> Job:
    return run_job(saved_id(job), review_video.run)


def rows() -> list[Finding]:
    with db.read_session() as session:
        return list(session.exec(select(Finding).order_by(Finding.id)))  # type: ignore[arg-type]


def decide(user: User, finding: Finding, verdict: Verdict) -> None:
    with db.transaction() as session:
        findings.decide(session, user, session.get_one(Finding, finding.id), verdict)


def cup(start: int, stop: int, box: Box = SEEN, label: str = "cup") -> TrackDoc:
    """A track with two key frames only: between them its boxes are derived."""
    return TrackDoc(None, label, (KeyframeDoc(start, box), KeyframeDoc(stop, box, outside=True)))


def test_review_of_an_unlabelled_video_finds_everything_once(
    member: User, detector: Detector, video: Video
) -> None:
    done = perform(ask(member, detector, video))
    assert done.state is JobState.SUCCEEDED
    assert done.result == {"findings": 1}
    [found] = rows()
    assert (found.label, found.verdict, found.frames) == ("cup", Verdict.OPEN, FRAMES / 2)
    assert found.box.xyxy == pytest.approx(SEEN.xyxy, abs=0.5)


def test_label_explains_a_detection_also_where_its_box_is_derived(
    member: User, detector: Detector, video: Video
) -> None:
    annotate(member, video, cup(0, 31))
    perform(ask(member, detector, video, stride=1))
    [found] = rows()
    assert (found.frame_index, found.frames) == (31, FRAMES - 31)


@pytest.mark.parametrize(
    "track",
    [cup(0, FRAMES - 1, label="bus"), cup(0, FRAMES - 1, Box(100, 10, 150, 60))],
    ids=["another class", "another place"],
)
def test_label_of_something_else_explains_nothing(
    member: User, detector: Detector, video: Video, track: TrackDoc
) -> None:
    annotate(member, video, track)
    perform(ask(member, detector, video))
    assert [found.frames for found in rows()] == [FRAMES / 2]


def test_box_that_a_detector_proposed_explains_nothing(
    member: User, detector: Detector, video: Video
) -> None:
    annotate(member, video, replace(cup(0, FRAMES - 1), proposed=True, score=0.8))
    perform(ask(member, detector, video))
    assert [found.frames for found in rows()] == [FRAMES / 2]


def test_confidence_above_every_score_finds_nothing(
    member: User, detector: Detector, video: Video
) -> None:
    assert perform(ask(member, detector, video, confidence=0.95)).result == {"findings": 0}


def test_second_review_takes_the_place_of_the_first(
    member: User, detector: Detector, video: Video
) -> None:
    perform(ask(member, detector, video))
    perform(ask(member, detector, video))
    assert len(rows()) == 1
    annotate(member, video, cup(0, FRAMES - 1))
    perform(ask(member, detector, video, stride=2))
    assert [found.frame_index for found in rows()] == []


@pytest.mark.parametrize("verdict", [Verdict.NEGATIVE, Verdict.MISSED_LABEL, Verdict.IGNORE])
def test_what_a_person_has_decided_is_not_asked_again(
    home: Path, member: User, detector: Detector, video: Video, verdict: Verdict
) -> None:
    perform(ask(member, detector, video))
    decide(member, rows()[0], verdict)
    assert perform(ask(member, detector, video)).result == {"findings": 0}
    better = add_trained_detector(home, member, name="Better")
    assert perform(ask(member, better, video)).result == {"findings": 0}
    assert [found.verdict for found in rows()] == [verdict]


def delete_detector(detector: Detector) -> None:
    with db.transaction() as session:
        detectors.delete(session, session.get_one(Detector, detector.id))


def test_deleting_a_detector_keeps_its_verdicts_and_deletes_what_is_open(
    member: User, detector: Detector, video: Video
) -> None:
    found = [UnmatchedDetection(saved_id(video), n, "cup", SEEN, 0.5) for n in (0, 35)]
    with db.transaction() as session:
        findings.record(session, saved_id(detector), found)
    decide(member, rows()[0], Verdict.NEGATIVE)
    delete_detector(detector)
    [kept] = rows()
    assert (kept.detector_id, kept.video_id, kept.author_id) == (None, video.id, member.id)
    assert (kept.frame_index, kept.label, kept.box, kept.verdict) == (
        0,
        "cup",
        SEEN,
        Verdict.NEGATIVE,
    )


def test_what_was_decided_on_a_deleted_detector_is_not_asked_again(
    home: Path, member: User, detector: Detector, video: Video
) -> None:
    perform(ask(member, detector, video))
    decide(member, rows()[0], Verdict.IGNORE)
    delete_detector(detector)
    newer = add_trained_detector(home, member, name="Newer")
    assert perform(ask(member, newer, video)).result == {"findings": 0}


def test_deleting_a_video_deletes_the_verdicts_on_it(
    member: User, detector: Detector, video: Video
) -> None:
    other = add_video(member, "Street")
    found = [UnmatchedDetection(saved_id(row), 0, "cup", SEEN, 0.5) for row in (video, other)]
    with db.transaction() as session:
        findings.record(session, saved_id(detector), found)
    for row in rows():
        decide(member, row, Verdict.NEGATIVE)
    delete_detector(detector)
    with db.transaction() as session:
        videos.delete(session, session.get_one(Video, video.id))
    assert [row.video_id for row in rows()] == [other.id]


def test_verdict_on_a_deleted_detector_is_seen_by_who_sees_the_video(
    member: User, detector: Detector, video: Video
) -> None:
    perform(ask(member, detector, video))
    decide(member, rows()[0], Verdict.NEGATIVE)
    delete_detector(detector)
    stranger = add_user("stranger", Role.USER)
    with db.read_session() as session:
        assert findings.get(session, member, saved_id(rows()[0])).verdict is Verdict.NEGATIVE
        with pytest.raises(NotFound):
            findings.get(session, stranger, saved_id(rows()[0]))


def test_verdict_on_a_deleted_detector_goes_when_it_is_taken_back(
    member: User, detector: Detector, video: Video
) -> None:
    perform(ask(member, detector, video))
    decide(member, rows()[0], Verdict.NEGATIVE)
    delete_detector(detector)
    decide(member, rows()[0], Verdict.OPEN)
    assert rows() == []


def test_verdict_knows_its_time(member: User, detector: Detector, video: Video) -> None:
    perform(ask(member, detector, video))
    assert rows()[0].decided_at is None
    before = utc_now()
    decide(member, rows()[0], Verdict.NEGATIVE)
    decided_at = rows()[0].decided_at
    assert decided_at is not None
    assert before <= decided_at <= utc_now()
    decide(member, rows()[0], Verdict.OPEN)
    assert rows()[0].decided_at is None


def test_verdict_can_be_taken_back(member: User, detector: Detector, video: Video) -> None:
    perform(ask(member, detector, video))
    decide(member, rows()[0], Verdict.NEGATIVE)
    assert rows()[0].author_id == member.id
    decide(member, rows()[0], Verdict.OPEN)
    assert (rows()[0].verdict, rows()[0].author_id) == (Verdict.OPEN, None)


def test_list_is_worst_first_and_filtered(member: User, detector: Detector, video: Video) -> None:
    other = add_video(member, "Street")
    things = [
        UnmatchedDetection(saved_id(row), 10 * n, "cup", SEEN, score)
        for row in (video, other)
        for n, score in enumerate((0.3, 0.9, 0.6))
    ]
    with db.transaction() as session:
        findings.record(session, saved_id(detector), things)
    decide(member, rows()[1], Verdict.IGNORE)
    with db.read_session() as session:
        every = findings.list_findings(session, detector)
        still = findings.list_findings(
            session, detector, video_id=video.id, verdict=Verdict.OPEN, limit=1
        )
        by_video = findings.count_by_video(session, detector, (Verdict.OPEN,))
    assert (every.count, [found.score for found in every.findings]) == (
        6,
        [0.9, 0.9, 0.6, 0.6, 0.3, 0.3],
    )
    assert (still.count, [found.score for found in still.findings]) == (2, [0.6])
    assert by_video == {video.id: 2, other.id: 3}


def test_training_fills_the_inbox_from_its_validation_images(
    member: User, training_set: TrainingSet, provider: FakeProvider
) -> None:
    add_video(member)  # the set's pictures are named after it
    queued = create_detector(member, training_set)
    work(queued)
    [found] = rows()
    assert (found.detector_id, found.label, found.frame_index) == (queued.id, "cup", 1)
    assert found.frames == 2  # frames 1 and 3 show a bus stop there


def test_validation_images_of_a_deleted_video_are_no_findings(
    member: User, detector: Detector
) -> None:
    with db.transaction() as session:
        count = findings.record(
            session, saved_id(detector), [UnmatchedDetection(99, 0, "cup", SEEN, 1)]
        )
    assert (count, rows()) == (0, [])


def test_same_review_twice_is_one_job(member: User, detector: Detector, video: Video) -> None:
    first = ask(member, detector, video)
    assert ask(member, detector, video).id == first.id
    assert ask(member, detector, video, confidence=0.7).id != first.id


@pytest.mark.parametrize("state", [DetectorState.QUEUED, DetectorState.ERROR])
def test_untrained_detector_reviews_nothing(
    member: User, detector: Detector, video: Video, state: DetectorState
) -> None:
    with db.transaction() as session:
        session.get_one(Detector, detector.id).state = state
    with pytest.raises(Conflict, match="Train it before a review"):
        ask(member, detector, video)


def test_video_that_is_not_ready_is_not_reviewed(
    member: User, detector: Detector, video: Video
) -> None:
    with db.transaction() as session:
        session.get_one(Video, video.id).state = VideoState.PROCESSING
    with pytest.raises(Conflict, match="Wait until it is imported"):
        ask(member, detector, video)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"confidence": 0}, "confidence"),
        ({"confidence": 1.5}, "confidence"),
        ({"stride": 0}, "stride"),
    ],
)
def test_wrong_wish_is_refused_by_its_field(
    member: User, detector: Detector, video: Video, wish: dict[str, float], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask(member, detector, video, **wish)
    assert caught.value.field == field


@pytest.mark.parametrize("gone", [Video, Detector])
def test_what_was_deleted_while_the_review_waited_is_a_sentence(
    member: User, detector: Detector, video: Video, gone: type[Video | Detector]
) -> None:
    job = ask(member, detector, video)
    with db.transaction() as session:
        session.delete(session.get_one(gone, (video if gone is Video else detector).id))
    done = perform(job)
    assert done.state is JobState.FAILED
    assert "was deleted" in done.message


def test_model_that_is_gone_is_a_sentence(
    home: Path, member: User, detector: Detector, video: Video
) -> None:
    (home / "detectors" / str(detector.id) / "model" / "model.onnx").unlink()
    done = perform(ask(member, detector, video))
    assert done.state is JobState.FAILED
    assert "missing from the disk" in done.message


def test_label_that_the_detector_does_not_know_is_no_obstacle(
    home: Path, member: User, video: Video
) -> None:
    """Its classes were renamed, or one vanished from the catalogue."""
    renamed = add_trained_detector(home, member, labels=("mug", "bus stop"))
    publish_model(home, renamed, answer=(10.0, 18.0, 30.0, 38.0))
    annotate(member, video, cup(0, FRAMES - 1))
    perform(ask(member, renamed, video))
    assert [found.label for found in rows()] == ["mug"]


def test_detector_at_work_is_not_deleted(member: User, detector: Detector, video: Video) -> None:
    ask(member, detector, video)
    with db.transaction() as session, pytest.raises(Conflict, match="in use"):
        detectors.delete(session, session.get_one(Detector, detector.id))


def test_finding_of_someone_else_is_not_found(
    member: User, detector: Detector, video: Video
) -> None:
    perform(ask(member, detector, video))
    stranger = add_user("stranger", Role.USER)
    with db.read_session() as session:
        assert findings.get(session, member, saved_id(rows()[0])).label == "cup"
        for number in (saved_id(rows()[0]), 99):
            with pytest.raises(NotFound):
                findings.get(session, stranger, number)
