"""An epoch's figures from torchmetrics, as the other families give them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torchmetrics.detection import MeanAveragePrecision

from tpod_core.training.torchvision_data import Target

_RECALLS = torch.linspace(0, 1, 101)
"""The recalls at which COCO's evaluation reads off the precision."""


@dataclass(frozen=True)
class Figures:
    """On the validation part; precision and recall where F1 at an IoU of 0.5 is best."""

    precision: float = 0.0
    recall: float = 0.0
    map50: float = 0.0
    map50_95: float = 0.0

    @property
    def fitness(self) -> float:
        """What the best epoch is chosen by; the weights are Ultralytics'."""
        return 0.1 * self.map50 + 0.9 * self.map50_95


def figures_of(answers: Iterable[tuple[list[Target], list[Target]]]) -> Figures:
    """``answers`` are batches of what was found (with ``scores``) and what is there."""
    metric = MeanAveragePrecision(extended_summary=True)
    metric.warn_on_many_detections = False
    empty = True
    for found, true in answers:
        metric.update(found, true)
        empty = False
    if empty:
        return Figures()
    summary = metric.compute()
    precision, recall = _at_best_f1(summary)
    # -1 stands for a part without a single true box.
    map50, map50_95 = (max(0.0, float(summary[name])) for name in ("map_50", "map"))
    return Figures(precision, recall, map50, map50_95)


def _at_best_f1(summary: dict[str, Any]) -> tuple[float, float]:
    """Means over the classes; (IoU, recall, class, area, detections) are the axes."""
    by_class: Tensor = summary["precision"][0, :, :, 0, -1].T
    known = by_class[(by_class >= 0).all(dim=1)]
    if not len(known):
        return 0.0, 0.0
    f1 = 2 * known * _RECALLS / (known + _RECALLS).clamp(min=1e-9)
    best = f1.argmax(dim=1)
    precision = known.gather(1, best[:, None]).mean()
    reached = torch.where(f1.amax(dim=1) > 0, _RECALLS[best], torch.zeros(len(best)))
    return float(precision), float(reached.mean())
