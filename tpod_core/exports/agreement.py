"""Compares the detections of an exported model and of its checkpoint on validation images."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2

from tpod_core.detectors.protocol import LOWEST_CONFIDENCE, Detection

MAX_BOX_PX = 2.0
MAX_SCORE = 0.02
IMAGES = 8
_STRONGEST = 20
_TIES_SHARE = 0.2


class ExportedModel(Protocol):
    """The exported model as its own ``predict.py`` runs it."""

    def detect(self, image_bgr: Any, confidence: float | None = None) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class Agreement:
    """Largest differences between an export and its checkpoint over ``compared`` detections.

    Each detection of the checkpoint is paired with the nearest one of the same class in the
    export; ``unmatched`` ones have none within the limits. ``confidence`` is the lowest score
    compared: the recommended one, or ``LOWEST_CONFIDENCE`` if the detector finds nothing yet.
    """

    images: int
    compared: int
    unmatched: int
    max_box_px: float
    max_score: float
    confidence: float

    @property
    def holds(self) -> bool:
        """Whether the export may be published.

        A detector that has learnt nothing gives hundreds of nearly equal scores; rounding
        then decides which box suppresses its neighbour, so a few may differ.
        """
        tolerated = self.compared * _TIES_SHARE if self.confidence == LOWEST_CONFIDENCE else 0
        return self.unmatched <= tolerated

    @property
    def shortfall(self) -> str:
        """Why the export may not be published, as the end of a sentence."""
        return (
            f"{self.unmatched} of {self.compared} objects that the checkpoint finds differ by "
            f"over {MAX_BOX_PX:.0f} px or {MAX_SCORE} in score"
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def spread(images: Sequence[Path]) -> list[Path]:
    """Returns up to ``IMAGES`` of the images, evenly spaced."""
    count = min(IMAGES, len(images))
    return [images[i * len(images) // count] for i in range(count)]


def compare(
    images: Sequence[Path],
    by_checkpoint: Sequence[Sequence[Detection]],
    exported: ExportedModel,
    confidence: float,
) -> Agreement:
    """Compare the export with its checkpoint.

    ``by_checkpoint`` holds the checkpoint's detections per image, from ``LOWEST_CONFIDENCE`` up.
    """
    if not any(found.score >= confidence for per_image in by_checkpoint for found in per_image):
        confidence = LOWEST_CONFIDENCE
    gaps: list[tuple[float, float] | None] = []
    for path, expected in zip(images, by_checkpoint, strict=True):
        lowest = max(0.0, confidence - MAX_SCORE)  # rounding may push a score at the limit below it
        candidates = [Detection.of(row) for row in exported.detect(cv2.imread(str(path)), lowest)]
        strongest = [found for found in expected if found.score >= confidence][:_STRONGEST]
        gaps += [_nearest(found, candidates) for found in strongest]
    matched = [gap for gap in gaps if gap]
    return Agreement(
        images=len(images),
        compared=len(gaps),
        unmatched=len(gaps) - len(matched),
        max_box_px=round(max((box for box, _ in matched), default=0.0), 4),
        max_score=round(max((score for _, score in matched), default=0.0), 5),
        confidence=confidence,
    )


def _nearest(expected: Detection, candidates: Sequence[Detection]) -> tuple[float, float] | None:
    """Returns the (pixels, score) gap to the nearest candidate, if within the limits."""
    gaps = [
        (
            max(abs(a - b) for a, b in zip(expected.box.xyxy, found.box.xyxy, strict=True)),
            abs(expected.score - found.score),
        )
        for found in candidates
        if found.class_id == expected.class_id
    ]
    near = [gap for gap in gaps if gap[0] <= MAX_BOX_PX and gap[1] <= MAX_SCORE]
    return min(near, default=None)
