"""How unsure a derived box is, 0 to 1, so that the worst can be shown first."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tpod_core.geometry import Box, iou
from tpod_core.propagation.boxes import Boxes, side
from tpod_core.propagation.fusion import Fused
from tpod_core.propagation.segments import DerivedBoxes

_WEAK_PEAK = 0.3
"""Share of the doubt that comes from how little the picture looks like the object."""
_JUMP = 0.15
"""A change of size from frame to frame, as a logarithm, that is a fault for certain."""

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


def worst_frame(stretches: Sequence[DerivedBoxes]) -> int | None:
    """The frame of a track to look at next; ``None`` if no box is derived or all are sure.

    It is the middle, by uncertainty, of the stretch that is the most uncertain in all: a human
    box there mends more than one on the peak, which often stands beside another human box.
    """
    worst = max(stretches, key=lambda one: float(one.uncertainty.sum()), default=None)
    if worst is None or not worst.uncertainty.any():
        return None
    grown = np.cumsum(worst.uncertainty, dtype=np.float64)
    return worst.start + int(np.searchsorted(grown, grown[-1] / 2))


def disagreement(boxes: DerivedBoxes, detections: Mapping[int, Sequence[Box]]) -> DerivedBoxes:
    """``boxes``, less sure where a detector saw nothing there.

    Args:
        detections: per frame on which the detector ran, what it found of the same label.
    """
    doubt = boxes.uncertainty.copy()
    for frame, found in detections.items():
        box = boxes.box_at(frame)
        if box:
            missed = 1 - max((iou(box, detection) for detection in found), default=0.0)
            doubt[frame - boxes.start] = max(doubt[frame - boxes.start], missed / 2)
    return DerivedBoxes(boxes.start, boxes.boxes_xyxy, doubt)
