"""Starts and finds the job that makes the demo project (``workers.load_demo``)."""

from sqlmodel import Session, col, select

from tpod_core import jobs, training_packages
from tpod_core.errors import Conflict
from tpod_core.models import (
    Job,
    JobKind,
    JobState,
    User,
    Video,
    saved_id,
)


def start(session: Session, user: User) -> Job:
    """Queue the demo project for ``user``.

    Raises: Conflict while one is being made, or if this host lacks the needed packages.
    """
    training_packages.require_for(JobKind.LOAD_DEMO)
    running = find_running(session, user)
    if running is not None:
        raise Conflict("The demo project is already being made. It takes under a minute.")
    return jobs.submit(session, JobKind.LOAD_DEMO, (), saved_id(user))


def find_running(session: Session, user: User) -> Job | None:
    """Returns the user's queued or running demo job."""
    query = select(Job).where(
        Job.kind == JobKind.LOAD_DEMO,
        Job.owner_id == user.id,
        col(Job.state).in_((JobState.QUEUED, JobState.RUNNING)),
    )
    return session.exec(query).first()


def is_loaded(session: Session, user: User) -> bool:
    """Whether the user has a video of a finished demo project."""
    query = (
        select(Video.id)
        .join(Job, col(Job.id) == Video.job_id)
        .where(
            Job.kind == JobKind.LOAD_DEMO,
            Job.state == JobState.SUCCEEDED,
            Video.owner_id == user.id,
        )
    )
    return session.exec(query).first() is not None
