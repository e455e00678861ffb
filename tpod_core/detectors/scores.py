"""Metrics of a training: one row per epoch, and the score of the finished detector.

``as_json`` names the metrics as the field does: ``mAP50``, ``mAP50-95``.
"""

from dataclasses import asdict, dataclass
from typing import Any

_PUBLIC_NAMES = {
    "map50": "mAP50",
    "map50_95": "mAP50-95",
    "ap50": "AP50",
    "ap50_95": "AP50-95",
}


@dataclass(frozen=True)
class EpochRow:
    """The metrics of one epoch, counted from 1; the scores are on the validation frames."""

    epoch: int
    seconds: float
    train_losses: dict[str, float]
    val_losses: dict[str, float]
    precision: float
    recall: float
    map50: float
    map50_95: float
    learning_rate: float

    def as_json(self) -> dict[str, Any]:
        return _public(asdict(self))


@dataclass(frozen=True)
class ClassScore:
    """One class on the validation frames; metrics are ``None`` if it has no true ``boxes``."""

    name: str
    boxes: int
    ap50: float | None
    ap50_95: float | None
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class Counts:
    """At the recommended confidence: objects found, boxes that are wrong, objects missed.

    ``correct + wrong`` boxes are drawn; ``correct + missed`` objects are labelled.
    """

    correct: int
    wrong: int
    missed: int


@dataclass(frozen=True)
class Score:
    """A detector on its validation part.

    ``recommended_confidence`` is where F1, the mean over classes, is best: the middle of the
    stretch where it is. ``counts``, and precision, recall and f1, which follow from them, are
    taken there. They count all boxes alike, of whichever class, and so are those of the confusion
    matrix; Ultralytics prints the means over classes instead.
    """

    images: int
    map50: float
    map50_95: float
    precision: float
    recall: float
    f1: float
    recommended_confidence: float
    counts: Counts
    classes: tuple[ClassScore, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return _public(asdict(self)) | {"classes": [_public(asdict(row)) for row in self.classes]}


def _public(values: dict[str, Any]) -> dict[str, Any]:
    return {_PUBLIC_NAMES.get(name, name): value for name, value in values.items()}
