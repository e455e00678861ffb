"""Loads annotations from the database, with one statement per call."""

from collections.abc import Collection
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from tpod_core.annotations.document import KeyframeDoc, LabelDoc, TrackState
from tpod_core.annotations.ranges import Range
from tpod_core.geometry import Box
from tpod_core.models import FrameRange, Keyframe, Label, Track, VideoLabel

_HEAD = (
    col(Track.id),
    col(Track.label_id),
    col(Track.proposed),
    col(Track.score),
    col(Track.linear),
)
_COLUMNS = (
    col(Keyframe.frame_index),
    col(Keyframe.x1),
    col(Keyframe.y1),
    col(Keyframe.x2),
    col(Keyframe.y2),
    col(Keyframe.outside),
    col(Keyframe.occluded),
    col(Keyframe.source),
)


def load_labels(session: Session, video_id: int) -> tuple[LabelDoc, ...]:
    """Returns the labels of a video's list, in its order."""
    rows = session.exec(
        select(Label)
        .join(VideoLabel)
        .where(VideoLabel.video_id == video_id)
        .order_by(col(VideoLabel.position), col(VideoLabel.id))
    )
    return tuple(LabelDoc(row.name, row.color, row.id) for row in rows if row.id is not None)


def load_catalogue(session: Session) -> dict[int, str]:
    """Returns the names of all labels of the installation, by ``Label.id``."""
    return {
        label_id: name
        for label_id, name in session.exec(select(Label.id, Label.name))
        if label_id is not None
    }


def load_ranges(session: Session, video_id: int) -> tuple[Range, ...]:
    rows = session.exec(
        select(FrameRange).where(FrameRange.video_id == video_id).order_by(col(FrameRange.start))
    )
    return tuple((row.start, row.stop) for row in rows)


def load_tracks(
    session: Session, video_id: int, track_ids: Collection[int] | None = None
) -> dict[int, TrackState]:
    """Returns tracks with all their key frames, by id; without ``track_ids``, every track."""
    return _collect(session, _of_video(video_id, track_ids))


def load_tracks_around(
    session: Session,
    video_id: int,
    start: int,
    stop: int,
    track_ids: Collection[int] | None = None,
) -> dict[int, TrackState]:
    """Returns tracks with the key frames that determine the boxes on ``start <= frame < stop``.

    These are the key frames inside, the last one before and the first one after. All are found
    by the index on (track, frame), so the cost does not grow with the length of the video.
    Without ``track_ids``, returns every track.
    """
    nearby = aliased(Keyframe)
    of_track = select(func.max(nearby.frame_index)).where(nearby.track_id == Track.id)
    before = of_track.where(col(nearby.frame_index) <= start).scalar_subquery()
    after = (
        select(func.min(nearby.frame_index))
        .where(nearby.track_id == Track.id, col(nearby.frame_index) >= stop)
        .scalar_subquery()
    )
    return _collect(
        session,
        _of_video(video_id, track_ids)
        & (col(Keyframe.frame_index) >= func.coalesce(before, start))
        & (col(Keyframe.frame_index) <= func.coalesce(after, stop)),
    )


def _of_video(video_id: int, track_ids: Collection[int] | None) -> ColumnElement[bool]:
    condition = col(Track.video_id) == video_id
    return condition if track_ids is None else condition & col(Track.id).in_(track_ids)


def _collect(session: Session, condition: ColumnElement[bool]) -> dict[int, TrackState]:
    # Not through the ORM, which takes as long for 100,000 rows as the query itself.
    rows = session.connection().execute(
        select(*_HEAD, *_COLUMNS)  # type: ignore[call-overload]
        .join(Keyframe, col(Keyframe.track_id) == col(Track.id))
        .where(condition)
        .order_by(col(Track.id), col(Keyframe.frame_index))
    )
    return {
        track_id: TrackState(label_id, {row[5]: _keyframe(*row[5:]) for row in group}, *more)
        for (track_id, label_id, *more), group in groupby(rows, lambda row: tuple(row[:5]))
    }


def _keyframe(frame: int, x1: float, y1: float, x2: float, y2: float, *rest: Any) -> KeyframeDoc:
    return KeyframeDoc(frame, Box(x1, y1, x2, y2), *rest)
