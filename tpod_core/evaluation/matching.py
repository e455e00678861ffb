"""The rule for "this detection is right". Every figure, curve, picture and sentence follows it.

From the surest detection on, each takes the free label of its own class that it overlaps most,
if the IoU is at least the threshold. Such a detection is right, and its label is found; all other
detections are wrong, and all other labels are missed. A detection depends on surer ones alone, so
the rule may be applied before or after a confidence is chosen: the outcome is the same.

Source: ``COCOeval.evaluateImg`` of pycocotools; ``BaseValidator.match_predictions`` of Ultralytics.
Tests hold both to the same outcome.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.box_arrays import iou
from tpod_core.detectors.protocol import Detection
from tpod_core.geometry import Box

IOUS = np.linspace(0.5, 0.95, 10)
"""The overlaps over which mAP50-95 is the mean. Source: cocodataset.org/#detection-eval"""

SAME_IOU = 0.5
"""The threshold of precision, recall, AP50, the confusion matrix and the unmatched detections."""

NOTHING = -1
"""Stands for no label where label numbers are expected."""


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
    """The labels of an image, from (class id, box)."""
    return _objects((box, class_id, 1.0) for class_id, box in objects)


def detected(detections: Sequence[Detection]) -> Objects:
    """What was found, best first."""
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
    """``geometry.iou`` of every box of ``a`` (n, 4) with every one of ``b`` (m, 4): (n, m)."""
    return iou(a[:, None], b[None])


@dataclass(frozen=True)
class Match:
    """What the detections of one image come to at one IoU threshold.

    Attributes:
        label_numbers: (detections,) the label that each detection is right about, or ``NOTHING``.
        mistaken_numbers: (detections,) the missed label of another class that a wrong detection
            stands for ("right place, wrong class"), or ``NOTHING``; each label once.
        duplicate: (detections,) whether a detection is wrong only because a surer one has taken
            the label of its class under it.
        found: (labels,) whether a detection is right about each label.
    """

    label_numbers: NDArray[np.int64]
    mistaken_numbers: NDArray[np.int64]
    duplicate: NDArray[np.bool_]
    found: NDArray[np.bool_]

    @property
    def correct(self) -> NDArray[np.bool_]:
        """(detections,): those that found an object."""
        return np.asarray(self.label_numbers != NOTHING)

    @property
    def unmatched(self) -> NDArray[np.bool_]:
        """(detections,): those with no label of their class under them, taken or free."""
        return ~self.correct & ~self.duplicate

    def pairs(self) -> Iterator[tuple[int | None, int | None]]:
        """(label, detection) by number: each label once, and each detection once.

        ``None`` stands beside a label in whose place nothing was detected, and beside a
        detection in whose place no label is left.
        """
        partners = np.maximum(self.label_numbers, self.mistaken_numbers)
        by_label = {int(label): number for number, label in enumerate(partners)}
        for label in range(len(self.found)):
            yield label, by_label.get(label)
        for number in np.flatnonzero(partners == NOTHING).tolist():
            yield None, number


def match(labels: Objects, detections: Objects, iou_threshold: float = SAME_IOU) -> Match:
    """Apply the rule to one image, then pair what it leaves over.

    What is left over is paired by the same greedy rule without regard to class. These pairs are
    always of two classes, as a free label of its own class would have made the detection right.
    So whoever counts all pairs by class (the confusion matrix) has as many on the diagonal as
    there are right detections.

    Args:
        detections: best first.
        iou_threshold: over 0.
    """
    overlaps = iou_matrix(labels.boxes, detections.boxes)
    of_class = overlaps * _same_class(labels, detections)
    threshold = np.array([iou_threshold])
    label_numbers = _assign(of_class, threshold)[:, 0]
    correct = label_numbers != NOTHING
    found = np.zeros(len(labels), dtype=bool)
    found[label_numbers[correct]] = True
    left_over = np.where(found[:, None] | correct[None, :], 0, overlaps)
    return Match(
        label_numbers=label_numbers,
        mistaken_numbers=_assign(left_over, threshold)[:, 0],
        duplicate=~correct & (of_class >= threshold).any(axis=0),
        found=found,
    )


def correct_at_ious(labels: Objects, detections: Objects) -> NDArray[np.bool_]:
    """Whether each detection, best first, is right at each of ``IOUS``: (detections, 10)."""
    overlaps = iou_matrix(labels.boxes, detections.boxes)
    return np.asarray(_assign(overlaps * _same_class(labels, detections), IOUS) != NOTHING)


def _same_class(labels: Objects, detections: Objects) -> NDArray[np.bool_]:
    """(labels, detections): where both have the same class."""
    return np.asarray(labels.class_ids[:, None] == detections.class_ids[None, :])


def _assign(overlaps: NDArray[np.float32], thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """The greedy rule on the IoU of labels (rows) with detections (columns, best first).

    Returns: (detections, thresholds) the number of the label that each detection takes at each
    threshold, or ``NOTHING``.
    """
    assigned = np.full((overlaps.shape[1], len(thresholds)), NOTHING, dtype=np.int64)
    taken = np.zeros((len(overlaps), len(thresholds)), dtype=bool)
    columns = np.arange(len(thresholds))
    for number in np.flatnonzero((overlaps >= thresholds.min()).any(axis=0)):
        free = np.where(taken, 0, overlaps[:, number, None])
        best = free.argmax(axis=0)
        enough = free[best, columns] >= thresholds
        assigned[number, enough] = best[enough]
        taken[best, columns] |= enough
    return assigned
