"""Copies of videos with a detector's boxes drawn in: start, find, delete old ones."""

import re
from pathlib import Path

from sqlmodel import Session

from tpod_core import access
from tpod_core.errors import Conflict, NotFound
from tpod_core.inference.detection_filter import DetectionFilter
from tpod_core.models import Detector, Job, JobKind, JobState, User, Video, saved_id
from tpod_core.services.detector_runs import runs
from tpod_core.storage import get_storage
from tpod_core.video.source import annotated_key

_FILE_NAME = re.compile(r"annotated-(\d+)-(\d+)\.mp4")


def start(
    session: Session,
    user: User,
    detector: Detector,
    video: Video,
    detection_filter: DetectionFilter,
) -> Job:
    """Queue a copy of ``video`` with the detections of ``detector`` drawn in.

    Raises: as ``runs.submit``.
    """
    return runs.submit(session, user, JobKind.ANNOTATE_VIDEO, video, detector, detection_filter)


def find_newest(session: Session, detector: Detector, video: Video) -> Job | None:
    """Returns the newest job that makes or made a copy of ``video`` for ``detector``."""
    return next(iter(runs.list_jobs(session, JobKind.ANNOTATE_VIDEO, video, detector)), None)


def find_copy(session: Session, user: User, detector: Detector, job_id: int) -> Path | Job:
    """Returns the file that a job made, or the job while it runs.

    Raises: NotFound if the copy is not of this detector, or a newer one has replaced it;
        Conflict if the job ended without one.
    """
    job = access.get_job(session, user, job_id)
    if job.kind is not JobKind.ANNOTATE_VIDEO or job.request["detector_id"] != detector.id:
        raise NotFound(f"Job {job_id} makes no annotated video of {detector.name}.")
    if not job.state.is_final:
        return job
    if job.state is not JobState.SUCCEEDED:
        raise Conflict(f"The annotated video was not made. {job.message} Start it again.")
    path = get_storage().path(key_of(job))
    if not path.is_file():
        raise NotFound("This annotated video was replaced by a newer one.")
    return path


def key_of(job: Job) -> str:
    """The storage key of what ``job`` makes; it goes with the video."""
    return annotated_key(job.subject_id, job.request["detector_id"], saved_id(job))


def remove_superseded(session: Session, newest: Path) -> None:
    """Remove the same video's older copies for the same detector, and those of deleted ones."""
    made_for = _detector_in(newest)
    for path in newest.parent.iterdir():
        detector_id = _detector_in(path)
        if detector_id is None or path == newest:
            continue
        if detector_id == made_for or session.get(Detector, detector_id) is None:
            path.unlink(missing_ok=True)


def settle(session: Session, job: Job) -> None:
    """Nothing follows: the video stays as it is, and the job itself tells how it went."""


def _detector_in(path: Path) -> int | None:
    match = _FILE_NAME.fullmatch(path.name)
    return int(match[1]) if match else None
