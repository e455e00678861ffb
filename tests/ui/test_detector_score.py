"""A trained detector's score on its page: curves, mistakes, parent, what to do next."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from pages._detectors.charts import worst_mix_up
from pages._shared import guard
from tests.detector_life import add_training_set, now, use_fake_provider, work
from tests.fake_provider import FakeProvider
from tests.fake_queue import ListQueue
from tests.labelled import add_video
from tests.ui.acting import accepted, welcome
from tpod_core import db
from tpod_core.evaluation.learning_curve import Point
from tpod_core.models import Detector, Job, JobKind, TrainingSet, User, saved_id
from tpod_core.services import detectors, learning
from tpod_core.services.detectors import DetectorDraft

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "detectors.py")


@pytest.fixture
def user(member: User, queue: ListQueue, monkeypatch: pytest.MonkeyPatch) -> User:
    """A member who sits in front of the screen; the training set's pictures are of a video."""
    monkeypatch.setattr(guard, "find_user", lambda: member)
    add_video(member)
    return member


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    return use_fake_provider(monkeypatch)


@pytest.fixture
def training_set(home: Path, user: User) -> TrainingSet:
    return add_training_set(home, user)


@pytest.fixture
def detector(user: User, training_set: TrainingSet, provider: FakeProvider) -> Detector:
    return train(user, training_set, "Cups")


def train(user: User, training_set: TrainingSet, name: str, parent: int | None = None) -> Detector:
    config = {"epochs": 1, "pretrained": "random"}
    draft = DetectorDraft(name, "yolo26n", saved_id(training_set), config, parent)
    with db.transaction() as session:
        detector = detectors.create(session, user, draft)
    return work(detector)


def page(detector: Detector) -> AppTest:
    test = AppTest.from_file(PAGE, default_timeout=20)
    test.query_params["detector"] = str(detector.id)
    return welcome(test.run())


def texts(test: AppTest) -> str:
    kinds = ("markdown", "caption", "subheader")
    return "\n".join(str(element.value) for kind in kinds for element in test.get(kind))


def jobs(kind: JobKind) -> list[Job]:
    with db.read_session() as session:
        return list(session.exec(select(Job).where(Job.kind == kind)))


def test_slider_reads_precision_and_recall_at_a_confidence(detector: Detector) -> None:
    test = page(detector)
    test.selectbox(key="confidence-class").set_value("cup")
    test.slider(key="confidence-at").set_value(0.5)
    shown = texts(welcome(test.run()))
    assert "about **50** are right; of 100 objects it finds about **100**" in shown
    test.slider(key="confidence-at").set_value(0.95)
    assert "it finds about **0**" in texts(welcome(test.run()))


def test_mix_ups_and_counts_are_told(detector: Detector) -> None:
    shown = texts(page(detector))
    assert "**2** objects found, **2** missed, **2** boxes wrong" in shown
    assert "takes bus stop for cup: 2 times" in shown


def test_single_mix_up_is_told_in_the_singular() -> None:
    evaluation = SimpleNamespace(
        confusion=[[2, 0, 0], [1, 2, 0], [0, 0, 0]], classes=["cup", "bus"]
    )
    assert worst_mix_up(evaluation) == "Most often it takes bus for cup: once."  # type: ignore[arg-type]


def test_settings_are_told_in_words_and_only_those_that_counted(detector: Detector) -> None:
    test = AppTest.from_file(PAGE, default_timeout=20)
    test.query_params["detector"], test.query_params["tab"] = str(detector.id), "Details"
    welcome(test.run())
    [_, settings] = [table.value for table in test.table]
    told = dict(settings.itertuples())
    assert told["Mirror frames"] == "yes"
    assert "Also train on the parent's training set" not in told


def test_worst_pictures_lead_to_their_frames(detector: Detector) -> None:
    test = page(detector)
    assert len(test.get("image")) == 1
    shown = texts(test)
    assert "missed: bus stop · wrong: cup (0.90)" in shown
    assert "[Kitchen, frame 1](/labeling?video=1&frame=1)" in shown


def test_child_is_shown_beside_its_parent(
    user: User, training_set: TrainingSet, detector: Detector, provider: FakeProvider
) -> None:
    provider.finds = lambda scene: scene.checkpoint.name != "trained.pt"
    test = page(train(user, training_set, "Child", detector.id))
    assert "Better than its parent?" in texts(test)
    rows = test.dataframe[1].value
    assert rows["name"].tolist() == ["cup", "bus stop"]
    assert rows["verdict"].tolist() == ["⚠ worse", "+0.00"]
    assert "“cup” got worse than in the parent Cups" in test.warning[0].value


def test_findings_wait_behind_a_button(detector: Detector) -> None:
    assert "Review one detection" in [button.label for button in page(detector).button]


def test_review_of_a_video_is_started_on_the_page(detector: Detector) -> None:
    test = accepted(page(detector), "Search it")
    [job] = jobs(JobKind.REVIEW_VIDEO)
    assert job.request["video_id"] == 1
    assert "Search it" not in [button.label for button in test.button]


def test_learning_curve_is_started_and_cancelled_on_the_page(detector: Detector) -> None:
    test = accepted(page(detector), "Measure it")
    assert len(jobs(JobKind.MEASURE_LEARNING)) == 1
    accepted(test, "Cancel")
    [job] = jobs(JobKind.MEASURE_LEARNING)
    assert job.state.is_final


def test_learning_curve_says_what_to_label_next(detector: Detector) -> None:
    for share, map50 in ((25, 0.3), (50, 0.5), (100, 0.7)):
        point = Point(share, share, share, map50, map50, {"cup": map50 + 0.2, "bus stop": map50})
        learning.keep_point(now(detector), point)
    shown = texts(page(detector))
    assert "**Yes.** The second half of the images brought +0.20 mAP50" in shown
    assert "more **bus stop**, its weakest class" in shown
    assert "scenes like those of **Kitchen** (1 unmatched detection)" in shown


def test_model_from_before_there_were_evaluations_says_so(home: Path, detector: Detector) -> None:
    (home / "detectors" / str(detector.id) / "model" / "evaluation.json").unlink()
    assert "Export the model again" in texts(page(detector))
