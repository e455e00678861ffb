"""Precision, recall and F1 over confidence, counted by the rule of ``matching`` at an IoU of 0.5.

Ultralytics interpolates its curves linearly between the scores of two detections: where nothing
lies between a mistake at 0.3 and an object at 0.9, its F1 seems to rise up to 0.9. Ours are
counts, so that every figure at a confidence is what the confusion matrix holds there.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STEPS = 1000
CONFIDENCES = np.arange(STEPS + 1) / STEPS
"""0, 0.001 … 1: every confidence that may be recommended, so that none has to be rounded."""

DEFAULT_CONFIDENCE = 0.25
"""Recommended for a detector that found nothing: there is no best F1 to choose by."""

LOWEST_RECOMMENDED = 0.05
"""A best F1 further down is that of a detector which guesses; hundreds of boxes help nobody."""

_SMOOTHED = 50
"""Confidences to either side over which F1 is averaged, a tenth of all as in Ultralytics: one
lucky box is no best place."""

_EVEN = 1e-6
"""F1 that differs by less is the same: a box more or less weighs more in any set that fits
into memory, and what adding up rounds away weighs less."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Curves:
    """Counts of keeping the detections from each of ``CONFIDENCES`` on.

    Attributes:
        labels: (classes,) the labelled objects.
        detected: (classes, 1001) the detections that are kept.
        correct: (classes, 1001) those of them that are right.
    """

    labels: Ints
    detected: Ints
    correct: Ints

    @property
    def precision(self) -> Floats:
        """(classes, 1001): the share of the detections that is right; 0 where there are none."""
        return self.correct / np.maximum(self.detected, 1)

    @property
    def recall(self) -> Floats:
        """(classes, 1001): the share of the labels that is found; 0 where there are none."""
        return self.correct / np.maximum(self.labels, 1)[:, None]

    @property
    def f1(self) -> Floats:
        """(classes, 1001): the harmonic mean of both."""
        return np.asarray(2 * self.correct / np.maximum(self.detected + self.labels[:, None], 1))

    def only(self, class_ids: NDArray[np.int64]) -> "Curves":
        return Curves(self.labels[class_ids], self.detected[class_ids], self.correct[class_ids])

    def overall(self) -> "Curves":
        """All classes as one: every detection and every label counts alike."""
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
    """The curves of a detector with ``classes`` classes.

    Args:
        correct: (n,) whether each detection on each image is right, in any order; ``scores`` and
            ``class_ids`` go with it.
        true_class_ids: one for every label.
    """
    rows = range(classes)
    return Curves(
        labels=np.bincount(true_class_ids, minlength=classes),
        detected=_stacked([_kept(scores[class_ids == row]) for row in rows]),
        correct=_stacked([_kept(scores[(class_ids == row) & correct]) for row in rows]),
    )


def recommended_confidence(curves: Curves) -> float:
    """Where F1, the mean over the classes with labels, is best: the middle of the stretch where
    it is, for there a detector that meets other pictures may change most in its scores before it
    misses objects or draws wrong boxes.

    Returns: one of ``CONFIDENCES``, at least ``LOWEST_RECOMMENDED``.
    """
    labelled = curves.only(np.flatnonzero(curves.labels))
    if not labelled.correct.any():
        return DEFAULT_CONFIDENCE
    f1 = labelled.f1.mean(axis=0)
    lowest = place_of(LOWEST_RECOMMENDED)
    if not f1[lowest:].any():
        return LOWEST_RECOMMENDED
    smoothed = _moving_average(f1)
    smoothed[:lowest] = 0
    return float(CONFIDENCES[max(lowest, _middle_of_best(f1, smoothed))])


def place_of(confidence: float) -> int:
    """The place of a confidence in ``CONFIDENCES``."""
    return round(confidence * STEPS)


def _kept(scores: NDArray[np.float32]) -> Ints:
    """How many scores are at least as high as each of ``CONFIDENCES``.

    Compared as ``Objects.at_least`` does, in single precision.
    """
    return len(scores) - np.searchsorted(np.sort(scores), CONFIDENCES.astype(np.float32))


def _moving_average(values: Floats) -> Floats:
    width = 2 * _SMOOTHED + 1
    return np.convolve(np.pad(values, _SMOOTHED, mode="edge"), np.full(width, 1 / width), "valid")


def _stacked(rows: list[Ints]) -> Ints:
    return np.array(rows, dtype=np.int64).reshape(-1, len(CONFIDENCES))


def _middle_of_best(f1: Floats, smoothed: Floats) -> int:
    """The middle of the stretch of ``f1`` (n,) that is even with where ``smoothed`` is best; of
    several best places, of the longest."""
    smoothed = np.where(f1 > 0, smoothed, 0)  # it reaches a little beyond the surest right box
    starts, stops = _stretches(smoothed >= smoothed.max() - _EVEN)
    longest = (stops - starts).argmax()
    place = (starts[longest] + stops[longest] - 1) // 2
    starts, stops = _stretches(np.abs(f1 - f1[place]) <= _EVEN)
    around = np.searchsorted(starts, place, side="right") - 1
    return int(starts[around] + stops[around] - 1) // 2


def _stretches(chosen: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the runs of ``chosen`` (n,) start, and where they are over."""
    edges = np.flatnonzero(np.diff(chosen, prepend=False, append=False))
    return edges[::2], edges[1::2]
