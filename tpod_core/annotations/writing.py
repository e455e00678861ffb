"""Writes the parts of a log entry to the tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, update
from sqlmodel import Session, col

from tpod_core.annotations.document import TrackState
from tpod_core.annotations.history import Part, head_of
from tpod_core.db import batches
from tpod_core.models import FrameRange, Keyframe, Track, utc_now

_TRACKS = Track.__table__  # type: ignore[attr-defined]
_KEYFRAMES = Keyframe.__table__  # type: ignore[attr-defined]
_ROW = ("x1", "y1", "x2", "y2", "outside", "occluded", "source")


def insert_tracks(
    session: Session,
    video_id: int,
    author_id: int | None,
    states: Sequence[TrackState],
    track_ids: Sequence[int] = (),
) -> list[int]:
    """Inserts a track without key frames for each state; returns the ids in the same order.

    Args:
        track_ids: the ids of restored tracks, one for each state; else the database assigns ids.
    """
    if not states:
        return []
    common = {"video_id": video_id, "author_id": author_id, "created_at": utc_now()}
    rows: list[dict[str, Any]] = [
        common | _track_row(state) | {"linear": state.linear} for state in states
    ]
    for row, track_id in zip(rows, track_ids, strict=False):
        row["id"] = track_id
    statement = insert(Track).returning(col(Track.id), sort_by_parameter_order=True)
    return [track_id for track_id in session.scalars(statement, rows) if track_id is not None]


def write_parts(
    session: Session, video_id: int, author_id: int | None, before: Part, after: Part
) -> None:
    """Change the tables from ``before`` to ``after``; rows of new tracks must exist already."""
    old, new = before.get("tracks", {}), after.get("tracks", {})
    _delete_tracks(session, [int(track_id) for track_id, track in new.items() if track is None])
    kept = {track_id: track for track_id, track in new.items() if track is not None}
    # A track that did not exist before has just been inserted, without key frames.
    known = {track_id: track for track_id, track in kept.items() if old[track_id] is not None}
    _update_tracks(session, {int(track_id): head_of(track) for track_id, track in known.items()})
    _delete_keyframes(session, known)
    _insert_keyframes(session, video_id, author_id, kept)
    if "ranges" in after:
        _replace_ranges(session, video_id, after["ranges"])


def _delete_tracks(session: Session, track_ids: Sequence[int]) -> None:
    _execute_many(
        session,
        delete(_TRACKS).where(_TRACKS.c.id == bindparam("track")),
        [{"track": track_id} for track_id in track_ids],
    )


def _update_tracks(session: Session, states: dict[int, TrackState]) -> None:
    _execute_many(
        session,
        update(_TRACKS).where(_TRACKS.c.id == bindparam("track")),
        [{"track": track_id} | _track_row(state) for track_id, state in states.items()],
    )


def _track_row(state: TrackState) -> dict[str, Any]:
    """Returns the columns that edits change; they never change ``linear``."""
    return {"label_id": state.label_id, "proposed": state.proposed, "score": state.score}


def _delete_keyframes(session: Session, tracks: Mapping[str, Part]) -> None:
    _execute_many(
        session,
        delete(_KEYFRAMES).where(
            _KEYFRAMES.c.track_id == bindparam("track"), _KEYFRAMES.c.frame_index == bindparam("at")
        ),
        ({"track": track_id, "at": frame} for track_id, frame, _ in _rows(tracks)),
    )


def _insert_keyframes(
    session: Session, video_id: int, author_id: int | None, tracks: Mapping[str, Part]
) -> None:
    common = {"video_id": video_id, "author_id": author_id, "created_at": utc_now()}
    rows = (
        {
            **common,
            "track_id": track_id,
            "frame_index": frame,
            **dict(zip(_ROW, row, strict=True)),
        }
        for track_id, frame, row in _rows(tracks)
        if row is not None
    )
    _execute_many(session, insert(_KEYFRAMES), rows)


def _rows(tracks: Mapping[str, Part]) -> Iterator[tuple[int, int, Sequence[Any] | None]]:
    """Yields track id, frame and key frame row (``None`` if it does not exist) of a part."""
    for track_id, track in tracks.items():
        for frame, row in track["keyframes"].items():
            yield int(track_id), int(frame), row


def _replace_ranges(session: Session, video_id: int, ranges: Sequence[Sequence[int]]) -> None:
    session.execute(delete(FrameRange).where(col(FrameRange.video_id) == video_id))
    session.add_all(FrameRange(video_id=video_id, start=a, stop=b) for a, b in ranges)
    session.flush()


def _execute_many(session: Session, statement: Any, rows: Iterable[dict[str, Any]]) -> None:
    """Execute a statement for many rows without the ORM, which would hold them as objects."""
    for batch in batches(rows):
        session.connection().execute(statement, batch)
