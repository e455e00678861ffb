"""One score for every family: what ``Provider.predict`` finds on the validation images.

The images pass once, in chunks. Of each detection a row of flags is kept, and its box only
above the lowest confidence that could be recommended: 10,000 images with 300 detections each
take some hundred megabytes.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from tpod_core.detectors.dataset_layout import label_of
from tpod_core.detectors.protocol import (
    LOWEST_CONFIDENCE,
    MAX_DETECTIONS,
    Detection,
    ProgressReporter,
    Provider,
    Scene,
)
from tpod_core.detectors.scores import ClassScore, Score
from tpod_core.evaluation import matching
from tpod_core.evaluation.average_precision import LOWEST_RECOMMENDED, Precision, Ranked
from tpod_core.evaluation.matching import Objects
from tpod_core.formats import yolo

CHUNK = 64
_SAY_EVERY_S = 1.0


@dataclass(frozen=True)
class JudgedImage:
    """An image's labels, and what was found from ``LOWEST_RECOMMENDED`` on."""

    path: Path
    labels: Objects
    found: Objects

    @property
    def source(self) -> tuple[int, int] | None:
        """(video id, frame index), where the file's name tells it."""
        return yolo.source_of(self.path.name)


@dataclass
class Gathered:
    """A detector's answers on all images, as they come in."""

    classes: tuple[str, ...]
    images: list[JudgedImage] = field(default_factory=list)
    _correct: list[np.ndarray] = field(default_factory=list)
    _scores: list[np.ndarray] = field(default_factory=list)
    _class_ids: list[np.ndarray] = field(default_factory=list)

    def add(self, path: Path, labels: Objects, found: Objects) -> None:
        """One image: ``found`` from ``LOWEST_CONFIDENCE`` on, best first."""
        self._correct.append(matching.is_correct(labels, found))
        self._scores.append(found.scores)
        self._class_ids.append(found.class_ids)
        self.images.append(JudgedImage(path, labels, found.at_least(LOWEST_RECOMMENDED)))

    def ranked(self) -> Ranked:
        return Ranked(
            correct=np.concatenate([np.empty((0, len(matching.IOUS)), bool), *self._correct]),
            scores=np.concatenate([np.empty(0, np.float32), *self._scores]),
            class_ids=np.concatenate([np.empty(0, np.int32), *self._class_ids]),
            true_class_ids=np.concatenate(
                [np.empty(0, np.int32), *(image.labels.class_ids for image in self.images)]
            ),
        )

    def image_numbers(self) -> np.ndarray:
        """The number of the image that each detection of ``ranked`` is on."""
        counts = [len(scores) for scores in self._scores]
        return np.repeat(np.arange(len(counts)), counts)


def gather(
    provider: Provider,
    scene: Scene,
    steps: ProgressReporter,
    class_ids: dict[int, int] | None = None,
    doing: str = "Scoring on the validation images",
) -> Gathered:
    """Run the checkpoint of ``scene`` over its validation images.

    Args:
        class_ids: the detector's own class ids as those of the labels, where they differ;
            what has none is left out.
    """
    classes, images = scene.data.classes, scene.data.val
    gathered, said_at = Gathered(classes), 0.0
    for start in range(0, len(images), CHUNK):
        steps.check()
        if time.monotonic() - said_at >= _SAY_EVERY_S:
            steps.say(f"{doing}: {start} of {len(images)}")
            said_at = time.monotonic()
        chunk = images[start : start + CHUNK]
        answers = provider.predict(scene, chunk, LOWEST_CONFIDENCE)
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


def score_of(gathered: Gathered, precision: Precision) -> Score:
    """Means are over the classes that occur; precision, recall and F1 at the best mean F1."""
    best = precision.best
    rows = {int(class_id): row for row, class_id in enumerate(precision.class_ids)}
    boxes = np.bincount(gathered.ranked().true_class_ids, minlength=len(gathered.classes))
    return Score(
        images=len(gathered.images),
        map50=_mean(precision.ap[:, 0]),
        map50_95=_mean(precision.ap),
        precision=_mean(precision.precision[:, best]),
        recall=_mean(precision.recall[:, best]),
        f1=_mean(precision.f1[:, best]),
        recommended_confidence=precision.recommended_confidence,
        classes=tuple(
            _class_score(name, int(boxes[class_id]), precision, rows.get(class_id))
            for class_id, name in enumerate(gathered.classes)
        ),
    )


def _translated(
    detections: Sequence[Detection], class_ids: dict[int, int] | None
) -> list[Detection]:
    if class_ids is None:
        return list(detections)
    return [
        Detection(found.box, found.score, class_ids[found.class_id])
        for found in detections
        if found.class_id in class_ids
    ]


def _class_score(name: str, boxes: int, precision: Precision, row: int | None) -> ClassScore:
    if row is None:
        return ClassScore(name, 0, None, None, None, None)
    return ClassScore(
        name,
        boxes,
        float(precision.ap[row, 0]),
        float(precision.ap[row].mean()),
        float(precision.precision[row, precision.best]),
        float(precision.recall[row, precision.best]),
    )


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else 0.0
