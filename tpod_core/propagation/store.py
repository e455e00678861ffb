"""Derived boxes in their table, found by what they lie between."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.annotations.document import KeyframeDoc, TrackState
from tpod_core.db import batches
from tpod_core.models import DerivedSegment, Video, saved_id
from tpod_core.propagation.gaps import Gap, gaps

KEPT_UNUSED = 500
"""So many segments that fit no key frames any more wait for an undo, per video."""


@dataclass(frozen=True)
class Extent:
    """How far a stored segment goes, how far it was asked to, and the name of its context."""

    stop: int
    requested_stop: int
    context: str


@dataclass(frozen=True)
class Extended:
    """A gap among the key frames of its track, and how far it is filled, if it is."""

    gap: Gap
    keyframes: Sequence[KeyframeDoc]
    extent: Extent | None


def with_derived(
    session: Session,
    video: Video,
    tracks: Mapping[int, TrackState],
    frames: tuple[int, int] | None = None,
) -> dict[int, TrackState]:
    """``tracks`` with the propagated boxes that fit their key frames.

    Args:
        frames: start and stop, if no others will be asked for.
    """
    start, stop = frames or (0, video.frame_count)
    open_gaps = {
        track_id: {
            name: gap
            for name, (_, gap) in _gaps(state, video).items()
            if gap.left.frame < stop and gap.stop > start
        }
        for track_id, state in tracks.items()
    }
    payloads = _find(session, video, open_gaps.values(), col(DerivedSegment.payload))
    return {
        track_id: replace(
            state,
            derived={
                gap.left.frame: payloads[name]
                for name, gap in open_gaps[track_id].items()
                if name in payloads
            },
        )
        for track_id, state in tracks.items()
    }


def extents(session: Session, video: Video, tracks: Iterable[TrackState]) -> dict[str, Extended]:
    """The gaps of ``tracks`` that propagation may fill, by fingerprint, with what is stored.

    Tracks with equal key frames share their gaps.
    """
    open_gaps = {name: each for state in tracks for name, each in _gaps(state, video).items()}
    columns = (
        col(DerivedSegment.stop),
        col(DerivedSegment.requested_stop),
        col(DerivedSegment.context),
    )
    found = _find(session, video, [open_gaps], *columns)
    return {
        name: Extended(gap, keyframes, Extent(*found[name]) if name in found else None)
        for name, (keyframes, gap) in open_gaps.items()
    }


@dataclass(frozen=True)
class Filling:
    """Boxes that fill a gap up to ``requested_stop``; ``context`` names the context they used."""

    gap: Gap
    requested_stop: int
    context: str
    boxes: DerivedBoxes


def save(session: Session, video_id: int, filling: Filling) -> None:
    """Keep what fills a gap, in place of what did before."""
    name = filling.gap.fingerprint
    session.execute(
        delete(DerivedSegment).where(
            col(DerivedSegment.video_id) == video_id, col(DerivedSegment.fingerprint) == name
        )
    )
    session.add(
        DerivedSegment(
            video_id=video_id,
            start=filling.gap.left.frame,
            stop=filling.boxes.start + len(filling.boxes),
            requested_stop=filling.requested_stop,
            fingerprint=name,
            context=filling.context,
            payload=filling.boxes.to_bytes(),
        )
    )
    session.flush()
    note_news(session, video_id)


def note_news(session: Session, video_id: int) -> None:
    """More, or something else, is known of a video's derived boxes: open screens ask for them."""
    session.execute(
        update(Video)
        .where(col(Video.id) == video_id)
        .values(boxes_revision=col(Video.boxes_revision) + 1)
        .execution_options(synchronize_session=False)
    )


def forget_unused(session: Session, video: Video, tracks: Iterable[TrackState]) -> None:
    """Drop the segments that no key frames fit, but for the newest ``KEPT_UNUSED``."""
    used = {name for state in tracks for name in _gaps(state, video)}
    rows = session.exec(
        select(DerivedSegment.id, DerivedSegment.fingerprint)
        .where(DerivedSegment.video_id == video.id)
        .order_by(col(DerivedSegment.created_at).desc())
    )
    unused = [row_id for row_id, name in rows if name not in used and row_id is not None]
    for some in batches(unused[KEPT_UNUSED:]):
        session.execute(delete(DerivedSegment).where(col(DerivedSegment.id).in_(some)))


def _gaps(state: TrackState, video: Video) -> dict[str, tuple[Sequence[KeyframeDoc], Gap]]:
    """The gaps of a track by fingerprint; none where a person asked for straight lines."""
    if state.linear:
        return {}
    keyframes = state.ordered()
    return {gap.fingerprint: (keyframes, gap) for gap in gaps(keyframes, video.frame_count)}


def _find(
    session: Session, video: Video, wanted: Iterable[Collection[str]], *columns: Any
) -> dict[str, Any]:
    """The columns of the stored segments by fingerprint; one value where one is asked for."""
    found: dict[str, Any] = {}
    for names in batches({name for some in wanted for name in some}):
        rows = session.execute(
            select(col(DerivedSegment.fingerprint), *columns).where(
                col(DerivedSegment.video_id) == saved_id(video),
                col(DerivedSegment.fingerprint).in_(names),
            )
        )
        found |= {name: more[0] if len(columns) == 1 else tuple(more) for name, *more in rows}
    return found
