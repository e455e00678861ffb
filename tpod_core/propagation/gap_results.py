"""The propagated boxes of gaps with their uncertainty, and the worst frame of a video."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.annotations.document import TrackState
from tpod_core.models import Video
from tpod_core.propagation.gaps import Gap, gaps
from tpod_core.propagation.store import Extent, extents, with_derived
from tpod_core.tracking.uncertainty import Correction, best_correction

NEAR_FRAMES = 2
"""Frames this near to a key frame are never proposed: a person has just worked there."""


@dataclass(frozen=True)
class GapResult:
    """The propagated boxes of one track in a gap, which need not fill it.

    ``ended_early`` means that forward tracking became too uncertain at ``stop``.
    """

    gap: Gap
    boxes: DerivedBoxes
    ended_early: bool

    @property
    def start(self) -> int:
        return self.boxes.start

    @property
    def stop(self) -> int:
        """The first frame after the last box."""
        return self.boxes.stop

    @property
    def rounded_uncertainty(self) -> NDArray[np.float64]:
        """Each box's uncertainty (n,), 0 (certain) to 1 (a guess), rounded to two decimals."""
        return self.boxes.uncertainty.astype(np.float64).round(2)

    @cached_property
    def correction(self) -> Correction | None:
        """The frame to correct; ``None`` if all are certain or near a key frame."""
        first = self.gap.left.frame + 1 + NEAR_FRAMES
        stop = self.gap.stop - NEAR_FRAMES if self.gap.right else self.stop
        kept = slice(first - self.start, max(stop, first) - self.start)
        boxes, uncertainty = self.boxes.boxes_xyxy[kept], self.boxes.uncertainty[kept]
        return best_correction(DerivedBoxes(first, boxes, uncertainty))


@dataclass(frozen=True)
class WorstFrame:
    track_id: int
    frame: int
    uncertainty: float


def gap_results(
    session: Session, video: Video, tracks: Mapping[int, TrackState]
) -> dict[int, list[GapResult]]:
    """Returns the filled gaps of each track, in the order of their frames."""
    stored = extents(session, video, tracks.values())
    return {
        track_id: [
            _gap_result(gap, stored[gap.fingerprint].extent, state.derived[gap.left.frame])
            for gap in gaps(state.ordered(), video)
            if gap.left.frame in state.derived
        ]
        for track_id, state in with_derived(session, video, tracks).items()
    }


def worst_of(results: Mapping[int, Iterable[GapResult]]) -> WorstFrame | None:
    """Returns the correction with the highest weight among these tracks."""
    candidates = [(n, each.correction) for n, of_track in results.items() for each in of_track]
    corrections = [(track_id, each) for track_id, each in candidates if each]
    if not corrections:
        return None
    track_id, worst = max(corrections, key=lambda pair: pair[1].weight)
    return WorstFrame(track_id, worst.frame, round(worst.uncertainty, 2))


def _gap_result(gap: Gap, extent: Extent | None, payload: bytes) -> GapResult:
    stored = DerivedBoxes.from_bytes(payload)
    kept = slice(0, gap.stop - stored.start)
    shown = DerivedBoxes(stored.start, stored.boxes_xyxy[kept], stored.uncertainty[kept])
    ended_early = extent is not None and extent.stop < min(extent.requested_stop, gap.stop)
    return GapResult(gap, shown, ended_early)
