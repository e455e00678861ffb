"""Average precision by Ultralytics' own function, and the curves beside it.

Its averages are the ones that people compare with, and it takes flat arrays: 20 bytes for a
detection, where pycocotools keeps a dictionary for each, gigabytes for 10,000 images.
pycocotools means the precision over 101 recalls, Ultralytics takes the area under the line
through the same 101 points: in tests the two are within 0.01 of each other.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tpod_core.evaluation import curves, matching
from tpod_core.evaluation.curves import Curves, Floats
from tpod_core.evaluation.matching import IOUS, Objects


@dataclass(frozen=True)
class Ranked:
    """Every detection on every image, in any order.

    Attributes:
        correct: (n, 10) whether it is right at each of ``matching.IOUS``.
        scores: (n,) 0..1; ``class_ids`` (n,) go with them.
        true_class_ids: one for every label.
        classes: how many classes the detector has.
    """

    correct: NDArray[np.bool_]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]
    true_class_ids: NDArray[np.int32]
    classes: int


@dataclass
class DetectionTable:
    """Takes one image after the other, and keeps of each detection only what ``Ranked`` needs."""

    classes: int
    _correct: list[NDArray[np.bool_]] = field(default_factory=list)
    _scores: list[NDArray[np.float32]] = field(default_factory=list)
    _class_ids: list[NDArray[np.int32]] = field(default_factory=list)
    _true_class_ids: list[NDArray[np.int32]] = field(default_factory=list)

    def add(self, labels: Objects, detections: Objects) -> None:
        """One image; ``detections`` best first."""
        self._correct.append(matching.correct_at_ious(labels, detections))
        self._scores.append(detections.scores)
        self._class_ids.append(detections.class_ids)
        self._true_class_ids.append(labels.class_ids)

    def ranked(self) -> Ranked:
        return Ranked(
            correct=np.concatenate([np.empty((0, len(IOUS)), bool), *self._correct]),
            scores=np.concatenate([np.empty(0, np.float32), *self._scores]),
            class_ids=np.concatenate([np.empty(0, np.int32), *self._class_ids]),
            true_class_ids=np.concatenate([np.empty(0, np.int32), *self._true_class_ids]),
            classes=self.classes,
        )

    def image_numbers(self) -> NDArray[np.int64]:
        """The number of the image that each detection of ``ranked`` is on."""
        counts = [len(scores) for scores in self._scores]
        return np.repeat(np.arange(len(counts)), counts)


@dataclass(frozen=True)
class Metrics:
    """The figures of a detector on a set of images.

    Attributes:
        class_ids: (labelled classes,) those with labels, ascending.
        ap: (labelled classes, 10) average precision at each of ``matching.IOUS``.
        curves: precision, recall and F1 over confidence, of every class.
        recommended_confidence: one of ``curves.CONFIDENCES``.
    """

    class_ids: NDArray[np.int64]
    ap: Floats
    curves: Curves
    recommended_confidence: float

    @property
    def recommended_place(self) -> int:
        """Where the recommended confidence stands in the curves."""
        return curves.place_of(self.recommended_confidence)


def measure(ranked: Ranked) -> Metrics:
    """Loads Ultralytics; for worker processes only."""
    counted = curves.count(
        ranked.correct[:, 0],
        ranked.scores,
        ranked.class_ids,
        ranked.true_class_ids,
        ranked.classes,
    )
    return Metrics(
        class_ids=np.flatnonzero(counted.labels),
        ap=_average_precision(ranked),
        curves=counted,
        recommended_confidence=curves.recommended_confidence(counted),
    )


def _average_precision(ranked: Ranked) -> Floats:
    """(labelled classes, 10): by class and IoU threshold."""
    from tpod_core.detectors.ultralytics_setup import configure  # noqa: PLC0415

    configure()
    from ultralytics.utils.metrics import ap_per_class  # noqa: PLC0415

    def at(column: int) -> Floats:
        # One overlap at a time: its tables of all ten would take a gigabyte.
        chosen = ranked.correct[:, column : column + 1]
        ap: Floats = ap_per_class(chosen, ranked.scores, ranked.class_ids, ranked.true_class_ids)[5]
        return ap

    return np.concatenate([at(column) for column in range(len(IOUS))], axis=1)
