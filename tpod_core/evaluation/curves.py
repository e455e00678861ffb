"""Precision, recall and F1 over confidence, counted by the rule of ``matching`` at an IoU of 0.5.

Ultralytics interpolates its curves linearly between the scores of detections: with only a wrong
one at 0.3 and a right one at 0.9, its F1 seems to rise up to 0.9. These curves are counts, so every
figure at a confidence agrees with the confusion matrix there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS = 1000
CONFIDENCES = np.arange(STEPS + 1) / STEPS
"""0, 0.001 … 1. The recommended confidence is one of these, so it is never rounded."""

DEFAULT_CONFIDENCE = 0.25
"""Recommended for a detector without a right detection, which has no best F1."""

LOWEST_RECOMMENDED = 0.05
"""A detector whose F1 is best below this is guessing: it would draw hundreds of boxes."""

_HALF_WINDOW = 50
"""F1 is averaged over this many confidences on either side, so that one detection right by chance
does not decide. The window is a tenth of all confidences, as in Ultralytics."""

_F1_TOLERANCE = 1e-6
"""F1 values that differ by less are equal. One box changes F1 by more in any set that fits into
memory; rounding errors change it by less."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Curves:
    """Counts at each of ``CONFIDENCES``, with the detections below it dropped.

    Attributes:
        labels: (classes,) the number of labels.
        detected: (classes, 1001) the number of detections.
        correct: (classes, 1001) the number of right detections.
    """

    labels: Ints
    detected: Ints
    correct: Ints

    @property
    def precision(self) -> Floats:
        """(classes, 1001): the share of the detections that is right; 0 without detections."""
        return self.correct / np.maximum(self.detected, 1)

    @property
    def recall(self) -> Floats:
        """(classes, 1001): the share of the labels that is found; 0 without labels."""
        return self.correct / np.maximum(self.labels, 1)[:, None]

    @property
    def f1(self) -> Floats:
        """(classes, 1001): the harmonic mean of precision and recall."""
        return np.asarray(2 * self.correct / np.maximum(self.detected + self.labels[:, None], 1))

    def only(self, class_ids: NDArray[np.int64]) -> "Curves":
        return Curves(self.labels[class_ids], self.detected[class_ids], self.correct[class_ids])

    def overall(self) -> "Curves":
        """Returns the sums over all classes: every detection and every label counts alike."""
        return Curves(
            self.labels.sum(keepdims=True),
            self.detected.sum(axis=0, keepdims=True),
            self.correct.sum(axis=0, keepdims=True),
        )


def count(
    correct: NDArray[np.bool_],
    scores: NDArray[np.float32],
    class_ids: NDArray[np.int32],
    true_class_ids: NDArray[np.int32],
    classes: int,
) -> Curves:
    """Returns the curves of a detector with ``classes`` classes.

    Args:
        correct: (n,) whether each detection is right, over all images and in any order;
            ``scores`` and ``class_ids`` are in the same order.
        true_class_ids: (labels,) the class of every label.
    """
    rows = range(classes)
    return Curves(
        labels=np.bincount(true_class_ids, minlength=classes),
        detected=_stacked([_count_kept(scores[class_ids == row]) for row in rows]),
        correct=_stacked([_count_kept(scores[(class_ids == row) & correct]) for row in rows]),
    )


def recommended_confidence(curves: Curves) -> float:
    """Returns the confidence with the best F1, averaged over the classes with labels.

    If F1 is best over a range, it is the middle of the range: there the scores on other images may
    shift most before objects are missed or wrong boxes drawn.

    Returns: one of ``CONFIDENCES``, at least ``LOWEST_RECOMMENDED``.
    """
    labelled = curves.only(np.flatnonzero(curves.labels))
    if not labelled.correct.any():
        return DEFAULT_CONFIDENCE
    f1 = labelled.f1.mean(axis=0)
    lowest_index = index_of(LOWEST_RECOMMENDED)
    if not f1[lowest_index:].any():
        return LOWEST_RECOMMENDED
    smoothed = _moving_average(f1)
    smoothed[:lowest_index] = 0
    return float(CONFIDENCES[max(lowest_index, _middle_of_best(f1, smoothed))])


def index_of(confidence: float) -> int:
    """Returns the index of a confidence in ``CONFIDENCES``."""
    return round(confidence * STEPS)


def _count_kept(scores: NDArray[np.float32]) -> Ints:
    """Returns how many scores are at least as high as each of ``CONFIDENCES``.

    It compares in single precision, as ``Objects.at_least`` does.
    """
    return len(scores) - np.searchsorted(np.sort(scores), CONFIDENCES.astype(np.float32))


def _moving_average(values: Floats) -> Floats:
    width = 2 * _HALF_WINDOW + 1
    return np.convolve(
        np.pad(values, _HALF_WINDOW, mode="edge"), np.full(width, 1 / width), "valid"
    )


def _stacked(rows: list[Ints]) -> Ints:
    return np.array(rows, dtype=np.int64).reshape(-1, len(CONFIDENCES))


def _middle_of_best(f1: Floats, smoothed: Floats) -> int:
    """Returns the middle of the range in which ``f1`` (n,) equals its value at the best of
    ``smoothed``. If ``smoothed`` is best in several ranges, the longest counts."""
    smoothed = np.where(f1 > 0, smoothed, 0)  # smoothing extends beyond the highest right score
    starts, stops = _runs(smoothed >= smoothed.max() - _F1_TOLERANCE)
    longest = (stops - starts).argmax()
    index = (starts[longest] + stops[longest] - 1) // 2
    starts, stops = _runs(np.abs(f1 - f1[index]) <= _F1_TOLERANCE)
    around = np.searchsorted(starts, index, side="right") - 1
    return int(starts[around] + stops[around] - 1) // 2


def _runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Returns the starts and the stops of the runs of true values in ``mask`` (n,)."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return edges[::2], edges[1::2]
