"""An epoch's figures on the validation part, by the rules of the score that follows a training.

The labels are those of the label files, however small in the network's input, and the detections
are in the pictures' own pixels, so that the best epoch is the one with the best score.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tpod_core.detectors.protocol import MAX_DETECTIONS, Detection
from tpod_core.evaluation import matching
from tpod_core.evaluation.average_precision import DetectionTable, measure
from tpod_core.evaluation.matching import Objects


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


def figures_of(answers: Iterable[tuple[Sequence[Detection], Objects]], classes: int) -> Figures:
    """``answers`` are the detections, best first, and the labels of each image, in its pixels."""
    table = DetectionTable(classes)
    for detections, labels in answers:
        table.add(labels, matching.detected(detections[:MAX_DETECTIONS]))
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
