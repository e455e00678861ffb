"""Tracks into the tables, by the parts of a log entry."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, update
from sqlmodel import Session, col

from tpod_core.models import FrameRange, Keyframe, Track, utc_now
from tpod_core.tracks.documents import KeyframeDoc, TrackState
from tpod_core.tracks.history import Part, head_of, keyframes_of

_TRACKS = Track.__table__  # type: ignore[attr-defined]
_KEYFRAMES = Keyframe.__table__  # type: ignore[attr-defined]


def insert_tracks(
    session: Session,
    video_id: int,
    author_id: int | None,
    states: Sequence[TrackState],
    track_ids: Sequence[int] = (),
) -> list[int]:
    """New tracks, still without their key frames, one for each state; ids in the same order.

    Args:
        track_ids: ids to bring back, one for each state; else the database numbers them.
    """
    if not states:
        return []
    common = {"video_id": video_id, "author_id": author_id, "created_at": utc_now()}
    rows: list[dict[str, Any]] = [common | _track_row(state) for state in states]
    for row, track_id in zip(rows, track_ids, strict=False):
        row["id"] = track_id
    statement = insert(Track).returning(col(Track.id), sort_by_parameter_order=True)
    return [track_id for track_id in session.scalars(statement, rows) if track_id is not None]


def write_part(session: Session, video_id: int, author_id: int | None, part: Part) -> None:
    """Make the tables say what ``part`` says of what it names; its tracks exist already."""
    tracks = {int(track_id): track for track_id, track in part.get("tracks", {}).items()}
    _delete_tracks(session, [track_id for track_id, track in tracks.items() if track is None])
    kept = {track_id: track for track_id, track in tracks.items() if track is not None}
    _rewrite_tracks(session, {track_id: head_of(track) for track_id, track in kept.items()})
    keyframes = {
        (track_id, frame): keyframe
        for track_id, track in kept.items()
        for frame, keyframe in keyframes_of(track).items()
    }
    _replace_keyframes(session, video_id, author_id, keyframes)
    if "ranges" in part:
        _replace_ranges(session, video_id, part["ranges"])


def _delete_tracks(session: Session, track_ids: Sequence[int]) -> None:
    _many(
        session,
        delete(_TRACKS).where(_TRACKS.c.id == bindparam("track")),
        [{"track": track_id} for track_id in track_ids],
    )


def _rewrite_tracks(session: Session, states: dict[int, TrackState]) -> None:
    _many(
        session,
        update(_TRACKS).where(_TRACKS.c.id == bindparam("track")),
        [{"track": track_id} | _track_row(state) for track_id, state in states.items()],
    )


def _track_row(state: TrackState) -> dict[str, Any]:
    return {"label_id": state.label_id, "proposed": state.proposed, "score": state.score}


def _replace_keyframes(
    session: Session,
    video_id: int,
    author_id: int | None,
    keyframes: dict[tuple[int, int], KeyframeDoc | None],
) -> None:
    _many(
        session,
        delete(_KEYFRAMES).where(
            _KEYFRAMES.c.track_id == bindparam("track"), _KEYFRAMES.c.frame_index == bindparam("at")
        ),
        [{"track": track_id, "at": frame} for track_id, frame in keyframes],
    )
    common = {"video_id": video_id, "author_id": author_id, "created_at": utc_now()}
    rows = [
        common | {"track_id": track_id} | _keyframe_row(keyframe)
        for (track_id, _), keyframe in keyframes.items()
        if keyframe is not None
    ]
    if rows:
        session.execute(insert(Keyframe), rows)


def _keyframe_row(keyframe: KeyframeDoc) -> dict[str, Any]:
    x1, y1, x2, y2 = keyframe.box.xyxy
    return {
        "frame_index": keyframe.frame,
        **{"x1": x1, "y1": y1, "x2": x2, "y2": y2},
        "outside": keyframe.outside,
        "occluded": keyframe.occluded,
        "source": keyframe.source,
    }


def _replace_ranges(session: Session, video_id: int, ranges: Sequence[Sequence[int]]) -> None:
    session.execute(delete(FrameRange).where(col(FrameRange.video_id) == video_id))
    session.add_all(FrameRange(video_id=video_id, start=a, stop=b) for a, b in ranges)
    session.flush()


def _many(session: Session, statement: Any, parameters: list[dict[str, Any]]) -> None:
    """One statement for many rows, past the ORM: these rows are never held as objects."""
    if parameters:
        session.connection().execute(statement, parameters)
