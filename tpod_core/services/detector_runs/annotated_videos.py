"""Copies of videos with a detector's boxes drawn in: start, find, delete old ones."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from sqlmodel import Session, col, select

from tpod_core import access
from tpod_core.db import after_commit
from tpod_core.errors import Conflict, NotFound
from tpod_core.inference.detection_filter import DetectionFilter
from tpod_core.jobs import RunningJob
from tpod_core.models import Detector, Job, JobKind, JobState, User, Video, saved_id
from tpod_core.services.detector_runs import runs
from tpod_core.storage import get_storage
from tpod_core.video.drawing import legend
from tpod_core.video.source import annotated_key

_FILE = "file"
_LEGEND = "legend"
"""The keys of the copy's storage key and of its legend in a job's result."""


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
    if job.kind is not JobKind.ANNOTATE_VIDEO or job.detector_id != detector.id:
        raise NotFound(f"Job {job_id} makes no annotated video of {detector.name}.")
    if not job.state.is_final:
        return job
    if job.state is not JobState.SUCCEEDED:
        raise Conflict(f"The annotated video was not made. {job.message} Start it again.")
    path = get_storage().path(job.result[_FILE])
    if not path.is_file():
        raise NotFound("This annotated video was replaced by a newer one.")
    return path


def choose_key(session: Session, job: RunningJob, video: Video, classes: Sequence[str]) -> str:
    """Choose the storage key of the copy and store it in the job's result.

    With it goes the legend of the ``classes`` that the copy shows as numbers, because the fonts
    are those of the host that draws. The file is deleted with the video.
    """
    key = annotated_key(saved_id(video), job.id)
    job.record_result(session, {_FILE: key, _LEGEND: legend(classes)})
    return key


def legend_of(job: Job) -> tuple[str, ...]:
    """Returns a line for each class that the copy shows as a number, as ``drawing.legend``."""
    return tuple(job.result.get(_LEGEND, ()))


def remove_superseded(session: Session, video: Video, detector: Detector, newest_id: int) -> None:
    """Delete older copies of a video for the same detector, and those for deleted detectors.

    Args:
        newest_id: the job that has just made the newest copy.
    """
    superseded = select(Job).where(
        Job.kind == JobKind.ANNOTATE_VIDEO,
        Job.video_id == video.id,
        (col(Job.detector_id) == detector.id) | col(Job.detector_id).is_(None),
        Job.id != newest_id,
    )
    for job in session.exec(superseded):
        if key := job.result.get(_FILE):
            after_commit(session, partial(get_storage().delete, key))
