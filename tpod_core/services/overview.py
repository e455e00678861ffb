"""Counts over everything a user may see: for the home page, the administrator and programs."""

from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from tpod_core.models import (
    Detector,
    DetectorState,
    Job,
    JobState,
    Keyframe,
    QueueName,
    Role,
    TrainingSet,
    TrainingSetState,
    User,
    Video,
    VideoState,
)


def counts(session: Session, user: User) -> dict[str, int]:
    """How many videos, training sets and detectors there are, and how many are usable."""

    def count(table: type[Video | TrainingSet | Detector], *conditions: Any) -> int:
        query = select(func.count()).select_from(table).where(*conditions)
        if user.role is not Role.ADMIN:
            query = query.where(table.owner_id == user.id)
        return session.exec(query).one()

    has_boxes = select(Keyframe.id).where(Keyframe.video_id == Video.id).exists()
    return {
        "videos": count(Video),
        "videos_ready": count(Video, Video.state == VideoState.READY),
        "videos_labelled": count(Video, has_boxes),
        "training_sets": count(TrainingSet),
        "training_sets_ready": count(TrainingSet, TrainingSet.state == TrainingSetState.READY),
        "detectors": count(Detector),
        "detectors_trained": count(Detector, Detector.state == DetectorState.TRAINED),
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
