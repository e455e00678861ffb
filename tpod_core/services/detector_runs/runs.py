"""Jobs in which a detector goes over a video: how they are asked for, and what they read.

Such a job is about the video, and names the detector; what is wanted stands in its request.
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
from tpod_core.training_packages import usual_queue


@dataclass(frozen=True)
class VideoRun:
    """What a run needs: who asked, and rows as they are when it begins."""

    user: User
    video: Video
    detector: Detector
    wish: DetectionFilter


def submit(
    session: Session,
    user: User,
    kind: JobKind,
    video: Video,
    detector: Detector,
    wish: DetectionFilter,
) -> Job:
    """Queue it, for ``user``. The same wish, asked twice, is one job while it waits or runs.

    Raises: InvalidInput for an impossible wish; Conflict while the video cannot be read, or the
        detector has no model.
    """
    require_readable(video)
    require_trained(detector)
    wish.check(detector)
    request = _request(wish)
    for job in list_jobs(session, kind, video, detector):
        if not job.state.is_final and job.request == request:
            return job
    return jobs.submit(session, kind, usual_queue(kind), [video, detector], user.id, request)


def list_jobs(session: Session, kind: JobKind, video: Video, detector: Detector) -> Sequence[Job]:
    """The jobs of ``kind`` in which ``detector`` goes over ``video``, newest first."""
    about = (Job.kind == kind, Job.video_id == video.id, Job.detector_id == detector.id)
    return session.exec(select(Job).where(*about).order_by(col(Job.id).desc())).all()


def read_run(session: Session, job: RunningJob) -> VideoRun:
    """The rows of a running job, looked up anew.

    Raises: Conflict if the person, the video, the detector or a class of it is gone by now.
    """
    user = session.get(User, job.owner_id or 0)
    if user is None:
        raise Conflict("The account that asked for this is gone. Ask for it again.")
    try:
        video = access.get_video(session, user, _still(job.video_id, "video"))
        detector = access.get_detector(session, user, _still(job.detector_id, "detector"))
    except NotFound as error:
        raise Conflict(f"{error.message} It may have been deleted while this waited.") from error
    wish = _wish_in(job.request)
    wish.check(detector)
    require_readable(video)
    return VideoRun(user, video, detector, wish)


def require_readable(video: Video) -> None:
    """Raises: Conflict unless every frame of the video is there."""
    if video.state is not VideoState.READY:
        raise Conflict(
            f"The video “{video.name}” is not ready ({video.state}). Wait until it has been read."
        )


def _still(row_id: int | None, noun: str) -> int:
    """The id of a row that a job names. Raises: Conflict if that was deleted."""
    if row_id is None:
        raise Conflict(f"The {noun} was deleted while this waited. Choose another one.")
    return row_id


def _request(wish: DetectionFilter) -> dict[str, Any]:
    return {"confidence": wish.confidence, "labels": list(wish.labels)}


def _wish_in(request: dict[str, Any]) -> DetectionFilter:
    return DetectionFilter(request["confidence"], tuple(request["labels"]))
