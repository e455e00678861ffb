"""Stores derived boxes in their table, by the fingerprint of the gap that they fill."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.annotations.document import KeyframeDoc, TrackState
from tpod_core.boxes_revision import bump_boxes_revision
from tpod_core.db import batches
from tpod_core.models import DerivedSegment, Video, saved_id
from tpod_core.propagation.gaps import Gap, gaps

KEPT_UNUSED = 500
"""The number of segments per video that are kept for an undo, when no key frames match them."""


@dataclass(frozen=True)
class Extent:
    """Where a stored segment ends, where it was asked to end, and its context's digest."""

    stop: int
    requested_stop: int
    context: str


@dataclass(frozen=True)
class StoredGap:
    """A gap, its track's key frames, and how far it is filled, if it is."""

    gap: Gap
    keyframes: Sequence[KeyframeDoc]
    extent: Extent | None


def with_derived(
    session: Session,
    video: Video,
    tracks: Mapping[int, TrackState],
    frames: tuple[int, int] | None = None,
) -> dict[int, TrackState]:
    """Returns ``tracks`` with the propagated boxes that match their key frames.

    Args:
        frames: start and stop of the frames that are needed; by default, all.
    """
    start, stop = frames or (0, video.frame_count)
    gaps_by_track = {
        track_id: {
            fingerprint: gap
            for fingerprint, (_, gap) in _gaps(state, video).items()
            if gap.left.frame < stop and gap.stop > start
        }
        for track_id, state in tracks.items()
    }
    payloads = _find(session, video, gaps_by_track.values(), col(DerivedSegment.payload))
    return {
        track_id: replace(
            state,
            derived={
                gap.left.frame: payloads[fingerprint]
                for fingerprint, gap in gaps_by_track[track_id].items()
                if fingerprint in payloads
            },
        )
        for track_id, state in tracks.items()
    }


def extents(session: Session, video: Video, tracks: Iterable[TrackState]) -> dict[str, StoredGap]:
    """Returns the gaps of ``tracks`` that propagation may fill, by fingerprint.

    Tracks with equal key frames share their gaps.
    """
    by_fingerprint = {name: each for state in tracks for name, each in _gaps(state, video).items()}
    columns = (
        col(DerivedSegment.stop),
        col(DerivedSegment.requested_stop),
        col(DerivedSegment.context),
    )
    found = _find(session, video, [by_fingerprint], *columns)
    return {
        name: StoredGap(gap, keyframes, Extent(*found[name]) if name in found else None)
        for name, (keyframes, gap) in by_fingerprint.items()
    }


@dataclass(frozen=True)
class FilledGap:
    """The boxes of a gap up to ``requested_stop``; ``context`` is their context's digest."""

    gap: Gap
    requested_stop: int
    context: str
    boxes: DerivedBoxes


def save(session: Session, video_id: int, filled: FilledGap) -> None:
    """Store the boxes of a gap, replacing earlier ones."""
    fingerprint = filled.gap.fingerprint
    session.execute(
        delete(DerivedSegment).where(
            col(DerivedSegment.video_id) == video_id,
            col(DerivedSegment.fingerprint) == fingerprint,
        )
    )
    session.add(
        DerivedSegment(
            video_id=video_id,
            start=filled.gap.left.frame,
            stop=filled.boxes.stop,
            requested_stop=filled.requested_stop,
            fingerprint=fingerprint,
            context=filled.context,
            payload=filled.boxes.to_bytes(),
        )
    )
    session.flush()
    bump_boxes_revision(session, video_id)


def delete_unused(session: Session, video: Video, tracks: Iterable[TrackState]) -> None:
    """Delete the segments that match no key frames, except the newest ``KEPT_UNUSED``."""
    used = {name for state in tracks for name in _gaps(state, video)}
    rows = session.exec(
        select(DerivedSegment.id, DerivedSegment.fingerprint)
        .where(DerivedSegment.video_id == video.id)
        .order_by(col(DerivedSegment.created_at).desc())
    )
    unused = [row_id for row_id, name in rows if name not in used and row_id is not None]
    for row_ids in batches(unused[KEPT_UNUSED:]):
        session.execute(delete(DerivedSegment).where(col(DerivedSegment.id).in_(row_ids)))


def _gaps(state: TrackState, video: Video) -> dict[str, tuple[Sequence[KeyframeDoc], Gap]]:
    """Returns the gaps of a track by fingerprint; none if a person chose linear interpolation."""
    if state.linear:
        return {}
    keyframes = state.ordered()
    return {gap.fingerprint: (keyframes, gap) for gap in gaps(keyframes, video)}


def _find(
    session: Session, video: Video, fingerprints: Iterable[Collection[str]], *columns: Any
) -> dict[str, Any]:
    """Returns the stored segments' columns by fingerprint: a tuple, or a value if only one."""
    found: dict[str, Any] = {}
    for names in batches({name for group in fingerprints for name in group}):
        rows = session.execute(
            select(col(DerivedSegment.fingerprint), *columns).where(
                col(DerivedSegment.video_id) == saved_id(video),
                col(DerivedSegment.fingerprint).in_(names),
            )
        )
        found |= {name: more[0] if len(columns) == 1 else tuple(more) for name, *more in rows}
    return found
