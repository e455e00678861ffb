"""Jobs that run a detector on a video: how they are submitted, and what they read.

Such a job has the columns of its video and detector; its request holds the filter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from tpod_core import access, jobs
from tpod_core.errors import Conflict, NotFound
from tpod_core.inference.detection_filter import DetectionFilter
from tpod_core.inference.trained_model import require_trained
from tpod_core.jobs import RunningJob
from tpod_core.models import (
    Detector,
    Job,
    JobKind,
    User,
    Video,
    VideoState,
)


@dataclass(frozen=True)
class VideoRun:
    """The input of a run: the user who started it, and rows as they are when it starts."""

    user: User
    video: Video
    detector: Detector
    detection_filter: DetectionFilter


def submit(
    session: Session,
    user: User,
    kind: JobKind,
    video: Video,
    detector: Detector,
    detection_filter: DetectionFilter,
) -> Job:
    """Queue a run for ``user``, unless the same run is already queued or running.

    Raises: InvalidInput for an impossible filter; Conflict if the video is not ready or the
        detector has no model.
    """
    require_readable(video)
    require_trained(detector)
    detection_filter.check(detector)
    request = _request(detection_filter)
    for job in list_jobs(session, kind, video, detector):
        if not job.state.is_final and job.request == request:
            return job
    return jobs.submit(session, kind, [video, detector], user.id, request)


def list_jobs(session: Session, kind: JobKind, video: Video, detector: Detector) -> Sequence[Job]:
    """Returns the jobs of ``kind`` that run ``detector`` on ``video``, newest first."""
    about = (Job.kind == kind, Job.video_id == video.id, Job.detector_id == detector.id)
    return session.exec(select(Job).where(*about).order_by(col(Job.id).desc())).all()


def read_run(session: Session, job: RunningJob) -> VideoRun:
    """Load the rows of a running job again.

    Raises: Conflict if the user, the video, the detector or one of its classes was deleted.
    """
    user = session.get(User, job.owner_id or 0)
    if user is None:
        raise Conflict("The account that started this was deleted. Start it again.")
    try:
        video = access.get_video(session, user, _require_id(job.video_id, "video"))
        detector = access.get_detector(session, user, _require_id(job.detector_id, "detector"))
    except NotFound as error:
        raise Conflict(f"{error.message} It may have been deleted while this waited.") from error
    detection_filter = _filter_in(job.request)
    detection_filter.check(detector)
    require_readable(video)
    return VideoRun(user, video, detector, detection_filter)


def require_readable(video: Video) -> None:
    """Raises: Conflict unless every frame of the video can be read."""
    if video.state is not VideoState.READY:
        raise Conflict(
            f"The video “{video.name}” is not ready ({video.state}). Wait until it has been read."
        )


def _require_id(row_id: int | None, noun: str) -> int:
    """Returns the id. Raises: Conflict if the row was deleted."""
    if row_id is None:
        raise Conflict(f"The {noun} was deleted while this waited. Choose another one.")
    return row_id


def _request(detection_filter: DetectionFilter) -> dict[str, Any]:
    return {
        "confidence": detection_filter.confidence,
        "labels": list(detection_filter.labels),
    }


def _filter_in(request: dict[str, Any]) -> DetectionFilter:
    return DetectionFilter(request["confidence"], tuple(request["labels"]))
