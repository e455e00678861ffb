"""How unsure a derived box is, 0 to 1, so that the worst can be shown first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.tracking.boxes import Boxes, side
from tpod_core.tracking.fusion import Fused

_WEAK_PEAK = 0.3
"""Share of the doubt that comes from how little the picture looks like the object."""
_JUMP = 0.15
"""A change of size from frame to frame, as a logarithm, that is a fault for certain."""
_UNSEEN = 0.1
"""The error of boxes about which there is no doubt at all, as 1 - IoU, measured."""

Values = NDArray[np.float64]


def between_boxes(fused: Fused, looks: Values) -> Values:
    """Of a path with human boxes at both ends: (n,), 0 at the ends.

    Args:
        looks: (n,) how well the object was met, 1 as usual, 0 not at all.
    """
    doubt = 1 - fused.promise * (1 - _WEAK_PEAK * (1 - np.clip(looks, 0, 1)))
    doubt = np.maximum(doubt, size_jumps(fused.boxes_xyxy))
    doubt[[0, -1]] = 0
    return np.clip(doubt, 0, 1)


def size_jumps(boxes_xyxy: Boxes) -> Values:
    """(n,): 0 where the size goes on evenly, 1 where it jumps."""
    change = np.abs(np.diff(np.log(side(boxes_xyxy)), prepend=np.log(side(boxes_xyxy[:1]))))
    return np.clip(change / _JUMP - 0.5, 0, 1)


@dataclass(frozen=True)
class Correction:
    """The frame of a stretch that is best corrected, and what that weighs against others.

    ``weight`` is the error to expect of the whole stretch, in frames that are all wrong.
    """

    frame: int
    uncertainty: float
    weight: float


def best_correction(stretch: DerivedBoxes) -> Correction | None:
    """The middle of a stretch's weight; ``None`` where it is sure throughout.

    A frame weighs its own doubt and a constant, so that length counts too: doubt foretells the
    error (correlation 0.44), but not well enough to leave long gaps alone.

    Measured by ``bench_worst_frame`` on 35 stretches of real tracks, the loss of IoU beside as
    many evenly spaced boxes: 0.976 (standard error 0.015); with the middle of the longest gap
    1.027; with the true error in place of doubt 0.964: better doubt alone would bring little.
    """
    doubt = stretch.uncertainty.astype(np.float64)
    if not doubt.any():
        return None
    grown = np.cumsum(doubt + _UNSEEN)
    middle = int(np.searchsorted(grown, grown[-1] / 2))
    return Correction(stretch.start + middle, float(doubt[middle]), float(grown[-1]))
