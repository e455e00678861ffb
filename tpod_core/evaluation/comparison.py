"""Parent and child on the same held-out images, class by class, and what chance explains of it.

Frames of a video resemble their neighbours, so chance is measured by drawing stretches of
frames, not frames (block bootstrap: H. R. Künsch, 1989).
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.evaluation.average_precision import Metrics, Ranked, measure
from tpod_core.evaluation.result_file import ClassChange, ParentReport
from tpod_core.evaluation.scoring import Gathered, class_ids_by_name

LEAST_DROP = 0.02
"""AP50 that a class must lose before anyone is told."""

DRAWS = 200
BLOCKS = 40
_FEWEST_BLOCKS = 5
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
    """Both have looked at the same images, with class ids of the child.

    Args:
        metrics: those of the child.
    """
    theirs, ours = _Side(by_parent), _Side(by_child)
    their_metrics = measure(theirs.ranked)
    weights = _draws(_blocks(by_child), len(by_child.images))
    known = class_ids_by_name(parent.classes, by_child.classes).values()
    changes = []
    for row, class_id in enumerate(metrics.class_ids):
        if int(class_id) not in known:
            continue
        before, after = their_metrics.ap[row, 0], metrics.ap[row, 0]
        interval = _interval(theirs, ours, int(class_id), weights)
        drop = before - after
        changes.append(
            ClassChange(
                name=by_child.classes[class_id],
                boxes=int((ours.ranked.true_class_ids == class_id).sum()),
                parent_ap50=float(before),
                ap50=float(after),
                interval=interval,
                worse=bool(drop > LEAST_DROP and (interval is None or interval[1] < 0)),
            )
        )
    map50 = float(np.mean([change.parent_ap50 for change in changes])) if changes else 0.0
    return ParentReport(parent.detector_id, parent.name, map50, tuple(changes))


def warnings_of(report: ParentReport) -> tuple[str, ...]:
    """A sentence for each class that got worse."""
    return tuple(
        f"“{change.name}” got worse than in the parent {report.name}: AP50 {change.ap50:.2f} "
        f"after {change.parent_ap50:.2f} on the same images. Add frames with it to the training "
        "set, or train with the parent's training set mixed in."
        for change in report.classes
        if change.worse
    )


class _Side:
    """One detector's detections, flat."""

    def __init__(self, gathered: Gathered) -> None:
        self.ranked: Ranked = gathered.ranked()
        self._image_numbers = gathered.image_numbers()
        self._label_images = np.repeat(
            np.arange(len(gathered.images)), [len(image.labels) for image in gathered.images]
        )

    def of_class(self, class_id: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """(whether right at IoU 0.5, image number) of each detection, best first.

        Those after the last right one are left out: they do not count for the average.
        """
        mine = np.flatnonzero(self.ranked.class_ids == class_id)
        order = mine[np.argsort(-self.ranked.scores[mine], kind="stable")]
        right = self.ranked.correct[order, 0]
        stop = int(np.flatnonzero(right)[-1]) + 1 if right.any() else 0
        return right[:stop], self._image_numbers[order[:stop]]

    def labels_of_class(self, class_id: int) -> NDArray[np.int64]:
        """The image number of each label of a class."""
        return np.asarray(self._label_images[self.ranked.true_class_ids == class_id])


def _interval(
    theirs: _Side, ours: _Side, class_id: int, weights: Floats
) -> tuple[float, float] | None:
    """Where 95 % of the changes of AP50 lie over the draws of images."""
    labels = ours.labels_of_class(class_id)
    before, after = theirs.of_class(class_id), ours.of_class(class_id)
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
    """The area under the precision envelope, each image counted as often as it was drawn.

    Ultralytics' function takes no weights; it reads the same envelope at 101 recalls. The matching
    is the same.
    """
    weights = drawn[image_numbers]
    found = np.cumsum(weights * right)
    answers = np.cumsum(weights)
    precision = np.divide(found, answers, out=np.zeros_like(found), where=answers > 0)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float((np.diff(found, prepend=0) * envelope).sum() / labels)


def _blocks(gathered: Gathered) -> NDArray[np.int64]:
    """The number of the stretch of one video that each image belongs to."""
    by_video: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, image in enumerate(gathered.images):
        video_id, frame_index = image.source or (-1, number)
        by_video[video_id].append((frame_index, number))
    length = max(1, -(-len(gathered.images) // BLOCKS))
    blocks = np.zeros(len(gathered.images), dtype=np.int64)
    block = 0
    for frames in by_video.values():
        for place, (_, number) in enumerate(sorted(frames)):
            block += place % length == 0
            blocks[number] = block - 1
    return blocks


def _draws(blocks: NDArray[np.int64], images: int) -> Floats:
    """How often each image is drawn, a row per draw; no row where the stretches are too few."""
    count = int(blocks.max()) + 1 if images else 0
    if count < _FEWEST_BLOCKS:
        return np.empty((0, images))
    random = np.random.default_rng(0)
    return random.multinomial(count, np.full(count, 1 / count), size=DRAWS)[:, blocks].astype(float)
