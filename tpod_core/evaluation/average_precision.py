"""Average precision by Ultralytics' function, and the curves over confidence.

People compare with Ultralytics' averages. Its function takes flat arrays, 20 bytes per detection;
pycocotools keeps a dictionary for each, which is gigabytes for 10,000 images. pycocotools takes
the mean precision at 101 recalls, Ultralytics the area under the line through the same 101 points:
in tests they differ by less than 0.01.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tpod_core.evaluation import curves, matching
from tpod_core.evaluation.curves import Curves, Floats
from tpod_core.evaluation.matching import IOU_THRESHOLDS, Objects


@dataclass(frozen=True)
class DetectionArrays:
    """Every detection on every image, in any order.

    Attributes:
        correct: (n, 10) whether each is right at each of ``matching.IOU_THRESHOLDS``.
        scores: (n,) 0..1, in the same order as ``class_ids`` (n,).
        true_class_ids: (labels,) the class of every label.
        classes: the number of classes of the detector.
    """

    correct: NDArray[np.bool_]
    scores: NDArray[np.float32]
    class_ids: NDArray[np.int32]
    true_class_ids: NDArray[np.int32]
    classes: int


@dataclass
class DetectionTable:
    """Collects the fields of ``DetectionArrays``, image by image."""

    classes: int
    _correct: list[NDArray[np.bool_]] = field(default_factory=list)
    _scores: list[NDArray[np.float32]] = field(default_factory=list)
    _class_ids: list[NDArray[np.int32]] = field(default_factory=list)
    _true_class_ids: list[NDArray[np.int32]] = field(default_factory=list)

    def add(self, labels: Objects, detections: Objects) -> None:
        """Add one image; ``detections`` best first."""
        self._correct.append(matching.correct_at_ious(labels, detections))
        self._scores.append(detections.scores)
        self._class_ids.append(detections.class_ids)
        self._true_class_ids.append(labels.class_ids)

    def arrays(self) -> DetectionArrays:
        return DetectionArrays(
            correct=np.concatenate([np.empty((0, len(IOU_THRESHOLDS)), bool), *self._correct]),
            scores=np.concatenate([np.empty(0, np.float32), *self._scores]),
            class_ids=np.concatenate([np.empty(0, np.int32), *self._class_ids]),
            true_class_ids=np.concatenate([np.empty(0, np.int32), *self._true_class_ids]),
            classes=self.classes,
        )

    def image_numbers(self) -> NDArray[np.int64]:
        """Returns the image number of each detection of ``arrays``."""
        counts = [len(scores) for scores in self._scores]
        return np.repeat(np.arange(len(counts)), counts)


@dataclass(frozen=True)
class Metrics:
    """The figures of a detector on a set of images.

    Attributes:
        class_ids: (labelled classes,) the classes with labels, ascending.
        ap: (labelled classes, 10) average precision at each of ``matching.IOU_THRESHOLDS``.
        curves: precision, recall and F1 over confidence, for every class.
        recommended_confidence: one of ``curves.CONFIDENCES``.
    """

    class_ids: NDArray[np.int64]
    ap: Floats
    curves: Curves
    recommended_confidence: float

    @property
    def recommended_index(self) -> int:
        """The index of the recommended confidence in the curves."""
        return curves.index_of(self.recommended_confidence)


def measure(detections: DetectionArrays) -> Metrics:
    """Compute all figures. Loads Ultralytics: for worker processes only."""
    counted = curves.count(
        detections.correct[:, 0],
        detections.scores,
        detections.class_ids,
        detections.true_class_ids,
        detections.classes,
    )
    return Metrics(
        class_ids=np.flatnonzero(counted.labels),
        ap=_average_precision(detections),
        curves=counted,
        recommended_confidence=curves.recommended_confidence(counted),
    )


def _average_precision(detections: DetectionArrays) -> Floats:
    """Returns (labelled classes, 10): by class and IoU threshold."""
    from tpod_core.detectors.ultralytics_setup import configure  # noqa: PLC0415

    configure()
    from ultralytics.utils.metrics import ap_per_class  # noqa: PLC0415

    def at(column: int) -> Floats:
        # One threshold at a time: the function's tables for all ten would take a gigabyte.
        at_threshold = detections.correct[:, column : column + 1]
        ap: Floats = ap_per_class(
            at_threshold, detections.scores, detections.class_ids, detections.true_class_ids
        )[5]
        return ap

    return np.concatenate([at(column) for column in range(len(IOU_THRESHOLDS))], axis=1)
