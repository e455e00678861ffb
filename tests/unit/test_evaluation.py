"""The score, against hand calculation and a validation by Ultralytics."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.training_sets import write_training_set
from tpod_core.detectors import registry
from tpod_core.detectors.attempts import open_attempt
from tpod_core.detectors.dataset_layout import materialize
from tpod_core.detectors.protocol import DatasetLayout, Detection, EvaluationContext, TrainRequest
from tpod_core.detectors.scores import Counts, EpochRow, Score
from tpod_core.errors import JobCancelled
from tpod_core.evaluation import matching, reporting, scoring
from tpod_core.evaluation.average_precision import measure
from tpod_core.evaluation.result_file import (
    EVALUATION_FILE,
    read_evaluation,
    write_evaluation,
)
from tpod_core.evaluation.scoring import Gathered
from tpod_core.formats import yolo
from tpod_core.geometry import Box

pytestmark = [
    pytest.mark.usefixtures("home"),
    pytest.mark.filterwarnings("ignore:::torch"),
    pytest.mark.filterwarnings("ignore:::ultralytics"),
]

CLASSES = ("cup", "bus")
CUP, BUS = 0, 1
PLACE, ELSEWHERE = Box(0, 0, 100, 100), Box(200, 200, 300, 300)
Labels = list[tuple[int, Box]]


def gathered(*images: tuple[Labels, list[Detection]], video_id: int = 1) -> Gathered:
    """One frame after the other of a video."""
    result = Gathered(CLASSES)
    for frame, (labels, found) in enumerate(images):
        path = Path(yolo.image_path("val", video_id, frame))
        result.add(path, matching.labelled(labels), matching.detected(found))
    return result


def score(answers: Gathered) -> Score:
    return scoring.score_of(answers, measure(answers.arrays()))


def test_one_right_box_is_a_perfect_score() -> None:
    made = score(gathered(([(CUP, PLACE)], [Detection(PLACE, 0.9, CUP)])))
    assert made.map50 == pytest.approx(0.995)  # Ultralytics' curve ends at a precision of 0
    assert (made.classes[0].boxes, made.classes[1].boxes) == (1, 0)
    assert made.classes[1].ap50 is None


def test_surer_wrong_box_halves_the_precision() -> None:
    made = score(
        gathered(([(CUP, PLACE)], [Detection(ELSEWHERE, 0.9, CUP), Detection(PLACE, 0.6, CUP)]))
    )
    assert made.map50 == pytest.approx(0.5, abs=0.005)
    assert (made.precision, made.recall) == (0.5, 1.0)
    assert made.recommended_confidence < 0.6


@pytest.mark.parametrize(
    ("found", "even"),
    [
        ([(PLACE, 0.9)], (0, 0.9)),
        ([(PLACE, 0.9), (ELSEWHERE, 0.3)], (0.3, 0.9)),
        ([(PLACE, 0.9), (ELSEWHERE, 0.6), (ELSEWHERE, 0.1)], (0.6, 0.9)),
        ([(ELSEWHERE, 0.9), (PLACE, 0.6), (ELSEWHERE, 0.2)], (0.2, 0.6)),
    ],
    ids=["nothing wrong", "one wrong", "two wrong", "the surest wrong"],
)
def test_recommended_confidence_is_the_middle_of_the_best_stretch(
    found: list[tuple[Box, float]], even: tuple[float, float]
) -> None:
    answers = gathered(([(CUP, PLACE)], [Detection(box, score, CUP) for box, score in found]))
    assert score(answers).recommended_confidence == pytest.approx(sum(even) / 2, abs=0.002)


def test_longest_of_equal_stretches_is_the_best() -> None:
    """F1 is 2/3 up to 0.5 (both found, two wrong), from there to 0.6 less, then up to 0.9 again
    (one found, none wrong)."""
    found = [(PLACE, 0.9, CUP), (Box(400, 0, 500, 100), 0.6, CUP), (ELSEWHERE, 0.6, CUP)]
    labels = [(CUP, PLACE), (CUP, Box(0, 300, 100, 400))]
    found.append((Box(0, 300, 100, 400), 0.5, CUP))
    made = score(gathered((labels, [Detection(*each) for each in found])))
    assert made.recommended_confidence == pytest.approx(0.25, abs=0.002)


def test_one_lucky_box_does_not_set_the_recommended_confidence() -> None:
    """F1 is 10/13 up to 0.49 (all five found, three wrong), 1 up to 0.5, and 8/9 up to 0.95."""
    places = [Box(150 * n, 0, 150 * n + 100, 100) for n in range(5)]
    found = [Detection(place, 0.95, CUP) for place in places[:4]]
    found += [Detection(places[4], 0.5, CUP)]
    found += [Detection(Box(0, y, 100, y + 100), 0.49, CUP) for y in (300, 500, 700)]
    made = score(gathered(([(CUP, place) for place in places], found)))
    assert made.recommended_confidence == pytest.approx((0.5 + 0.95) / 2, abs=0.002)
    assert (made.precision, made.recall) == (1, 0.8)


def test_loose_box_counts_for_half_of_the_overlaps() -> None:
    loose = Detection(Box(0, 0, 100, 70.001), 0.9, CUP)
    made = score(gathered(([(CUP, PLACE)], [loose])))
    assert made.map50 == pytest.approx(0.995)
    assert made.map50_95 == pytest.approx(0.995 * 5 / 10)


def test_mean_is_over_classes_that_occur() -> None:
    made = score(
        gathered(
            ([(CUP, PLACE)], [Detection(PLACE, 0.9, CUP)]),
            ([(BUS, PLACE)], []),
        )
    )
    assert made.map50 == pytest.approx(0.995 / 2)
    assert made.classes[1].ap50 == 0


@pytest.mark.parametrize(
    "images",
    [[], [([], [])], [([], [Detection(PLACE, 0.9, CUP)])], [([(CUP, PLACE)], [])]],
    ids=["no images", "nothing", "only wrong", "only missed"],
)
def test_detector_without_a_right_box_scores_nothing(
    images: list[tuple[Labels, list[Detection]]],
) -> None:
    answers = gathered(*images)
    made = score(answers)
    assert (made.map50, made.map50_95, made.precision, made.f1) == (0, 0, 0, 0)
    assert made.recommended_confidence == 0.25
    assert reporting.report(answers, measure(answers.arrays())).images == len(images)


def test_report_counts_what_happens_at_the_recommended_confidence() -> None:
    answers = gathered(
        ([(CUP, PLACE), (BUS, ELSEWHERE)], [Detection(PLACE, 0.9, CUP)]),
        ([(CUP, PLACE)], [Detection(PLACE, 0.95, CUP)]),
        ([(CUP, PLACE)], [Detection(PLACE, 0.9, BUS), Detection(ELSEWHERE, 0.9, CUP)]),
        ([], [Detection(ELSEWHERE, 0.06, BUS)]),
    )
    made = reporting.report(answers, measure(answers.arrays()))
    assert 0.06 < made.recommended_confidence < 0.9
    assert made.confusion == ((2, 1, 0), (0, 0, 1), (1, 0, 0))
    assert made.counts == Counts(correct=2, wrong=2, missed=2)
    [video] = made.videos
    assert (video.video_id, video.images, video.boxes) == (1, 4, 4)
    assert video.f1 == pytest.approx(2 * 2 / (2 * 2 + 2 + 2))


def test_curves_tell_precision_and_recall_at_a_confidence() -> None:
    answers = gathered(
        ([(CUP, PLACE)], [Detection(PLACE, 0.8, CUP)]),
        ([(CUP, PLACE)], [Detection(PLACE, 0.4, CUP), Detection(ELSEWHERE, 0.6, CUP)]),
    )
    made = reporting.report(answers, measure(answers.arrays()))
    at = {confidence: number for number, confidence in enumerate(made.confidences)}
    cup = made.curves["cup"]
    for confidence, precision, recall in (
        (0.9, 0, 0),  # no box is drawn there
        (0.79, 1, 0.5),
        (0.61, 1, 0.5),
        (0.59, 0.5, 0.5),
        (0.41, 0.5, 0.5),
        (0.39, 2 / 3, 1),
        (0, 2 / 3, 1),
    ):
        read = cup.precision[at[confidence]], cup.recall[at[confidence]]
        assert read == pytest.approx((precision, recall), abs=0.0001), confidence
    assert [cup.detections[at[confidence]] for confidence in (0.9, 0.8, 0.6, 0.4)] == [0, 1, 2, 3]
    assert made.all_classes == cup
    assert made.mean.precision == cup.precision


def test_evaluation_is_read_as_it_was_written(tmp_path: Path) -> None:
    answers = gathered(([(CUP, PLACE)], [Detection(PLACE, 0.9, CUP)]))
    made = reporting.report(answers, measure(answers.arrays()))
    assert read_evaluation(tmp_path) is None
    write_evaluation(tmp_path, made)
    assert read_evaluation(tmp_path) == made


def test_figures_over_all_classes_count_every_box_alike() -> None:
    """Three cups of three are found, and one bus of two, beside two boxes of nothing."""
    images: list[tuple[Labels, list[Detection]]] = [
        ([(CUP, PLACE)], [Detection(PLACE, 0.9, CUP)]) for _ in range(3)
    ]
    images += [
        ([(BUS, PLACE)], [Detection(PLACE, 0.9, BUS), Detection(ELSEWHERE, 0.9, BUS)]),
        ([(BUS, PLACE)], [Detection(ELSEWHERE, 0.9, BUS)]),
    ]
    made = score(gathered(*images))
    assert made.counts == Counts(correct=4, wrong=2, missed=1)
    assert (made.precision, made.recall) == (4 / 6, 4 / 5)
    assert made.f1 == pytest.approx(2 * 4 / (6 + 5))
    assert [(row.precision, row.recall) for row in made.classes] == [(1, 1), (1 / 3, 1 / 2)]


def test_best_confidence_is_looked_for_only_where_it_may_be() -> None:
    """F1 is 6/8 below 0.03 (three of four found, one box wrong), and 4/6 from there to 0.6."""
    places = [Box(150 * n, 0, 150 * n + 100, 100) for n in range(4)]
    found = [Detection(places[n], 0.6, CUP) for n in range(2)]
    found += [Detection(places[2], 0.03, CUP), Detection(ELSEWHERE, 0.03, CUP)]
    made = score(gathered(([(CUP, place) for place in places], found)))
    assert made.recommended_confidence == pytest.approx((0.03 + 0.6) / 2, abs=0.002)
    assert made.counts == Counts(correct=2, wrong=0, missed=2)


def test_detector_that_finds_only_below_the_lowest_confidence_gets_the_lowest() -> None:
    made = score(gathered(([(CUP, PLACE)], [Detection(PLACE, 0.03, CUP)])))
    assert made.map50 == pytest.approx(0.995)
    assert made.recommended_confidence == 0.05
    assert made.counts == Counts(correct=0, wrong=0, missed=1)


def test_evaluation_of_the_first_version_is_read_and_known_as_such(tmp_path: Path) -> None:
    """As it was written before there was a version: curves without numbers of detections."""
    curve = {"precision": [0.5, 1.0], "recall": [1.0, 0.5], "f1": [0.6667, 0.6667]}
    old = {
        "images": 2,
        "classes": ["cup", "bus"],
        "recommended_confidence": 0.5,
        "counts": {"correct": 1, "wrong": 0, "missed": 1},
        "confidences": [0.0, 1.0],
        "mean": curve,
        "curves": {"cup": curve},
        "confusion": [[1, 0, 1], [0, 0, 0], [0, 0, 0]],
        "videos": [
            {
                "video_id": 1,
                "images": 2,
                "boxes": 2,
                "counts": {"correct": 1, "wrong": 0, "missed": 1},
            }
        ],
        "worst": [
            {
                "picture": "worst/00.jpg",
                "video_id": 1,
                "frame_index": 0,
                "objects": [
                    {"kind": "missed", "label": "cup", "box": [0, 0, 9, 9], "score": 1, "iou": 0}
                ],
            }
        ],
        "parent": None,
    }
    (tmp_path / EVALUATION_FILE).write_text(json.dumps(old))
    made = read_evaluation(tmp_path)
    assert made is not None and not made.is_current
    assert made.all_classes.recall == (1.0, 0.5)
    answers = gathered(([(CUP, PLACE)], [Detection(PLACE, 0.9, CUP)]))
    assert reporting.report(answers, measure(answers.arrays())).is_current


@dataclass
class ProgressReporter:
    """Hears; cancels at the check with this number."""

    cancel_at: int | None = None
    said: list[str] = field(default_factory=list)
    checks: int = 0

    def say(self, message: str) -> None:
        self.said.append(message)

    def check(self) -> None:
        self.checks += 1
        if self.checks == self.cancel_at:
            raise JobCancelled("Cancelled.")


class OneBox:
    """A family that always finds the same; notes how many images it is shown at once."""

    def __init__(self) -> None:
        self.shown: list[int] = []

    def predict(
        self, context: EvaluationContext, images: Sequence[Path], confidence: float
    ) -> list[list[Detection]]:
        self.shown.append(len(images))
        return [[Detection(PLACE, 0.9, 1)] * 400 for _ in images]


@pytest.fixture
def context(tmp_path: Path) -> EvaluationContext:
    """130 empty images under the same file."""
    directory = tmp_path / "images" / "view"  # whose name is that of the folder inside, too
    for part in ("images/val", "labels/val"):
        (directory / part).mkdir(parents=True)
    original = directory / "images/val/v1_000000.jpg"
    cv2.imwrite(str(original), np.zeros((48, 64, 3), np.uint8))
    for number in range(130):
        image = directory / yolo.image_path("val", 1, number)
        if number:
            image.symlink_to(original)
        (directory / "labels/val" / f"{image.stem}.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    images = tuple(sorted((directory / "images/val").iterdir()))
    config = registry.config_model("yolo26n")()
    return EvaluationContext(
        tmp_path / "model.pt", DatasetLayout(directory, CLASSES, (), images), config
    )


def test_images_are_looked_at_in_chunks_with_a_check_before_each(
    context: EvaluationContext,
) -> None:
    family, steps = OneBox(), ProgressReporter()
    answers = scoring.gather(family, context, steps)  # type: ignore[arg-type]
    assert family.shown == [64, 64, 2]
    assert steps.checks == 3
    assert steps.said[0] == "Scoring on the validation images: 0 of 130"
    assert answers.images[0].labels.box(0) == Box(16, 12, 48, 36)


def test_cancel_ends_a_score_within_a_chunk(context: EvaluationContext) -> None:
    family = OneBox()
    with pytest.raises(JobCancelled):
        scoring.gather(family, context, ProgressReporter(cancel_at=2))  # type: ignore[arg-type]
    assert family.shown == [64]


def test_at_most_300_detections_count_for_an_image(context: EvaluationContext) -> None:
    answers = scoring.gather(OneBox(), context, ProgressReporter())  # type: ignore[arg-type]
    assert len(answers.arrays().scores) == 130 * 300


def test_classes_are_translated_and_unknown_ones_left_out(context: EvaluationContext) -> None:
    renamed = scoring.gather(OneBox(), context, ProgressReporter(), ("bus",))  # type: ignore[arg-type]
    assert set(renamed.arrays().class_ids) == {0}
    dropped = scoring.gather(OneBox(), context, ProgressReporter(), ("cup",))  # type: ignore[arg-type]
    assert len(dropped.arrays().scores) == 0


class TrainingCallback:
    def check(self) -> None: ...

    def on_batch(self, epoch: int, fraction: float) -> None: ...

    def on_epoch(self, row: EpochRow) -> None: ...


@pytest.mark.slow
def test_score_of_a_trained_model_is_that_of_ultralytics_validator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real model, each way through its own reading, scaling and sorting of the images."""
    from ultralytics.models.yolo.detect import DetectionValidator

    provider = registry.load_provider("yolo26n")
    wish = {"epochs": 12, "imgsz": 96, "batch": 4, "device": "cpu", "seed": 1, "patience": 0}
    config = registry.config_model("yolo26n").checked(wish)
    attempt = open_attempt(tmp_path)
    data = materialize(write_training_set(tmp_path / "set", 64, 32), attempt.directory / "data")
    provider.train(TrainRequest("yolo26n", config, data, attempt), TrainingCallback())
    ours = score(
        scoring.gather(
            provider, EvaluationContext(attempt.trained, data, config), ProgressReporter()
        )
    )
    validator = DetectionValidator(
        save_dir=tmp_path / "val",
        args={
            "data": str(data.directory / "data.yaml"),
            "imgsz": 96,
            "batch": 4,
            "device": "cpu",
            "conf": 0.001,
            "iou": 0.7,
            "rect": False,
            "plots": False,
            "workers": 0,
        },
    )
    validator(model=str(attempt.trained))
    assert ours.map50 > 0.3  # it has learnt something to disagree about
    assert ours.map50 == pytest.approx(float(validator.metrics.box.map50), abs=0.01)
    assert ours.map50_95 == pytest.approx(float(validator.metrics.box.map), abs=0.01)
