"""Our figures beside those of Ultralytics, pycocotools and torchmetrics, on the same detections."""

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.random_detections import CLASSES, Answer, crowded, gathered, usual
from tpod_core.detectors.protocol import MAX_DETECTIONS, Detection
from tpod_core.evaluation import matching, scoring
from tpod_core.evaluation.average_precision import Metrics, measure
from tpod_core.evaluation.confusion import confusion_matrix
from tpod_core.evaluation.curves import STEPS
from tpod_core.geometry import Box

pytestmark = [
    pytest.mark.usefixtures("ultralytics"),
    pytest.mark.filterwarnings("ignore:::torch"),
    pytest.mark.filterwarnings("ignore:::ultralytics"),
]

CUP, BUS = 0, 1
PLACE = Box(0, 0, 100, 100)
CASES = {
    "usual": usual(150),
    "usual, another seed": usual(150, seed=21),
    "crowded": crowded(150),
    "crowded, another seed": crowded(150, seed=22),
}

each_case = pytest.mark.parametrize("answers", list(CASES.values()), ids=list(CASES))


@pytest.fixture(scope="module")
def ultralytics(data_directory: Path) -> None:
    """Ultralytics, with its settings in a directory of these tests."""
    from tpod_core.detectors.ultralytics_setup import configure

    configure()


def as_tensors(labels: Any, detections: Sequence[Detection]) -> tuple[Any, Any]:
    """(detections, labels) of one image as Ultralytics passes them on."""
    import torch

    true, found = matching.labelled(labels), matching.detected(detections)
    return (
        {
            "bboxes": torch.tensor(found.boxes),
            "conf": torch.tensor(found.scores),
            "cls": torch.tensor(found.class_ids),
        },
        {"bboxes": torch.tensor(true.boxes), "cls": torch.tensor(true.class_ids)},
    )


def metrics_of(answers: Sequence[Answer]) -> Metrics:
    return measure(gathered(answers).arrays())


def ultralytics_metrics(answers: Sequence[Answer]) -> Any:
    from ultralytics.models.yolo.detect import DetectionValidator
    from ultralytics.utils.metrics import DetMetrics

    validator, metrics = DetectionValidator(), DetMetrics()
    metrics.names = dict(enumerate(CLASSES))
    for labels, detections in answers:
        found, true = as_tensors(labels, detections)
        target = true["cls"].numpy()
        metrics.update_stats(
            {
                **validator._process_batch(found, true),
                "target_cls": target,
                "target_img": np.unique(target),
                "conf": found["conf"].numpy(),
                "pred_cls": found["cls"].numpy(),
                "im_name": "",
            }
        )
    metrics.process()
    return metrics.box


@each_case
def test_right_detections_are_those_of_ultralytics_at_every_iou(answers: list[Answer]) -> None:
    from ultralytics.models.yolo.detect import DetectionValidator

    validator, right = DetectionValidator(), 0
    for labels, detections in answers:
        theirs = validator._process_batch(*as_tensors(labels, detections))["tp"]
        ours = matching.correct_at_ious(matching.labelled(labels), matching.detected(detections))
        assert ours.tolist() == theirs.tolist()
        right += int(ours.sum())
    assert right > 300


@each_case
def test_right_detections_are_those_of_pycocotools_at_every_iou(answers: list[Answer]) -> None:
    judge = coco_judge(answers)
    theirs: dict[int, np.ndarray] = {}
    for image in filter(None, judge.evalImgs):
        if image["aRng"] == judge.params.areaRng[0] and image["maxDet"] == MAX_DETECTIONS:
            theirs |= dict(zip(image["dtIds"], (image["dtMatches"] > 0).T, strict=True))
    number = 0
    for labels, detections in answers:
        ours = matching.correct_at_ious(matching.labelled(labels), matching.detected(detections))
        for right in ours:
            number += 1
            assert right.tolist() == theirs[number].tolist()
    assert len(theirs) == number > 300


@each_case
def test_averages_are_those_of_ultralytics(answers: list[Answer]) -> None:
    made, theirs = metrics_of(answers), ultralytics_metrics(answers)
    assert made.ap == pytest.approx(theirs.all_ap, abs=1e-6)
    score = scoring.score_of(gathered(answers), made)
    assert [score.map50, score.map50_95] == pytest.approx([theirs.map50, theirs.map], abs=1e-6)
    assert 0.02 < score.map50_95 < score.map50 < 0.9, "neither trivial nor hopeless"


@each_case
def test_averages_are_within_a_hundredth_of_pycocotools_and_torchmetrics(
    answers: list[Answer],
) -> None:
    """They mean the precision over 101 recalls, Ultralytics takes the area through them."""
    made = scoring.score_of(gathered(answers), metrics_of(answers))
    for table in (
        coco_judge(answers).eval["precision"],
        torchmetrics_summary(answers)["precision"].numpy(),
    ):
        by_iou = table[..., 0, -1]  # (ious, recalls, classes): all sizes, all detections
        assert made.map50 == pytest.approx(by_iou[0].mean(), abs=0.01)
        assert made.map50_95 == pytest.approx(by_iou.mean(), abs=0.01)


@each_case
def test_recall_of_all_detections_is_that_of_torchmetrics(answers: list[Answer]) -> None:
    theirs = torchmetrics_summary(answers)["recall"][0, :, 0, -1].numpy()
    assert metrics_of(answers).curves.recall[:, 0] == pytest.approx(theirs, abs=1e-6)


def test_curves_are_those_of_ultralytics_at_the_scores_of_detections() -> None:
    """Between two scores theirs run straight, ours are even: there they differ by design."""
    places = np.random.default_rng(3).permutation(np.arange(8, 990, 4))
    drawn = iter(places.tolist())
    answers = [
        (labels, [Detection(each.box, next(drawn) / 999, each.class_id) for each in found])
        for labels, found in usual(40, seed=8)
    ]
    arrays, theirs = gathered(answers).arrays(), ultralytics_metrics(answers)
    curves = measure(arrays).curves
    assert 100 < len(arrays.scores) <= len(places)
    for class_id, score in zip(arrays.class_ids, arrays.scores, strict=True):
        at, there = int(score * STEPS), round(float(score) * 999)
        ours = curves.precision[class_id, at], curves.recall[class_id, at], curves.f1[class_id, at]
        read = theirs.p_curve, theirs.r_curve, theirs.f1_curve
        assert ours == pytest.approx([curve[class_id, there] for curve in read], abs=1e-4)


@each_case
def test_best_confidence_comes_to_what_ultralytics_comes_to_at_its_own(
    answers: list[Answer],
) -> None:
    """Theirs is the first of the best places, ours the middle of them. The score counts all boxes
    alike where they print means over the classes; here ours are means over the classes, too."""
    made, theirs = metrics_of(answers), ultralytics_metrics(answers)
    curves, index = made.curves, made.recommended_index
    ours = [float(table[:, index].mean()) for table in (curves.precision, curves.recall, curves.f1)]
    assert ours == pytest.approx([theirs.mp, theirs.mr, theirs.f1.mean()], abs=0.03)


@pytest.mark.parametrize("confidence", [0.05, 0.25, 0.6])
@pytest.mark.parametrize(
    "answers", [usual(80, seed=31, classes=1), crowded(80, seed=32, classes=1)]
)
def test_matrix_of_one_class_is_that_of_ultralytics(
    answers: list[Answer], confidence: float
) -> None:
    assert_same_matrix(answers, ("cup",), confidence)


@pytest.mark.parametrize("confidence", [0.05, 0.25, 0.6])
def test_matrix_is_that_of_ultralytics_where_no_boxes_compete(confidence: float) -> None:
    """At most one box on each object, of the right or of another class, and boxes of nothing."""
    random = np.random.default_rng(33)
    answers: list[Answer] = []
    for _ in range(80):
        places = [Box(150 * n, 0, 150 * n + 100, 100) for n in range(6)]
        labels = [(int(random.integers(3)), place) for place in places[:4]]
        found = [
            Detection(
                Box(place.x1 + 8, place.y1, place.x2 + 8, place.y2 - 5),
                float(random.uniform(0.01, 1)),
                int(random.integers(3)),
            )
            for place in places
            if random.random() < 0.7
        ]
        answers.append((labels, found))
    assert_same_matrix(answers, ("cup", "bus", "cat"), confidence)


def test_matrix_differs_from_that_of_ultralytics_where_another_class_is_surer() -> None:
    """Ultralytics gives the object to the surer box, though AP counts the other one as right."""
    answers: list[Answer] = [
        ([(CUP, PLACE)], [Detection(PLACE, 0.9, BUS), Detection(PLACE, 0.8, CUP)])
    ]
    assert ultralytics_matrix(answers, CLASSES, 0.5).tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    ours = confusion_matrix(gathered(answers).images, 2, 0.5)
    assert ours.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]
    assert metrics_of(answers).curves.correct[:, STEPS // 2].tolist() == [1, 0]


def assert_same_matrix(
    answers: Sequence[Answer], classes: tuple[str, ...], confidence: float
) -> None:
    ours = confusion_matrix(gathered(answers, classes).images, len(classes), confidence)
    assert ours.tolist() == ultralytics_matrix(answers, classes, confidence).tolist()
    assert ours.trace() > 20


def ultralytics_matrix(
    answers: Sequence[Answer], classes: tuple[str, ...], confidence: float
) -> np.ndarray:
    """A row per true class, as ours; at our IoU instead of their 0.45."""
    from ultralytics.utils.metrics import ConfusionMatrix

    matrix = ConfusionMatrix(dict(enumerate(classes)))
    for labels, detections in answers:
        found, true = as_tensors(labels, detections)
        matrix.process_batch(found, true, conf=confidence, iou_thres=matching.IOU_THRESHOLD)
    return np.asarray(matrix.matrix.T.astype(int))


def torchmetrics_summary(answers: Sequence[Answer]) -> dict[str, Any]:
    from torchmetrics.detection import MeanAveragePrecision

    metric = MeanAveragePrecision(
        extended_summary=True, max_detection_thresholds=[1, 10, MAX_DETECTIONS]
    )
    for labels, detections in answers:
        found, true = as_tensors(labels, detections)
        metric.update(
            [{"boxes": found["bboxes"], "scores": found["conf"], "labels": found["cls"].long()}],
            [{"boxes": true["bboxes"], "labels": true["cls"].long()}],
        )
    summary: dict[str, Any] = metric.compute()
    return summary


def coco_judge(answers: Sequence[Answer]) -> Any:
    """pycocotools' evaluation; detections have the ids 1, 2 … in our order, best first."""
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
            for one in sorted(detections, key=lambda one: -one.score)
        ]
    for number, row in enumerate(truth["annotations"]):
        row["id"] = number + 1
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(found), "bbox")
        judge.params.maxDets = [1, 10, MAX_DETECTIONS]
        judge.evaluate()
        judge.accumulate()
    return judge
