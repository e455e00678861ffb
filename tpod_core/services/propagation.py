"""Propagation of boxes between key frames: requests, status, and the worst frame."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from tpod_core.annotations import reading
from tpod_core.annotations.document import TrackState
from tpod_core.boxes_revision import bump_boxes_revision
from tpod_core.db import after_commit
from tpod_core.errors import Conflict, InvalidInput
from tpod_core.inference import detection_store
from tpod_core.models import (
    DerivedSegment,
    Job,
    JobKind,
    JobState,
    Track,
    User,
    Video,
    saved_id,
    utc_now,
)
from tpod_core.propagation import requests
from tpod_core.propagation.class_detections import ClassDetections
from tpod_core.propagation.detector_evidence import apply_detector_evidence
from tpod_core.propagation.gap_results import GapResult, WorstFrame, gap_results, worst_of
from tpod_core.propagation.immediate_process import is_busy_with
from tpod_core.storage import get_storage

KEPT_JOBS_S = 600
"""How long an ended job of this kind stays listed: nearly every edit has one."""


class Method(StrEnum):
    """How a track gets its boxes between key frames."""

    VISUAL = "visual"
    LINEAR = "linear"


@dataclass(frozen=True)
class TrackPropagation:
    """A track's filled gaps; ``ends_at`` is the frame where forward tracking ended early."""

    track_id: int
    gaps: tuple[GapResult, ...]
    ends_at: int | None


@dataclass(frozen=True)
class Propagation:
    """The state of a video's derived boxes; ``pending`` means that more are being computed.

    ``worst`` is the frame to correct next, of all accepted tracks.
    """

    revision: int
    pending: bool
    tracks: tuple[TrackPropagation, ...]
    worst: WorstFrame | None


def request(
    session: Session,
    user: User,
    video: Video,
    track_ids: Collection[int] | None = None,
    method: Method = Method.VISUAL,
) -> Job:
    """Set the method of these tracks (or all), and request that the video's gaps be filled.

    Raises: InvalidInput if a track is not in the video; Conflict if it has no frames yet.
    """
    if not video.frame_count:
        raise Conflict("This video has no frames yet. Wait until its import has begun.")
    _require_tracks(session, video, track_ids or ())
    condition = col(Track.video_id) == video.id
    if track_ids is not None:
        condition &= col(Track.id).in_(track_ids)
    session.execute(update(Track).where(condition).values(linear=method is Method.LINEAR))
    bump_boxes_revision(session, saved_id(video))
    return requests.request(session, video, user.id)


def delete_old_jobs(session: Session, video_id: int) -> None:
    """Delete a video's propagation jobs that succeeded more than ``KEPT_JOBS_S`` ago."""
    long_ago = utc_now() - timedelta(seconds=KEPT_JOBS_S)
    older = select(Job).where(
        Job.video_id == video_id,
        Job.kind == JobKind.PROPAGATE_TRACKS,
        Job.state == JobState.SUCCEEDED,
        col(Job.finished_at) < long_ago,
    )
    for row in session.exec(older).all():
        session.delete(row)
        after_commit(session, partial(get_storage().delete, row.log_key))


def state_tag(session: Session, video: Video) -> str:
    """Returns a tag that changes whenever the result of ``status`` does."""
    count, newest = session.exec(
        select(func.count(), func.max(DerivedSegment.created_at)).where(
            DerivedSegment.video_id == video.id
        )
    ).one()
    when = newest.timestamp() if newest else 0
    linear = session.exec(
        select(func.count()).where(Track.video_id == video.id, col(Track.linear))
    ).one()
    detections = detection_store.state_tag(session, video)
    pending = int(_is_pending(session, video))
    return f"{video.revision}-{count}-{when}-{linear}-{detections}-{pending}"


def status(session: Session, video: Video) -> Propagation:
    """Returns every track's filled gaps, their uncertainty adjusted by detector evidence."""
    tracks = reading.load_tracks(session, saved_id(video))
    results = gap_results(session, video, tracks)
    detections = _detections(session, video, {tracks[n].label_id for n in results})
    adjusted = apply_detector_evidence(results, tracks, detections)
    return Propagation(
        revision=video.revision,
        pending=_is_pending(session, video),
        tracks=tuple(
            TrackPropagation(track_id, tuple(of_track), _ends_at(tracks[track_id], of_track))
            for track_id, of_track in adjusted.items()
        ),
        worst=worst_of({n: gaps for n, gaps in adjusted.items() if not tracks[n].proposed}),
    )


def _detections(
    session: Session, video: Video, label_ids: Collection[int]
) -> dict[int, ClassDetections]:
    """Returns the detections of these labels, by ``label_id``."""
    catalogue = reading.load_catalogue(session)
    names = {catalogue[label_id]: label_id for label_id in label_ids}
    found = detection_store.load_by_label(session, video, names.keys())
    return {names[name]: detections for name, detections in found.items()}


def _ends_at(state: TrackState, results: Sequence[GapResult]) -> int | None:
    last = results[-1] if results else None
    if last is None or not last.ended_early or last.gap.left.frame != max(state.keyframes):
        return None
    return last.stop


def _is_pending(session: Session, video: Video) -> bool:
    return is_busy_with(saved_id(video)) or requests.is_under_way(session, video)


def _require_tracks(session: Session, video: Video, track_ids: Collection[int]) -> None:
    known = set(
        session.exec(
            select(Track.id).where(Track.video_id == video.id, col(Track.id).in_(track_ids))
        )
    )
    for number, track_id in enumerate(track_ids):
        if track_id not in known:
            raise InvalidInput(
                f"There is no track {track_id} in this video.", f"track_ids[{number}]"
            )
