"""Counts of everything a user may see, for the home page, the administrator and the API."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from tpod_core import access
from tpod_core.jobs.subjects import SUBJECTS
from tpod_core.models import (
    Detector,
    DetectorState,
    Job,
    JobState,
    Keyframe,
    QueueName,
    Track,
    TrainingSet,
    TrainingSetState,
    User,
    Video,
    VideoState,
)


def counts(session: Session, user: User) -> dict[str, int]:
    """Returns how many videos, training sets and detectors exist, and how many are usable."""
    videos = access.visible(user, Video)
    sets = access.visible(user, TrainingSet)
    detectors = access.visible(user, Detector)

    def count(rows: SelectOfScalar[Any]) -> int:
        return session.exec(select(func.count()).select_from(rows.subquery())).one()

    has_boxes = (
        select(Keyframe.id)
        .join(Track, col(Keyframe.track_id) == col(Track.id))
        .where(Keyframe.video_id == Video.id, col(Track.proposed).is_(False))
        .exists()
    )
    return {
        "videos": count(videos),
        "videos_ready": count(videos.where(Video.state == VideoState.READY)),
        "videos_labelled": count(videos.where(has_boxes)),
        "training_sets": count(sets),
        "training_sets_ready": count(sets.where(TrainingSet.state == TrainingSetState.READY)),
        "detectors": count(detectors),
        "detectors_trained": count(detectors.where(Detector.state == DetectorState.TRAINED)),
    }


def queues(session: Session) -> dict[str, dict[str, int]]:
    """Returns the number of queued and running jobs per queue."""
    active = (JobState.QUEUED, JobState.RUNNING)
    query = (
        select(Job.queue, Job.state, func.count())
        .where(col(Job.state).in_(active))
        .group_by(col(Job.queue), col(Job.state))
    )
    found = {(queue, state): number for queue, state, number in session.exec(query)}
    return {
        queue.value: {state.value: found.get((queue, state), 0) for state in active}
        for queue in QueueName
    }


def subject_names(session: Session, jobs: Sequence[Job]) -> dict[str, str]:
    """Returns the names of the subjects of ``jobs``: ``{"video:12": "Kitchen"}``.

    Deleted subjects are left out.
    """
    found: dict[str, str] = {}
    for table, subject in SUBJECTS.items():
        about = {job.subject_id: job.subject for job in jobs if job.kind.subject is subject}
        named = select(table.id, table.name).where(col(table.id).in_(filter(None, about)))
        found |= {about[number]: name for number, name in session.exec(named)}
    return found
