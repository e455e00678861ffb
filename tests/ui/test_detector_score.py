"""A trained detector's score on its page: curves, mistakes, parent, what to do next."""

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from pages._detectors.charts import worst_mix_up
from tests.detectors import FakeProvider, create_detector, now, work
from tests.labelled import add_video
from tests.random_detections import Answer, gathered, usual, weak
from tests.training_sets import measure_as
from tests.ui.acting import accepted, welcome
from tpod_core import db
from tpod_core.detectors.paths import model_key
from tpod_core.detectors.protocol import Detection
from tpod_core.evaluation import reporting, scoring
from tpod_core.evaluation.average_precision import measure
from tpod_core.evaluation.learning_curve import Point
from tpod_core.evaluation.result_file import EVALUATION_FILE, Evaluation, write_evaluation
from tpod_core.geometry import Box
from tpod_core.jobs import execute
from tpod_core.models import Detector, Job, JobKind, TrainingSet, User, saved_id
from tpod_core.services import learning
from tpod_core.services.training_sets import Leakage
from workers import export_model

pytestmark = [
    pytest.mark.filterwarnings("ignore:::torch"),
    pytest.mark.filterwarnings("ignore:::ultralytics"),
]

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "detectors.py")


@pytest.fixture
def detector(user: User, training_set: TrainingSet, provider: FakeProvider) -> Detector:
    add_video(user)  # It is the one that the training set's pictures are of.
    return train(user, training_set, "Cups")


def train(user: User, training_set: TrainingSet, name: str, parent: int | None = None) -> Detector:
    return work(create_detector(user, training_set, name=name, parent_id=parent))


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
    assert "it finds about **100**; of 100 boxes that it draws, about **50** are right" in shown
    test.slider(key="confidence-at").set_value(0.95)
    assert "It draws no box at this confidence" in texts(welcome(test.run()))


def test_doubts_about_the_training_set_stand_beside_the_score(
    detector: Detector, training_set: TrainingSet
) -> None:
    assert [each.value for each in page(detector).warning] == []
    measure_as(training_set, Leakage(0.75, 3, 30, 2))
    [said] = [each.value.replace("\\", "") for each in page(detector).warning]
    assert "3 of 4 validation pictures nearly equal a training picture: the score flatters" in said
    assert "Validation has only 4 pictures" in said


def test_score_on_a_set_of_an_earlier_version_says_that_likeness_was_not_measured(
    detector: Detector, training_set: TrainingSet
) -> None:
    measure_as(training_set, Leakage(0, 0, 30))
    [said] = [each.value for each in page(detector).warning]
    assert "did not measure" in said


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
    assert job.video_id == 1
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


def test_page_of_a_weak_detector_has_one_number_for_one_thing(
    home: Path, detector: Detector
) -> None:
    """In the words, in the tiles, at the slider, in the table, in the matrix."""
    result = give(home, detector, weak(200, seed=41))
    counts = result.counts
    assert counts.correct == 0 < counts.wrong, "all that is right has a lower score"
    test = page(detector)
    shown = texts(test)
    assert shown.count("it finds about **0**; of 100 boxes that it draws, about **0** are") == 2
    assert "what it finds has lower scores" in shown
    assert (
        f"At a confidence of 0.05, on 200 validation images: **0** objects found, **200** missed, "
        f"**{counts.wrong}** boxes wrong."
    ) in shown
    tiles = {metric.label: metric.value for metric in test.metric}
    assert (tiles["Precision"], tiles["Recall"], tiles["Best confidence"]) == (
        "0.00",
        "0.00",
        "0.05",
    )
    assert test.dataframe[0].value[["precision", "recall"]].to_numpy().tolist() == [[0, 0]] * 2


def test_page_has_the_shares_of_its_matrix(home: Path, detector: Detector) -> None:
    counts = give(home, detector, usual(120, seed=42)).counts
    found = f"{counts.correct / (counts.correct + counts.missed):.2f}"
    right = f"{counts.correct / (counts.correct + counts.wrong):.2f}"
    test = page(detector)
    assert texts(test).count(told(found, right)) == 2
    assert f"**{counts.correct}** objects found, **{counts.missed}** missed" in texts(test)
    tiles = {metric.label: metric.value for metric in test.metric}
    assert (tiles["Precision"], tiles["Recall"]) == (right, found)
    test.selectbox(key="confidence-class").set_value("bus stop")
    row = test.dataframe[0].value.iloc[1]
    assert told(str(row["recall"]), str(row["precision"])) in texts(welcome(test.run()))


def test_half_a_hundredth_is_shown_alike_everywhere(home: Path, detector: Detector) -> None:
    """Of eight boxes on eight cups five are right: 0.625, which browsers make 0.63."""
    cups = [Box(150 * n, 0, 150 * n + 100, 100) for n in range(8)]
    places = [*cups[:5], *(Box(150 * n, 300, 150 * n + 100, 400) for n in range(3))]
    answers: list[Answer] = [
        ([(0, cup) for cup in cups], [Detection(place, 0.9, 0) for place in places])
    ]
    give(home, detector, answers)
    test = page(detector)
    assert texts(test).count(told("0.62", "0.62")) == 2
    assert [metric.value for metric in test.metric][2:4] == ["0.62", "0.62"]
    assert test.dataframe[0].value.iloc[0][["precision", "recall"]].tolist() == [0.62, 0.62]


def told(found: str, right: str) -> str:
    """What the words make of ``"0.29"`` and ``"0.5"``."""
    of_100, right_of_100 = (round(float(share) * 100) for share in (found, right))
    return f"it finds about **{of_100}**; of 100 boxes that it draws, about **{right_of_100}** are"


def give(home: Path, detector: Detector, answers: list[Answer]) -> Evaluation:
    """Put the score of ``answers`` in the place of the detector's own."""
    found = gathered(answers, tuple(detector.labels))
    metrics = measure(found.arrays())
    result = reporting.report(found, metrics)
    write_evaluation(home / model_key(saved_id(detector)), result)
    with db.transaction() as session:
        row = session.get_one(Detector, detector.id)
        row.metrics = row.metrics | scoring.score_of(found, metrics).as_json()
    return result


def test_score_of_an_earlier_version_opens_and_is_worked_out_anew(
    home: Path, detector: Detector
) -> None:
    first_metrics, file = detector.metrics, home / model_key(saved_id(detector)) / EVALUATION_FILE
    make_old(file, detector)
    test = page(detector)
    [told] = [info.value for info in test.info]
    assert "An earlier version of TPOD worked out these figures" in told
    assert "it finds about **100**" in texts(test)
    accepted(test, "Work out the score anew")
    [job] = jobs(JobKind.EXPORT_MODEL)
    execute(saved_id(job), job.attempt, run=export_model.run, worker="w", abandon=os.abort)
    assert now(detector).metrics == first_metrics
    assert not page(detector).info


def make_old(file: Path, detector: Detector) -> None:
    """The evaluation and the metrics as the first version wrote them."""
    content = json.loads(file.read_text())
    del content["version"], content["overall"]
    for curve in (content["mean"], *content["curves"].values()):
        del curve["detections"]
    file.write_text(json.dumps(content))
    with db.transaction() as session:
        row = session.get_one(Detector, detector.id)
        row.metrics = {name: row.metrics[name] for name in row.metrics if name != "counts"} | {
            "precision": 0.7,
            "recall": 1.0,
        }


def test_score_that_is_worked_out_anew_is_not_asked_for_twice(
    home: Path, detector: Detector
) -> None:
    make_old(home / model_key(saved_id(detector)) / EVALUATION_FILE, detector)
    test = accepted(page(detector), "Work out the score anew")
    assert "Work out the score anew" not in [button.label for button in test.button]


def test_model_from_before_there_were_evaluations_says_so(home: Path, detector: Detector) -> None:
    (home / model_key(saved_id(detector)) / EVALUATION_FILE).unlink()
    test = page(detector)
    assert "before curves and mistakes were worked out" in test.info[0].value
    assert "Work out the score anew" in [button.label for button in test.button]
