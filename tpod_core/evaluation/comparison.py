"""Compares parent and child on the same held-out images, class by class, with intervals.

Frames of a video resemble their neighbours, so the bootstrap draws blocks of consecutive frames
instead of frames (block bootstrap: H. R. Künsch, 1989).
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.evaluation.average_precision import DetectionArrays, Metrics, measure
from tpod_core.evaluation.result_file import ClassChange, ParentReport
from tpod_core.evaluation.scoring import Gathered, class_ids_by_name

MIN_DROP = 0.02
"""A class has to lose more AP50 than this for a warning."""

DRAWS = 200
BLOCKS = 40
_MIN_BLOCKS = 5
_INTERVAL = (2.5, 97.5)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ParentIdentity:
    detector_id: int
    name: str
    classes: tuple[str, ...]


def compare(
    parent: ParentIdentity, by_parent: Gathered, by_child: Gathered, metrics: Metrics
) -> ParentReport:
    """Compare both detectors on the same images. All class ids are those of the child.

    Args:
        by_parent: the detections of the parent; ``by_child`` are those of the child.
        metrics: the figures of the child.
    """
    of_parent, of_child = _Detections(by_parent), _Detections(by_child)
    parent_metrics = measure(of_parent.arrays)
    weights = _draws(_blocks(by_child), len(by_child.images))
    known = class_ids_by_name(parent.classes, by_child.classes).values()
    changes = []
    for row, class_id in enumerate(metrics.class_ids):
        if int(class_id) not in known:
            continue
        before, after = parent_metrics.ap[row, 0], metrics.ap[row, 0]
        interval = _interval(of_parent, of_child, int(class_id), weights)
        drop = before - after
        changes.append(
            ClassChange(
                name=by_child.classes[class_id],
                boxes=int((of_child.arrays.true_class_ids == class_id).sum()),
                parent_ap50=float(before),
                ap50=float(after),
                interval=interval,
                worse=bool(drop > MIN_DROP and (interval is None or interval[1] < 0)),
            )
        )
    map50 = float(np.mean([change.parent_ap50 for change in changes])) if changes else 0.0
    return ParentReport(parent.detector_id, parent.name, map50, tuple(changes))


def warnings_of(report: ParentReport) -> tuple[str, ...]:
    """Returns a sentence for each class that got worse."""
    return tuple(
        f"“{change.name}” got worse than in the parent {report.name}: AP50 {change.ap50:.2f} "
        f"after {change.parent_ap50:.2f} on the same images. Add frames with it to the training "
        "set, or train with the parent's training set mixed in."
        for change in report.classes
        if change.worse
    )


class _Detections:
    """The detections of one detector as arrays."""

    def __init__(self, gathered: Gathered) -> None:
        self.arrays: DetectionArrays = gathered.arrays()
        self._image_numbers = gathered.image_numbers()
        self._label_images = np.repeat(
            np.arange(len(gathered.images)), [len(image.labels) for image in gathered.images]
        )

    def of_class(self, class_id: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Returns (whether right at IoU 0.5, image number) of each detection, best first.

        Detections after the last right one do not count for the average and are left out.
        """
        of_class = np.flatnonzero(self.arrays.class_ids == class_id)
        order = of_class[np.argsort(-self.arrays.scores[of_class], kind="stable")]
        right = self.arrays.correct[order, 0]
        stop = int(np.flatnonzero(right)[-1]) + 1 if right.any() else 0
        return right[:stop], self._image_numbers[order[:stop]]

    def labels_of_class(self, class_id: int) -> NDArray[np.int64]:
        """Returns the image number of each label of a class."""
        return np.asarray(self._label_images[self.arrays.true_class_ids == class_id])


def _interval(
    of_parent: _Detections, of_child: _Detections, class_id: int, weights: Floats
) -> tuple[float, float] | None:
    """Returns the 95 % interval of the change of AP50 over the draws of images."""
    labels = of_child.labels_of_class(class_id)
    before, after = of_parent.of_class(class_id), of_child.of_class(class_id)
    changes = [
        _average_precision(*after, drawn, total) - _average_precision(*before, drawn, total)
        for drawn in weights
        if (total := drawn[labels].sum())
    ]
    if len(changes) < DRAWS // 2:
        return None
    low, high = np.percentile(changes, _INTERVAL)
    return round(float(low), 4), round(float(high), 4)


def _average_precision(
    right: NDArray[np.bool_], image_numbers: NDArray[np.int64], drawn: Floats, labels: float
) -> float:
    """Returns the area under the precision envelope; each image counts as often as it was drawn.

    Ultralytics' function takes no weights; it samples the same envelope at 101 recalls.
    """
    weights = drawn[image_numbers]
    found = np.cumsum(weights * right)
    detected = np.cumsum(weights)
    precision = np.divide(found, detected, out=np.zeros_like(found), where=detected > 0)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(found, prepend=0) * envelope).sum() / labels)


def _blocks(gathered: Gathered) -> NDArray[np.int64]:
    """Returns the number of the block that each image belongs to; a block is of one video."""
    by_video: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, image in enumerate(gathered.images):
        video_id, frame_index = image.source or (-1, number)
        by_video[video_id].append((frame_index, number))
    length = max(1, -(-len(gathered.images) // BLOCKS))
    blocks = np.zeros(len(gathered.images), dtype=np.int64)
    block = 0
    for frames in by_video.values():
        for index, (_, number) in enumerate(sorted(frames)):
            block += index % length == 0
            blocks[number] = block - 1
    return blocks


def _draws(blocks: NDArray[np.int64], images: int) -> Floats:
    """Returns how often each image is drawn, a row per draw; no rows if blocks are too few."""
    count = int(blocks.max()) + 1 if images else 0
    if count < _MIN_BLOCKS:
        return np.empty((0, images))
    random = np.random.default_rng(0)
    return random.multinomial(count, np.full(count, 1 / count), size=DRAWS)[:, blocks].astype(float)
