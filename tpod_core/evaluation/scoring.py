"""The score of a detector of any family, from ``Provider.predict`` on the validation images.

The detector runs once on all images, in chunks. A row of flags is kept for each detection, its box
only from the lowest confidence that can be recommended: 10,000 images with 300 detections each
take some hundred megabytes.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tpod_core.detectors.dataset_layout import label_of
from tpod_core.detectors.protocol import (
    LOWEST_CONFIDENCE,
    MAX_DETECTIONS,
    Detection,
    EvaluationContext,
    ProgressReporter,
    Provider,
)
from tpod_core.detectors.scores import ClassScore, Counts, Score
from tpod_core.evaluation import matching
from tpod_core.evaluation.average_precision import DetectionArrays, DetectionTable, Metrics
from tpod_core.evaluation.curves import LOWEST_RECOMMENDED, Curves
from tpod_core.evaluation.matching import Objects
from tpod_core.formats import yolo

CHUNK = 64
_REPORT_INTERVAL_S = 1.0


@dataclass(frozen=True)
class EvaluatedImage:
    """An image's labels, and its detections from ``LOWEST_RECOMMENDED`` on."""

    path: Path
    labels: Objects
    found: Objects

    @property
    def source(self) -> tuple[int, int] | None:
        """(video id, frame index), if the file name contains them."""
        return yolo.source_of(self.path.name)


class Gathered:
    """Collects a detector's detections on all images."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self.images: list[EvaluatedImage] = []
        self._table = DetectionTable(len(classes))

    def add(self, path: Path, labels: Objects, found: Objects) -> None:
        """Add one image: ``found`` from ``LOWEST_CONFIDENCE`` on, best first."""
        self._table.add(labels, found)
        self.images.append(EvaluatedImage(path, labels, found.at_least(LOWEST_RECOMMENDED)))

    def arrays(self) -> DetectionArrays:
        return self._table.arrays()

    def image_numbers(self) -> np.ndarray:
        """Returns the image number of each detection of ``arrays``."""
        return self._table.image_numbers()


def gather(
    provider: Provider,
    context: EvaluationContext,
    reporter: ProgressReporter,
    label_classes: tuple[str, ...] | None = None,
    activity: str = "Scoring on the validation images",
) -> Gathered:
    """Run the checkpoint of ``context`` on its validation images.

    Args:
        label_classes: the classes of the labels, if they are not those of the detector.
            Detections get the class ids of the labels; those of other classes are dropped.
        activity: the message for the user.
    """
    images = context.data.val
    classes = context.data.classes if label_classes is None else label_classes
    class_ids = class_ids_by_name(context.data.classes, classes)
    gathered, reported_at = Gathered(classes), 0.0
    for start in range(0, len(images), CHUNK):
        reporter.check()
        if time.monotonic() - reported_at >= _REPORT_INTERVAL_S:
            reporter.say(f"{activity}: {start} of {len(images)}")
            reported_at = time.monotonic()
        chunk = images[start : start + CHUNK]
        predictions = provider.predict(context, chunk, LOWEST_CONFIDENCE)
        for path, detections in zip(chunk, predictions, strict=True):
            found = matching.detected(_translated(detections, class_ids)[:MAX_DETECTIONS])
            gathered.add(path, read_labels(path), found)
    return gathered


def read_labels(image: Path) -> Objects:
    """Returns the labels of an image of a data set layout, in its pixels."""
    text = label_of(image).read_text()
    with Image.open(image) as picture:  # reads the header alone
        frame_wh = picture.size
    return matching.labelled([yolo.read_yolo_line(line, frame_wh) for line in text.splitlines()])


def score_of(gathered: Gathered, metrics: Metrics) -> Score:
    """Returns averages over the classes that occur, and counts at the recommended confidence."""
    rows = {int(class_id): row for row, class_id in enumerate(metrics.class_ids)}
    overall, index = metrics.curves.overall(), metrics.recommended_index
    return Score(
        images=len(gathered.images),
        map50=_mean(metrics.ap[:, 0]),
        map50_95=_mean(metrics.ap),
        precision=float(overall.precision[0, index]),
        recall=float(overall.recall[0, index]),
        f1=float(overall.f1[0, index]),
        recommended_confidence=metrics.recommended_confidence,
        counts=_counts(overall, index),
        classes=tuple(
            _class_score(name, class_id, metrics, rows.get(class_id))
            for class_id, name in enumerate(gathered.classes)
        ),
    )


def _counts(overall: Curves, index: int) -> Counts:
    correct = int(overall.correct[0, index])
    return Counts(
        correct=correct,
        wrong=int(overall.detected[0, index]) - correct,
        missed=int(overall.labels[0]) - correct,
    )


def _class_score(name: str, class_id: int, metrics: Metrics, row: int | None) -> ClassScore:
    """``row`` is the row of the class in ``metrics.ap``; ``None`` for a class without labels."""
    if row is None:
        return ClassScore(name, 0, None, None, None, None)
    curves, index = metrics.curves, metrics.recommended_index
    return ClassScore(
        name=name,
        boxes=int(curves.labels[class_id]),
        ap50=float(metrics.ap[row, 0]),
        ap50_95=float(metrics.ap[row].mean()),
        precision=float(curves.precision[class_id, index]),
        recall=float(curves.recall[class_id, index]),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else 0.0


def class_ids_by_name(source: tuple[str, ...], target: tuple[str, ...]) -> dict[int, int]:
    """Maps class ids of ``source`` to those of ``target``, for the names that both contain."""
    return {number: target.index(name) for number, name in enumerate(source) if name in target}


def _translated(detections: Sequence[Detection], class_ids: dict[int, int]) -> list[Detection]:
    return [
        Detection(found.box, found.score, class_ids[found.class_id])
        for found in detections
        if found.class_id in class_ids
    ]
