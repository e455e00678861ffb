"""Average precision by Ultralytics' own function; precision and recall over confidence counted.

Its averages are the ones that people compare with, and it takes flat arrays: 20 bytes for a
detection, where pycocotools keeps a dictionary for each, gigabytes for 10,000 images. Its curves
run straight from one detection's score to the next; where nothing lies between a mistake at 0.3
and an object at 0.9, F1 would seem to rise up to 0.9. Counting says that it is even.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.evaluation.matching import IOUS

DEFAULT_CONFIDENCE = 0.25
"""Recommended for a detector that found nothing: there is no best F1 to choose by."""

LOWEST_RECOMMENDED = 0.05
"""A best F1 further down is that of a detector which guesses; hundreds of boxes help nobody."""

_SMOOTHING = 0.1
"""Confidences, as a share of all, over which F1 is averaged: one lucky box is no best place."""

_EVEN = 1e-6
"""F1 that differs by less is the same: a box more or less weighs more in any set that fits
into memory, and what adding up rounds away weighs less."""

_CONFIDENCES = np.linspace(0, 1, 1000)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ranked:
    """Every detection on every image, in any order.

    ``correct`` is (n, 10) at ``matching.IOUS``; ``scores`` and ``class_ids`` (n,);
    ``true_class_ids`` has an entry for every label.
    """

    correct: NDArray[np.bool_]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]
    true_class_ids: NDArray[np.int32]


@dataclass(frozen=True)
class Precision:
    """Figures by class with labels, ``class_ids``, ascending.

    ``ap`` is (classes, 10) at ``matching.IOUS``. The curves are (classes, 1000) over
    ``confidences`` at an IoU of 0.5: what keeping the boxes of that score or a higher one comes
    to. ``best`` is the place in them where F1, the mean over classes, is best: the middle of the
    stretch where it is, for there a detector that meets other pictures may change most in its
    scores before it misses objects or draws wrong boxes.
    """

    class_ids: NDArray[np.int64]
    ap: Floats
    confidences: Floats
    precision: Floats
    recall: Floats
    f1: Floats
    best: int

    @property
    def recommended_confidence(self) -> float:
        if not self.f1.any():
            return DEFAULT_CONFIDENCE
        return round(max(float(self.confidences[self.best]), LOWEST_RECOMMENDED), 3)


def measure(ranked: Ranked) -> Precision:
    """Loads Ultralytics; for worker processes only."""
    from tpod_core.detectors.ultralytics_setup import configure  # noqa: PLC0415

    configure()
    from ultralytics.utils.metrics import ap_per_class, smooth  # noqa: PLC0415

    def ap_at(column: int) -> Floats:
        # One overlap at a time: its tables of all ten would take a gigabyte.
        chosen = ranked.correct[:, column : column + 1]
        ap: Floats = ap_per_class(chosen, ranked.scores, ranked.class_ids, ranked.true_class_ids)[5]
        return ap

    class_ids = np.unique(ranked.true_class_ids).astype(np.int64)
    curves = [_precision_and_recall(ranked, int(class_id)) for class_id in class_ids]
    precision, recall = np.array(curves).reshape(-1, 2, len(_CONFIDENCES)).swapaxes(0, 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, _EVEN)
    mean = f1.mean(axis=0) if len(f1) else f1
    return Precision(
        class_ids=class_ids,
        ap=np.concatenate([ap_at(column) for column in range(len(IOUS))], axis=1),
        confidences=_CONFIDENCES,
        precision=precision,
        recall=recall,
        f1=f1,
        best=_middle_of_best(mean, smooth(mean, _SMOOTHING)) if f1.any() else 0,
    )


def _precision_and_recall(ranked: Ranked, class_id: int) -> tuple[Floats, Floats]:
    """Of one class with labels, at ``_CONFIDENCES``; no box at all is never wrong."""
    of_class = ranked.class_ids == class_id
    found = _kept(ranked.scores[of_class])
    right = _kept(ranked.scores[of_class & ranked.correct[:, 0]])
    precision = np.where(found, right / np.maximum(found, 1), float(of_class.any()))
    return precision, right / np.count_nonzero(ranked.true_class_ids == class_id)


def _kept(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """How many are at least as high as each of ``_CONFIDENCES``."""
    return len(scores) - np.searchsorted(np.sort(scores), _CONFIDENCES)


def _middle_of_best(f1: Floats, smoothed: Floats) -> int:
    """The middle of the stretch of ``f1`` (n,) that is even with where ``smoothed`` is best; of
    several best places, of the longest."""
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
