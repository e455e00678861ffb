"""How sure propagated boxes are, and which frame of a video is worst."""

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
"""A frame so near to a key frame is never proposed: the person has just been there."""


@dataclass(frozen=True)
class GapResult:
    """Propagated boxes of one track in a gap, as far as they go.

    ``ended_early``: tracking forward became unsure at ``stop``.
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
        return self.boxes.start + len(self.boxes)

    @property
    def hundredths(self) -> NDArray[np.float64]:
        """(n,): how unsure each box is, 0 (sure) to 1 (a guess), in two decimals."""
        return self.boxes.uncertainty.astype(np.float64).round(2)

    @cached_property
    def correction(self) -> Correction | None:
        """The frame to correct; ``None`` where all is sure, or next to a key frame."""
        first = self.gap.left.frame + 1 + NEAR_FRAMES
        stop = self.gap.stop - NEAR_FRAMES if self.gap.right else self.stop
        kept = slice(first - self.start, max(stop, first) - self.start)
        boxes, doubt = self.boxes.boxes_xyxy[kept], self.boxes.uncertainty[kept]
        return best_correction(DerivedBoxes(first, boxes, doubt))


@dataclass(frozen=True)
class WorstFrame:
    track_id: int
    frame: int
    uncertainty: float


def gap_results(
    session: Session, video: Video, tracks: Mapping[int, TrackState]
) -> dict[int, list[GapResult]]:
    """What propagation has found for each track, in order of time."""
    known = extents(session, video, tracks.values())
    return {
        track_id: [
            _filled(gap, known[gap.fingerprint].extent, state.derived[gap.left.frame])
            for gap in gaps(state.ordered(), video.frame_count)
            if gap.left.frame in state.derived
        ]
        for track_id, state in with_derived(session, video, tracks).items()
    }


def worst_of(filled: Mapping[int, Iterable[GapResult]]) -> WorstFrame | None:
    """The frame to correct next, among the best corrections of these tracks."""
    known = [(n, each.correction) for n, of_track in filled.items() for each in of_track]
    found = [(track_id, best) for track_id, best in known if best]
    if not found:
        return None
    track_id, most = max(found, key=lambda one: one[1].weight)
    return WorstFrame(track_id, most.frame, round(most.uncertainty, 2))


def _filled(gap: Gap, extent: Extent | None, payload: bytes) -> GapResult:
    found = DerivedBoxes.from_bytes(payload)
    kept = slice(0, gap.stop - found.start)
    shown = DerivedBoxes(found.start, found.boxes_xyxy[kept], found.uncertainty[kept])
    ended_early = extent is not None and extent.stop < min(extent.requested_stop, gap.stop)
    return GapResult(gap, shown, ended_early)
