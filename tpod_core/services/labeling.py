"""Who is labelling a video, how long it took, and how many boxes it gave."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from tpod_core.annotations.document import TrackState
from tpod_core.annotations.reading import load_tracks_around
from tpod_core.errors import InvalidInput
from tpod_core.models import (
    Keyframe,
    KeyframeSource,
    LabelingTime,
    Track,
    User,
    Video,
    saved_id,
    utc_now,
)
from tpod_core.propagation.store import extents

PRESENT_S = 40.0
"""A person counts as present for this long after the last report of their screen."""
FIRST_CALL_S = 30.0
"""The most seconds that a person's first call may report."""


@dataclass(frozen=True)
class Other:
    """Another person in the same video; ``seen_s`` is the time since their screen's last report."""

    username: str
    seen_s: float


@dataclass(frozen=True)
class Effort:
    """The work on a video and its result.

    ``seconds`` are those of all people. ``human_boxes`` are annotated by hand. ``boxes`` are
    those on key frames, between two key frames, and tracked from the last one; held boxes and
    proposals are not counted.
    """

    seconds: float
    human_boxes: int
    boxes: int

    @property
    def boxes_per_human_box(self) -> float:
        return self.boxes / self.human_boxes if self.human_boxes else 0.0


def note_presence(session: Session, user: User, video: Video, active_s: float) -> None:
    """Add seconds of work since the person's last call, at most the time that has passed.

    So neither a second tab nor a wrong clock can count a second twice.

    Raises: InvalidInput if ``active_s`` is negative or not finite.
    """
    if not math.isfinite(active_s) or active_s < 0:
        raise InvalidInput("Say how many seconds you worked: 0 or more.", "active_s")
    now = utc_now()
    own = select(LabelingTime).where(
        LabelingTime.video_id == video.id, LabelingTime.user_id == user.id
    )
    row = session.exec(own).first()
    if row is None:
        row = LabelingTime(video_id=saved_id(video), user_id=saved_id(user), last_seen_at=now)
        elapsed_s = FIRST_CALL_S
    else:
        elapsed_s = max(0.0, (now - row.last_seen_at).total_seconds())
    row.seconds += min(active_s, elapsed_s)
    row.last_seen_at = now
    session.add(row)


def others_present(session: Session, user: User, video: Video) -> list[Other]:
    """Returns who else has the video open, the most recently seen first."""
    now = utc_now()
    rows = session.exec(
        select(User.username, LabelingTime.last_seen_at)
        .join(LabelingTime, col(LabelingTime.user_id) == User.id)
        .where(
            LabelingTime.video_id == video.id,
            LabelingTime.user_id != user.id,
            _is_present(now),
        )
        .order_by(col(LabelingTime.last_seen_at).desc())
    )
    return [Other(name, _seconds_between(last_seen_at, now)) for name, last_seen_at in rows]


@dataclass(frozen=True)
class VideoNews:
    """The state of a video that open screens follow; ``people`` are by user id.

    ``frames`` grows while the video is being imported.
    """

    revision: int
    boxes_revision: int
    frames: int
    people: dict[int, Other]


def news_of_each(session: Session, video_ids: Collection[int]) -> dict[int, VideoNews]:
    """Returns the state of these videos by id, with one query; deleted videos are left out."""
    now = utc_now()
    present = _is_present(now) & (col(LabelingTime.video_id) == Video.id)
    rows = session.execute(
        columns(
            col(Video.id),
            col(Video.revision),
            col(Video.boxes_revision),
            col(Video.frame_count),
            col(LabelingTime.user_id),
            col(LabelingTime.last_seen_at),
            col(User.username),
        )
        .outerjoin(LabelingTime, present)
        .outerjoin(User, col(User.id) == LabelingTime.user_id)
        .where(col(Video.id).in_(video_ids))
        .order_by(col(LabelingTime.last_seen_at).desc())
    )
    news: dict[int, VideoNews] = {}
    for video_id, revision, boxes_revision, frames, user_id, last_seen_at, username in rows.all():
        assert video_id is not None
        of_video = news.setdefault(video_id, VideoNews(revision, boxes_revision, frames, {}))
        if user_id is not None:
            of_video.people[user_id] = Other(username, _seconds_between(last_seen_at, now))
    return news


def _is_present(now: datetime) -> ColumnElement[bool]:
    return col(LabelingTime.last_seen_at) >= now - timedelta(seconds=PRESENT_S)


def effort(session: Session, video: Video) -> Effort:
    """Returns the work on ``video`` and the number of boxes that it gave."""
    seconds = session.exec(
        select(func.sum(LabelingTime.seconds)).where(LabelingTime.video_id == video.id)
    ).one()
    human = session.exec(
        select(func.count()).where(
            Keyframe.video_id == video.id,
            Keyframe.source == KeyframeSource.MANUAL,
            col(Keyframe.outside).is_(False),
        )
    ).one()
    return Effort(
        float(seconds or 0),
        human,
        _boxes_up_to_last_keyframe(session, video) + _tracked(session, video),
    )


def _seconds_between(earlier: datetime, later: datetime) -> float:
    return max(0.0, (later - earlier).total_seconds())


def _boxes_up_to_last_keyframe(session: Session, video: Video) -> int:
    """Counts the boxes on key frames and between them, by the distance to the next key frame."""
    next_frame = func.lead(col(Keyframe.frame_index)).over(
        partition_by=col(Keyframe.track_id), order_by=col(Keyframe.frame_index)
    )
    distance = func.coalesce(next_frame - col(Keyframe.frame_index), 1)
    each = (
        select(case((col(Keyframe.outside), 0), else_=distance).label("boxes"))
        .join(Track, col(Track.id) == Keyframe.track_id)
        .where(Keyframe.video_id == video.id, col(Track.proposed).is_(False))
        .subquery()
    )
    return int(session.exec(select(func.sum(each.c.boxes))).one() or 0)


def _tracked(session: Session, video: Video) -> int:
    """Counts the boxes that were tracked forward from the last key frame of each track."""
    end = video.frame_count
    accepted = [state for state in _last_keyframes(session, video) if not state.proposed]
    return sum(
        min(each.extent.stop, end) - each.gap.left.frame - 1
        for each in extents(session, video, accepted).values()
        if each.extent is not None
    )


def _last_keyframes(session: Session, video: Video) -> list[TrackState]:
    end = video.frame_count
    return list(load_tracks_around(session, saved_id(video), end, end).values())
