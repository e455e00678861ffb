"""Selects detections by confidence and label."""

from collections.abc import Sequence
from dataclasses import dataclass

from tpod_core.errors import InvalidInput
from tpod_core.geometry import Box
from tpod_core.inference.trained_model import InferenceResult
from tpod_core.models import Detector


@dataclass(frozen=True)
class FoundBox:
    """A detected object with its label, in upright pixels of the picture."""

    label: str
    class_id: int
    score: float
    box: Box


@dataclass(frozen=True)
class DetectionFilter:
    """The lowest ``confidence``, 0..1, ``None`` for the detector's recommended one, and the
    ``labels`` to keep, none for all."""

    confidence: float | None = None
    labels: tuple[str, ...] = ()

    def check(self, detector: Detector) -> None:
        """Raises: InvalidInput for a confidence outside 0..1 or a class the detector lacks."""
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise InvalidInput("A confidence lies between 0 and 1.", "confidence")
        unknown = [name for name in self.labels if name not in detector.labels]
        if unknown:
            raise InvalidInput(
                f"{detector.name} does not know {', '.join(unknown)}. "
                f"It finds: {', '.join(detector.labels)}.",
                "labels",
            )

    def select(self, boxes: Sequence[FoundBox]) -> tuple[FoundBox, ...]:
        """Returns the ``boxes`` that pass the filter, in the same order."""
        lowest = self.confidence or 0.0
        return tuple(
            found for found in boxes if found.score >= lowest and self.includes(found.label)
        )

    def includes(self, label: str) -> bool:
        """Whether the filter keeps boxes of ``label``."""
        return not self.labels or label in self.labels


def with_class_names(result: InferenceResult, labels: Sequence[str]) -> tuple[FoundBox, ...]:
    """Returns the detections with the names of their classes, in the same order."""
    return tuple(
        FoundBox(labels[found.class_id], found.class_id, found.score, found.box)
        for found in result.detections
    )
