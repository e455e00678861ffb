"""An epoch's figures on the validation part, by the rules of the score that follows a training."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tpod_core.evaluation.average_precision import DetectionTable, measure
from tpod_core.evaluation.matching import Objects
from tpod_core.training.torchvision_data import Target


@dataclass(frozen=True)
class Figures:
    """Means over the classes, as Ultralytics gives them for its epochs; precision and recall at
    the recommended confidence."""

    precision: float = 0.0
    recall: float = 0.0
    map50: float = 0.0
    map50_95: float = 0.0

    @property
    def fitness(self) -> float:
        """What the best epoch is chosen by; the weights are Ultralytics'."""
        return 0.1 * self.map50 + 0.9 * self.map50_95


def figures_of(answers: Iterable[tuple[list[Target], list[Target]]], classes: int) -> Figures:
    """``answers`` are batches of what was found (with ``scores``) and what is there."""
    table = DetectionTable(classes)
    for found, true in answers:
        for each, there in zip(found, true, strict=True):
            table.add(_objects(there), _objects(each))
    metrics = measure(table.arrays())
    if not len(metrics.class_ids):
        return Figures()
    curves, index = metrics.curves.only(metrics.class_ids), metrics.recommended_index
    return Figures(
        precision=float(curves.precision[:, index].mean()),
        recall=float(curves.recall[:, index].mean()),
        map50=float(metrics.ap[:, 0].mean()),
        map50_95=float(metrics.ap.mean()),
    )


def _objects(target: Target) -> Objects:
    """Best first; torchvision's class 0 is the background."""
    labels = target["labels"].numpy().astype(np.int32) - 1
    scores = target["scores"].numpy() if "scores" in target else np.ones(len(labels))
    order = np.argsort(-scores, kind="stable")
    boxes = target["boxes"].numpy().astype(np.float32)
    return Objects(boxes[order], labels[order], scores[order].astype(np.float32))
