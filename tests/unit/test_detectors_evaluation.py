"""The score, against hand calculation, Ultralytics' own validator and pycocotools."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.training_data import write_training_set
from tpod_core.detectors import registry
from tpod_core.detectors.attempts import open_attempt
from tpod_core.detectors.dataset_layout import materialize
from tpod_core.detectors.protocol import DatasetLayout, Detection, Scene, TrainRequest
from tpod_core.detectors.scores import EpochRow, Score
from tpod_core.errors import JobCancelled
from tpod_core.evaluation import matching, reporting, scoring
from tpod_core.evaluation.average_precision import measure
from tpod_core.evaluation.result_file import Counts, read_evaluation, write_evaluation
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
    return scoring.score_of(answers, measure(answers.ranked()))


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


def test_precision_at_the_recommended_confidence_is_what_is_counted_there() -> None:
    answers = gathered(*random_answers(40))
    precision = measure(answers.ranked())
    confidence, sure = precision.confidences[precision.best], answers.ranked()
    kept = sure.scores >= confidence
    for row, class_id in enumerate(precision.class_ids):
        of_class = kept & (sure.class_ids == class_id)
        right = int((of_class & sure.correct[:, 0]).sum())
        assert precision.precision[row, precision.best] == right / of_class.sum()
        assert precision.recall[row, precision.best] == right / sum(sure.true_class_ids == class_id)


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
    assert reporting.report(answers, measure(answers.ranked())).images == len(images)


def test_report_counts_what_happens_at_the_recommended_confidence() -> None:
    answers = gathered(
        ([(CUP, PLACE), (BUS, ELSEWHERE)], [Detection(PLACE, 0.9, CUP)]),
        ([(CUP, PLACE)], [Detection(PLACE, 0.95, CUP)]),
        ([(CUP, PLACE)], [Detection(PLACE, 0.9, BUS), Detection(ELSEWHERE, 0.9, CUP)]),
        ([], [Detection(ELSEWHERE, 0.06, BUS)]),
    )
    made = reporting.report(answers, measure(answers.ranked()))
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
    made = reporting.report(answers, measure(answers.ranked()))
    at = {confidence: number for number, confidence in enumerate(made.confidences)}
    cup = made.curves["cup"]
    for confidence, precision, recall in (
        (0.9, 1, 0),
        (0.79, 1, 0.5),
        (0.61, 1, 0.5),
        (0.59, 0.5, 0.5),
        (0.41, 0.5, 0.5),
        (0.39, 2 / 3, 1),
        (0, 2 / 3, 1),
    ):
        read = cup.precision[at[confidence]], cup.recall[at[confidence]]
        assert read == pytest.approx((precision, recall), abs=0.0001), confidence
    assert made.mean == cup


def test_evaluation_is_read_as_it_was_written(tmp_path: Path) -> None:
    answers = gathered(([(CUP, PLACE)], [Detection(PLACE, 0.9, CUP)]))
    made = reporting.report(answers, measure(answers.ranked()))
    assert read_evaluation(tmp_path) is None
    write_evaluation(tmp_path, made)
    assert read_evaluation(tmp_path) == made


def random_answers(images: int) -> list[tuple[Labels, list[Detection]]]:
    """Labels, and detections of them that are moved, doubled, missing, mistaken, made up."""
    random = np.random.default_rng(5)

    def box() -> Box:
        x, y, w, h = random.uniform((0, 0, 20, 20), (500, 300, 120, 120))
        return Box(float(x), float(y), float(x + w), float(y + h))

    def moved(place: Box) -> Box:
        dx, dy, dw, dh = random.normal(0, 3, 4)
        return Box(place.x1 + dx, place.y1 + dy, place.x2 + dx + dw, place.y2 + dy + dh)

    result = []
    for _ in range(images):
        labels = [(int(random.integers(2)), box()) for _ in range(random.integers(0, 5))]
        found = [
            Detection(moved(place), float(random.beta(4, 2)), class_id)
            for class_id, place in labels
            for _ in range(random.integers(0, 3))
        ]
        found += [
            Detection(moved(place), float(random.beta(2, 3)), 1 - class_id)
            for class_id, place in labels
            if random.random() < 0.2
        ]
        found += [
            Detection(box(), float(random.beta(1, 4)), int(random.integers(2)))
            for _ in range(random.integers(0, 6))
        ]
        result.append((labels, found))
    return result


def test_score_is_that_of_ultralytics_validator() -> None:
    import torch

    from tpod_core.detectors.ultralytics_setup import configure

    configure()
    from ultralytics.models.yolo.detect import DetectionValidator
    from ultralytics.utils.metrics import DetMetrics

    validator = DetectionValidator()
    metrics = DetMetrics()
    metrics.names = dict(enumerate(CLASSES))
    answers = random_answers(150)
    for labels, found in answers:
        true, ours = matching.labelled(labels), matching.detected(found)
        pred = {
            "bboxes": torch.tensor(ours.boxes),
            "conf": torch.tensor(ours.scores),
            "cls": torch.tensor(ours.class_ids),
        }
        batch = {"bboxes": torch.tensor(true.boxes), "cls": torch.tensor(true.class_ids)}
        metrics.update_stats(
            {
                **validator._process_batch(pred, batch),
                "target_cls": true.class_ids,
                "target_img": np.unique(true.class_ids),
                "conf": ours.scores,
                "pred_cls": ours.class_ids,
                "im_name": "",
            }
        )
    metrics.process()
    ranked = gathered(*answers).ranked()
    made, precision = score(gathered(*answers)), measure(ranked)
    theirs = metrics.box
    assert [made.map50, made.map50_95] == pytest.approx([theirs.map50, theirs.map], abs=1e-6)
    assert 0.3 < made.map50_95 < made.map50 < 0.9  # the case is neither trivial nor hopeless
    # Their curves run straight between two scores, ours are counted: a detection apart.
    assert np.abs(precision.recall - theirs.r_curve).max() < 0.01
    assert np.abs(precision.precision - theirs.p_curve).mean() < 0.005
    assert np.abs(precision.f1 - theirs.f1_curve).max() < 0.02
    assert [made.precision, made.recall, made.f1] == pytest.approx(
        [theirs.mp, theirs.mr, theirs.f1.mean()], abs=0.02
    )


def test_score_is_within_a_hundredth_of_pycocotools() -> None:
    answers = random_answers(150)
    made = score(gathered(*answers))
    ap, ap50 = coco_scores(answers)
    assert made.map50 == pytest.approx(ap50, abs=0.01)
    assert made.map50_95 == pytest.approx(ap, abs=0.01)


def coco_scores(answers: Sequence[tuple[Labels, list[Detection]]]) -> tuple[float, float]:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def xywh(box: Box) -> list[float]:
        return [box.x1, box.y1, box.width, box.height]

    truth: dict[str, Any] = {
        "info": {},
        "images": [{"id": number + 1} for number in range(len(answers))],
        "categories": [{"id": number + 1, "name": name} for number, name in enumerate(CLASSES)],
        "annotations": [],
    }
    found = []
    for number, (labels, detections) in enumerate(answers):
        truth["annotations"] += [
            {
                "image_id": number + 1,
                "category_id": class_id + 1,
                "bbox": xywh(box),
                "area": box.area,
                "iscrowd": 0,
            }
            for class_id, box in labels
        ]
        found += [
            {
                "image_id": number + 1,
                "category_id": one.class_id + 1,
                "bbox": xywh(one.box),
                "score": one.score,
            }
            for one in detections
        ]
    for number, row in enumerate(truth["annotations"]):
        row["id"] = number + 1
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(found), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return float(judge.stats[0]), float(judge.stats[1])


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
        self, scene: Scene, images: Sequence[Path], confidence: float
    ) -> list[list[Detection]]:
        self.shown.append(len(images))
        return [[Detection(PLACE, 0.9, 1)] * 400 for _ in images]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
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
    return Scene(tmp_path / "model.pt", DatasetLayout(directory, CLASSES, (), images), config)


def test_images_are_looked_at_in_chunks_with_a_check_before_each(scene: Scene) -> None:
    family, steps = OneBox(), ProgressReporter()
    answers = scoring.gather(family, scene, steps)  # type: ignore[arg-type]
    assert family.shown == [64, 64, 2]
    assert steps.checks == 3
    assert steps.said[0] == "Scoring on the validation images: 0 of 130"
    assert answers.images[0].labels.box(0) == Box(16, 12, 48, 36)


def test_cancel_ends_a_score_within_a_chunk(scene: Scene) -> None:
    family = OneBox()
    with pytest.raises(JobCancelled):
        scoring.gather(family, scene, ProgressReporter(cancel_at=2))  # type: ignore[arg-type]
    assert family.shown == [64]


def test_at_most_300_detections_count_for_an_image(scene: Scene) -> None:
    answers = scoring.gather(OneBox(), scene, ProgressReporter())  # type: ignore[arg-type]
    assert len(answers.ranked().scores) == 130 * 300


def test_classes_are_translated_and_unknown_ones_left_out(scene: Scene) -> None:
    renamed = scoring.gather(OneBox(), scene, ProgressReporter(), {1: 0})  # type: ignore[arg-type]
    assert set(renamed.ranked().class_ids) == {0}
    dropped = scoring.gather(OneBox(), scene, ProgressReporter(), {0: 0})  # type: ignore[arg-type]
    assert len(dropped.ranked().scores) == 0


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
    ours = score(scoring.gather(provider, Scene(attempt.trained, data, config), ProgressReporter()))
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
