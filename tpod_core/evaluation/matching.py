"""Detections against labels on one image: which of them are right."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.box_arrays import iou
from tpod_core.detectors.protocol import Detection
from tpod_core.geometry import Box

IOUS = np.linspace(0.5, 0.95, 10)
"""The overlaps over which mAP50-95 is the mean. Source: cocodataset.org/#detection-eval"""

SAME_IOU = 0.5
"""From here on a detection counts as the labelled object."""


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
        return self.only(self.scores >= confidence)

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


def is_correct(labels: Objects, found: Objects) -> NDArray[np.bool_]:
    """Whether each detection is right, at each of ``IOUS``: (detections, 10).

    From the best detection on, each takes the label of its class that it overlaps most, if
    that is still free and the overlap is enough; a second box on an object is wrong.
    Source: ``DetectionValidator.match_predictions`` of Ultralytics.
    """
    correct = np.zeros((len(found), len(IOUS)), dtype=bool)
    overlaps = iou_matrix(labels.boxes, found.boxes)
    overlaps = overlaps * (labels.class_ids[:, None] == found.class_ids[None, :])
    taken = np.zeros((len(labels), len(IOUS)), dtype=bool)
    columns = np.arange(len(IOUS))
    for number in np.flatnonzero((overlaps >= IOUS[0]).any(axis=0)):
        free = np.where(taken, 0, overlaps[:, number, None])
        best = free.argmax(axis=0)
        correct[number] = free[best, columns] >= IOUS
        taken[best, columns] |= correct[number]
    return correct


def pair(labels: Objects, found: Objects) -> list[tuple[int | None, int | None]]:
    """(label, detection) by number, of whichever class, best scores first, each once.

    A missed label stands with ``None``, and so does a detection of something that is no object.
    """
    partner: dict[int, int] = {}
    overlaps = iou_matrix(labels.boxes, found.boxes)
    for number in np.flatnonzero((overlaps >= SAME_IOU).any(axis=0)):
        best = int(overlaps[:, number].argmax())
        if overlaps[best, number] >= SAME_IOU:
            partner[best] = int(number)
            overlaps[best] = 0
    rest = sorted(set(range(len(found))) - set(partner.values()))
    return [(label, partner.get(label)) for label in range(len(labels))] + [
        (None, number) for number in rest
    ]


def is_explained(labels: Objects, found: Objects) -> NDArray[np.bool_]:
    """Which detections lie on a label of their class, be it taken or not: (detections,)."""
    overlaps = iou_matrix(labels.boxes, found.boxes)
    same_class = labels.class_ids[:, None] == found.class_ids[None, :]
    return np.asarray(((overlaps >= SAME_IOU) & same_class).any(axis=0))
