"""What a detector mixes up: pairs of labels and detections, counted by class."""

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
    """(classes + 1, classes + 1): a row per true class, a column per detected class, the
    background last.

    The diagonal holds the right detections of AP's rule: ``matching.match`` pairs across classes
    only what that rule leaves over. Ultralytics' ``ConfusionMatrix`` pairs without regard to
    class from the start: a surer box of another class takes an object from the box that is right.
    It also lets an IoU of 0.45 suffice. Where no two boxes compete for an object, and at the same
    IoU, both matrices are the same (theirs transposed).

    Args:
        confidence: at least ``curves.LOWEST_RECOMMENDED``, from where on images keep detections.
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
    """An object taken for another class is missed, and its box is wrong."""
    correct = int(np.trace(confusion))
    return Counts(
        correct=correct,
        wrong=int(confusion[:, :-1].sum()) - correct,
        missed=int(confusion[:-1].sum()) - correct,
    )
