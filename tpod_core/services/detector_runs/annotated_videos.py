"""Copies of videos with a detector's boxes drawn in: ask for one, find it, clear old ones away."""

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
from tpod_core.video.source import annotated_key

_FILE = "file"
"""The key of a job's result under which the storage key of its copy stands."""


def start(
    session: Session, user: User, detector: Detector, video: Video, wish: DetectionFilter
) -> Job:
    """Queue a copy of ``video`` that shows what ``detector`` sees.

    Raises: as ``runs.submit``.
    """
    return runs.submit(session, user, JobKind.ANNOTATE_VIDEO, video, detector, wish)


def find_newest(session: Session, detector: Detector, video: Video) -> Job | None:
    """The newest job that made, or makes, a copy of ``video`` for ``detector``."""
    return next(iter(runs.list_jobs(session, JobKind.ANNOTATE_VIDEO, video, detector)), None)


def find_copy(session: Session, user: User, detector: Detector, job_id: int) -> Path | Job:
    """The file that a job made, or the job while it is making it.

    Raises: NotFound if the copy is none of this detector's, or a newer one has taken its place;
        Conflict if the job ended without one.
    """
    job = access.get_job(session, user, job_id)
    if job.kind is not JobKind.ANNOTATE_VIDEO or job.detector_id != detector.id:
        raise NotFound(f"Job {job_id} makes no annotated video of {detector.name}.")
    if not job.state.is_final:
        return job
    if job.state is not JobState.SUCCEEDED:
        raise Conflict(f"The annotated video was not made. {job.message} Ask for it again.")
    path = get_storage().path(job.result[_FILE])
    if not path.is_file():
        raise NotFound("This annotated video is gone: a newer one has taken its place.")
    return path


def choose_key(session: Session, job: RunningJob, video: Video) -> str:
    """The storage key of what ``job`` makes of ``video``, from now on a part of its result.

    The file goes with the video.
    """
    key = annotated_key(saved_id(video), job.id)
    job.record_result(session, {_FILE: key})
    return key


def remove_superseded(session: Session, video: Video, detector: Detector, newest_id: int) -> None:
    """Remove older copies of a video for the same detector, and those for deleted ones.

    Args:
        newest_id: the job that has just made one.
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
