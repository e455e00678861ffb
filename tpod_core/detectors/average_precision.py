"""Average precision, and precision and recall over confidence, by Ultralytics' own function.

Its figures are the ones that people compare with, and it takes flat arrays: 20 bytes for a
detection, where pycocotools keeps a dictionary for each, gigabytes for 10,000 images.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.detectors.matching import IOUS

DEFAULT_CONFIDENCE = 0.25
"""Recommended for a detector that found nothing: there is no best F1 to choose by."""

LOWEST_RECOMMENDED = 0.05
"""A best F1 further down is that of a detector which guesses; hundreds of boxes help nobody."""

_SMOOTHING = 0.1

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

    ``ap`` is (classes, 10) at ``matching.IOUS``; the curves are (classes, 1000) over
    ``confidences`` at an IoU of 0.5; ``best`` is the place in them where F1 is best.
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

    def at(column: int) -> tuple[NDArray[np.float64], ...]:
        # One overlap at a time: its tables of all ten would take a gigabyte.
        chosen = ranked.correct[:, column : column + 1]
        answer: tuple[NDArray[np.float64], ...] = ap_per_class(
            chosen, ranked.scores, ranked.class_ids, ranked.true_class_ids
        )
        return answer

    first, *others = (at(column) for column in range(len(IOUS)))
    class_ids, precision, recall, f1, confidences = first[6:11]
    return Precision(
        class_ids=class_ids.astype(np.int64),
        ap=np.concatenate([answer[5] for answer in (first, *others)], axis=1),
        confidences=confidences,
        precision=precision,
        recall=recall,
        f1=f1,
        best=int(smooth(f1.mean(axis=0), _SMOOTHING).argmax()) if len(class_ids) else 0,
    )
