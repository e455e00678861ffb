"""The confusion matrix: pairs of labels and detections, counted by class."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tpod_core.detectors.scores import Counts
from tpod_core.evaluation import matching
from tpod_core.evaluation.scoring import EvaluatedImage

Confusion = NDArray[np.int64]


def confusion_matrix(
    images: Iterable[EvaluatedImage], classes: int, confidence: float
) -> Confusion:
    """Returns (classes + 1, classes + 1): rows are true classes, columns detected classes, the
    background last.

    The diagonal counts the right detections of AP's rule: ``matching.match`` pairs across classes
    only what that rule leaves unmatched. Ultralytics' ``ConfusionMatrix`` ignores classes when it
    pairs, so a box of another class with a higher score can take an object from the right box. It
    also accepts an IoU of 0.45. Where no two boxes compete for an object, and at the same IoU, both
    matrices are the same (theirs transposed).

    Args:
        confidence: at least ``curves.LOWEST_RECOMMENDED``; images keep no detections below it.
    """
    matrix = np.zeros((classes + 1, classes + 1), dtype=np.int64)
    for image in images:
        labels, found = image.labels, image.found.at_least(confidence)
        for label, number in matching.match(labels, found).pairs():
            row = classes if label is None else labels.class_ids[label]
            column = classes if number is None else found.class_ids[number]
            matrix[row, column] += 1
    return matrix


def counts_of(confusion: Confusion) -> Counts:
    """Returns the totals. An object detected as another class is missed, and its box is wrong."""
    correct = int(np.trace(confusion))
    return Counts(
        correct=correct,
        wrong=int(confusion[:, :-1].sum()) - correct,
        missed=int(confusion[:-1].sum()) - correct,
    )
