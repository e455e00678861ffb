"""One score for every family: what ``Provider.predict`` finds on the validation images.

The images pass once, in chunks. Of each detection a row of flags is kept, and its box only
above the lowest confidence that could be recommended: 10,000 images with 300 detections each
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
from tpod_core.evaluation.average_precision import DetectionTable, Metrics, Ranked
from tpod_core.evaluation.curves import LOWEST_RECOMMENDED, Curves
from tpod_core.evaluation.matching import Objects
from tpod_core.formats import yolo

CHUNK = 64
_SAY_EVERY_S = 1.0


@dataclass(frozen=True)
class EvaluatedImage:
    """An image's labels, and what was found from ``LOWEST_RECOMMENDED`` on."""

    path: Path
    labels: Objects
    found: Objects

    @property
    def source(self) -> tuple[int, int] | None:
        """(video id, frame index), where the file's name tells it."""
        return yolo.source_of(self.path.name)


class Gathered:
    """A detector's answers on all images, as they come in."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes
        self.images: list[EvaluatedImage] = []
        self._table = DetectionTable(len(classes))

    def add(self, path: Path, labels: Objects, found: Objects) -> None:
        """One image: ``found`` from ``LOWEST_CONFIDENCE`` on, best first."""
        self._table.add(labels, found)
        self.images.append(EvaluatedImage(path, labels, found.at_least(LOWEST_RECOMMENDED)))

    def ranked(self) -> Ranked:
        return self._table.ranked()

    def image_numbers(self) -> np.ndarray:
        """The number of the image that each detection of ``ranked`` is on."""
        return self._table.image_numbers()


def gather(
    provider: Provider,
    context: EvaluationContext,
    steps: ProgressReporter,
    label_classes: tuple[str, ...] | None = None,
    doing: str = "Scoring on the validation images",
) -> Gathered:
    """Run the checkpoint of ``context`` over its validation images.

    Args:
        label_classes: the classes of the labels, where they are not the detector's own. What it
            finds gets their class ids; what they do not name is left out.
    """
    images = context.data.val
    classes = context.data.classes if label_classes is None else label_classes
    class_ids = class_ids_by_name(context.data.classes, classes)
    gathered, said_at = Gathered(classes), 0.0
    for start in range(0, len(images), CHUNK):
        steps.check()
        if time.monotonic() - said_at >= _SAY_EVERY_S:
            steps.say(f"{doing}: {start} of {len(images)}")
            said_at = time.monotonic()
        chunk = images[start : start + CHUNK]
        answers = provider.predict(context, chunk, LOWEST_CONFIDENCE)
        for path, detections in zip(chunk, answers, strict=True):
            found = matching.detected(_translated(detections, class_ids)[:MAX_DETECTIONS])
            gathered.add(path, read_labels(path), found)
    return gathered


def read_labels(image: Path) -> Objects:
    """The labels of an image of a view, in its pixels."""
    text = label_of(image).read_text()
    with Image.open(image) as picture:  # reads the header alone
        frame_wh = picture.size
    return matching.labelled([yolo.read_yolo_line(line, frame_wh) for line in text.splitlines()])


def score_of(gathered: Gathered, metrics: Metrics) -> Score:
    """Averages over the classes that occur; counts at the recommended confidence."""
    rows = {int(class_id): row for row, class_id in enumerate(metrics.class_ids)}
    overall, place = metrics.curves.overall(), metrics.recommended_place
    return Score(
        images=len(gathered.images),
        map50=_mean(metrics.ap[:, 0]),
        map50_95=_mean(metrics.ap),
        precision=float(overall.precision[0, place]),
        recall=float(overall.recall[0, place]),
        f1=float(overall.f1[0, place]),
        recommended_confidence=metrics.recommended_confidence,
        counts=_counts(overall, place),
        classes=tuple(
            _class_score(name, class_id, metrics, rows.get(class_id))
            for class_id, name in enumerate(gathered.classes)
        ),
    )


def _counts(overall: Curves, place: int) -> Counts:
    correct = int(overall.correct[0, place])
    return Counts(
        correct=correct,
        wrong=int(overall.detected[0, place]) - correct,
        missed=int(overall.labels[0]) - correct,
    )


def _class_score(name: str, class_id: int, metrics: Metrics, row: int | None) -> ClassScore:
    """``row`` is that of the class in ``metrics.ap``; ``None`` for a class without labels."""
    if row is None:
        return ClassScore(name, 0, None, None, None, None)
    curves, place = metrics.curves, metrics.recommended_place
    return ClassScore(
        name=name,
        boxes=int(curves.labels[class_id]),
        ap50=float(metrics.ap[row, 0]),
        ap50_95=float(metrics.ap[row].mean()),
        precision=float(curves.precision[class_id, place]),
        recall=float(curves.recall[class_id, place]),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else 0.0


def class_ids_by_name(theirs: tuple[str, ...], ours: tuple[str, ...]) -> dict[int, int]:
    """Class ids of one detector as those of another, or of labels; without those it lacks."""
    return {number: ours.index(name) for number, name in enumerate(theirs) if name in ours}


def _translated(detections: Sequence[Detection], class_ids: dict[int, int]) -> list[Detection]:
    return [
        Detection(found.box, found.score, class_ids[found.class_id])
        for found in detections
        if found.class_id in class_ids
    ]
