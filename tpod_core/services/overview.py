"""Counts over everything a user may see: for the home page, the administrator and programs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from tpod_core import access
from tpod_core.jobs import subject_with
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

_NAMED_TABLES: tuple[type[Video | TrainingSet | Detector], ...] = (Video, TrainingSet, Detector)


def counts(session: Session, user: User) -> dict[str, int]:
    """How many videos, training sets and detectors there are, and how many are usable."""
    videos = access.visible(user, Video)
    sets = access.visible(user, TrainingSet)
    detectors = access.visible(user, Detector)

    def count(seen: SelectOfScalar[Any]) -> int:
        return session.exec(select(func.count()).select_from(seen.subquery())).one()

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
    """Jobs that wait and that run, per queue."""
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
    """What people call the things that ``jobs`` work on: ``{"video:12": "Kitchen"}``.

    A subject that has been deleted since is left out.
    """
    found = {}
    for table in _NAMED_TABLES:
        ids = {job.subject_id for job in jobs if job.subject == subject_with(table, job.subject_id)}
        for number, name in session.exec(
            select(table.id, table.name).where(col(table.id).in_(ids))
        ):
            found[subject_with(table, number or 0)] = name
    return found
