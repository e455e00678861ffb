"""The rule by which a detection is right. Every figure, curve, picture and sentence follows it.

In descending order of score, each detection takes the free label of its own class with the highest
IoU, if that is at least the threshold. Such a detection is right, and its label is found; all other
detections are wrong, and all other labels are missed. A detection depends only on those with higher
scores, so the rule gives the same result before and after the confidence threshold is applied.

Source: ``COCOeval.evaluateImg`` of pycocotools; ``BaseValidator.match_predictions`` of Ultralytics.
Tests compare the results with both.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.box_arrays import iou
from tpod_core.detectors.protocol import Detection
from tpod_core.geometry import Box

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""mAP50-95 is the mean over these. Source: cocodataset.org/#detection-eval"""

IOU_THRESHOLD = 0.5
"""The threshold of precision, recall, AP50, the confusion matrix and the unmatched detections."""

NO_LABEL = -1
"""The label number of a detection without a label."""


@dataclass(frozen=True)
class Objects:
    """Objects on one image; labels have the score 1.

    ``boxes`` is (n, 4), x1 y1 x2 y2 in the image's pixels; ``class_ids`` and ``scores`` (n,).
    """

    boxes: NDArray[np.float32]
    class_ids: NDArray[np.int32]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.scores)

    def at_least(self, confidence: float) -> "Objects":
        return self.only(self.scores >= np.float32(confidence))

    def only(self, kept: NDArray[np.bool_]) -> "Objects":
        return Objects(self.boxes[kept], self.class_ids[kept], self.scores[kept])

    def box(self, number: int) -> Box:
        return Box(*(float(edge) for edge in self.boxes[number]))


def labelled(objects: Sequence[tuple[int, Box]]) -> Objects:
    """Returns the labels of an image from (class id, box)."""
    return _objects((box, class_id, 1.0) for class_id, box in objects)


def detected(detections: Sequence[Detection]) -> Objects:
    """Returns the detections, best first."""
    ordered = sorted(detections, key=lambda found: -found.score)
    return _objects((found.box, found.class_id, found.score) for found in ordered)


def _objects(rows: Iterable[tuple[Box, int, float]]) -> Objects:
    table = np.array([(*box.xyxy, class_id, score) for box, class_id, score in rows], np.float64)
    table = table.reshape(-1, 6)
    return Objects(
        table[:, :4].astype(np.float32),
        table[:, 4].astype(np.int32),
        table[:, 5].astype(np.float32),
    )


def iou_matrix(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Returns (n, m): ``geometry.iou`` of each box of ``a`` (n, 4) with each of ``b`` (m, 4)."""
    return iou(a[:, None], b[None])


@dataclass(frozen=True)
class Match:
    """The labels and detections of one image, matched at one IoU threshold.

    Attributes:
        label_numbers: (detections,) the label that each right detection found, or ``NO_LABEL``.
        mistaken_numbers: (detections,) the missed label of another class that each wrong detection
            overlaps ("right place, wrong class"), or ``NO_LABEL``; each label once.
        duplicate: (detections,) whether a detection is wrong only because another one with a
            higher score has taken the label of its class.
        found: (labels,) whether each label is found.
    """

    label_numbers: NDArray[np.int64]
    mistaken_numbers: NDArray[np.int64]
    duplicate: NDArray[np.bool_]
    found: NDArray[np.bool_]

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(detections,): whether each is right."""
        return np.asarray(self.label_numbers != NO_LABEL)

    @property
    def unmatched(self) -> NDArray[np.bool_]:
        """(detections,): whether each overlaps no label of its class, taken or free."""
        return ~self.correct & ~self.duplicate

    def pairs(self) -> Iterator[tuple[int | None, int | None]]:
        """Yields the numbers (label, detection): each label and each detection once.

        Labels without a detection and detections without a label are paired with ``None``.
        """
        partners = np.maximum(self.label_numbers, self.mistaken_numbers)
        by_label = {int(label): number for number, label in enumerate(partners)}
        for label in range(len(self.found)):
            yield label, by_label.get(label)
        for number in np.flatnonzero(partners == NO_LABEL).tolist():
            yield None, number


def match(labels: Objects, detections: Objects, iou_threshold: float = IOU_THRESHOLD) -> Match:
    """Apply the rule to one image, then pair the missed labels with the wrong detections.

    This second step uses the same greedy rule without regard to class. Its pairs are always of two
    classes, because a free label of its own class would have made the detection right. So the
    diagonal of the confusion matrix, which counts all pairs, holds exactly the right detections.

    Args:
        detections: best first.
        iou_threshold: greater than 0.
    """
    ious = iou_matrix(labels.boxes, detections.boxes)
    same_class_ious = ious * _same_class(labels, detections)
    threshold = np.array([iou_threshold])
    label_numbers = _assign(same_class_ious, threshold)[:, 0]
    correct = label_numbers != NO_LABEL
    found = np.zeros(len(labels), dtype=bool)
    found[label_numbers[correct]] = True
    remaining = np.where(found[:, None] | correct[None, :], 0, ious)
    return Match(
        label_numbers=label_numbers,
        mistaken_numbers=_assign(remaining, threshold)[:, 0],
        duplicate=~correct & (same_class_ious >= threshold).any(axis=0),
        found=found,
    )


def correct_at_ious(labels: Objects, detections: Objects) -> NDArray[np.bool_]:
    """Returns (detections, 10): whether each (best first) is right at each ``IOU_THRESHOLDS``."""
    ious = iou_matrix(labels.boxes, detections.boxes)
    return np.asarray(_assign(ious * _same_class(labels, detections), IOU_THRESHOLDS) != NO_LABEL)


def _same_class(labels: Objects, detections: Objects) -> NDArray[np.bool_]:
    """Returns (labels, detections): whether both have the same class."""
    return np.asarray(labels.class_ids[:, None] == detections.class_ids[None, :])


def _assign(ious: NDArray[np.float32], thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Apply the greedy rule to the IoU of labels (rows) and detections (columns, best first).

    Returns: (detections, thresholds) the number of the label that each detection takes at each
    threshold, or ``NO_LABEL``.
    """
    assigned = np.full((ious.shape[1], len(thresholds)), NO_LABEL, dtype=np.int64)
    taken = np.zeros((len(ious), len(thresholds)), dtype=bool)
    columns = np.arange(len(thresholds))
    for number in np.flatnonzero((ious >= thresholds.min()).any(axis=0)):
        free = np.where(taken, 0, ious[:, number, None])
        best = free.argmax(axis=0)
        enough = free[best, columns] >= thresholds
        assigned[number, enough] = best[enough]
        taken[best, columns] |= enough
    return assigned
