"""From gathered answers to the ``Evaluation`` that the page shows."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tpod_core.evaluation import matching
from tpod_core.evaluation.average_precision import Precision
from tpod_core.evaluation.result_file import Counts, Curve, Evaluation, VideoScore
from tpod_core.evaluation.scoring import Gathered, JudgedImage

CURVE_POINTS = 101
_DIGITS = 4

Confusion = NDArray[np.int64]


def report(gathered: Gathered, precision: Precision) -> Evaluation:
    """All but the bad pictures and the parent."""
    confidence = precision.recommended_confidence
    points = np.linspace(0, 1, CURVE_POINTS)
    confusion = confusion_of(gathered.images, len(gathered.classes), confidence)
    return Evaluation(
        images=len(gathered.images),
        classes=gathered.classes,
        recommended_confidence=confidence,
        counts=_counts(confusion),
        confidences=tuple(round(float(point), 2) for point in points),
        mean=_curve(precision, points, None),
        curves={
            gathered.classes[class_id]: _curve(precision, points, row)
            for row, class_id in enumerate(precision.class_ids)
        },
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        videos=_by_video(gathered, confidence),
    )


def confusion_of(images: Sequence[JudgedImage], classes: int, confidence: float) -> Confusion:
    """(classes + 1, classes + 1): a row per true class, a column per answer, background last."""
    matrix = np.zeros((classes + 1, classes + 1), dtype=np.int64)
    for image in images:
        found = image.found.at_least(confidence)
        for label, number in matching.pair(image.labels, found):
            row = classes if label is None else image.labels.class_ids[label]
            column = classes if number is None else found.class_ids[number]
            matrix[row, column] += 1
    return matrix


def _counts(confusion: Confusion) -> Counts:
    """An object taken for another class is missed, and its box is wrong."""
    correct = int(np.trace(confusion))
    return Counts(
        correct=correct,
        wrong=int(confusion[:, :-1].sum()) - correct,
        missed=int(confusion[:-1].sum()) - correct,
    )


def _curve(precision: Precision, points: NDArray[np.float64], row: int | None) -> Curve:
    """The curve of one class, or the mean over all, at ``points``."""

    def values(table: NDArray[np.float64]) -> tuple[float, ...]:
        if not len(table):
            return tuple(0.0 for _ in points)
        line = table.mean(axis=0) if row is None else table[row]
        read = np.interp(points, precision.confidences, line)
        return tuple(round(float(value), _DIGITS) for value in read)

    return Curve(values(precision.precision), values(precision.recall), values(precision.f1))


def _by_video(gathered: Gathered, confidence: float) -> tuple[VideoScore, ...]:
    images: dict[int, list[JudgedImage]] = defaultdict(list)
    for image in gathered.images:
        if image.source:
            images[image.source[0]].append(image)
    return tuple(
        VideoScore(
            video_id=video_id,
            images=len(of_video),
            boxes=sum(len(image.labels) for image in of_video),
            counts=_counts(confusion_of(of_video, len(gathered.classes), confidence)),
        )
        for video_id, of_video in sorted(images.items())
    )
