"""How sure propagated boxes are, and which frame of a video is worst."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from tpod_core.models import Video
from tpod_core.propagation.gaps import Gap, gaps
from tpod_core.propagation.segments import DerivedBoxes
from tpod_core.propagation.stored import Extent, extents, with_derived
from tpod_core.tracks.documents import TrackState

NEAR_FRAMES = 2
"""A frame so near to a key frame is never proposed: the person has just been there."""


@dataclass(frozen=True)
class FilledGap:
    """Propagated boxes of one track on the frames ``start <= n < stop``.

    ``uncertainty`` has a row for each, 0 (sure) to 1 (a guess), in hundredths.
    ``ended_early``: tracking forward became unsure at ``stop``.
    """

    gap: Gap
    start: int
    stop: int
    uncertainty: NDArray[np.float64]
    ended_early: bool


@dataclass(frozen=True)
class WorstFrame:
    track_id: int
    frame: int
    uncertainty: float


def filled_gaps(
    session: Session, video: Video, tracks: Mapping[int, TrackState]
) -> dict[int, list[FilledGap]]:
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


def worst_of(filled: Mapping[int, Iterable[FilledGap]]) -> WorstFrame | None:
    """The frame whose box is most unsure, among gaps by track.

    Of equal frames it is the one nearest to the middle of its gap, in the longest gap.
    ``None`` where nothing was propagated, or only next to key frames.
    """
    candidates = [
        (worst, len(each.uncertainty))
        for track_id, of_track in filled.items()
        for each in of_track
        if (worst := _worst_in(track_id, each))
    ]
    best = max(candidates, key=lambda each: (each[0].uncertainty, each[1]), default=None)
    return best[0] if best else None


def _filled(gap: Gap, extent: Extent | None, payload: bytes) -> FilledGap:
    found = DerivedBoxes.from_bytes(payload)
    stop = min(found.start + len(found), gap.stop)
    values = found.uncertainty[: stop - found.start].astype(np.float64).round(2)
    ended_early = extent is not None and extent.stop < min(extent.reach, gap.stop)
    return FilledGap(gap, found.start, stop, values, ended_early)


def _worst_in(track_id: int, filled: FilledGap) -> WorstFrame | None:
    first = filled.gap.left.frame + 1 + NEAR_FRAMES
    stop = filled.gap.stop - NEAR_FRAMES if filled.gap.right else filled.stop
    values = filled.uncertainty[first - filled.start : max(stop, first) - filled.start]
    if not len(values):
        return None
    worst = np.flatnonzero(values == values.max()) + first
    middle = (filled.gap.left.frame + filled.gap.stop) / 2
    frame = int(worst[np.abs(worst - middle).argmin()])
    return WorstFrame(track_id, frame, float(values.max()))
