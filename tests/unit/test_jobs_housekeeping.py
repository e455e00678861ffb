"""Old ended jobs and what killed jobs left behind go; what a row still needs stays."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from tests.detectors import add_trained_detector
from tests.fake_queue import ListQueue
from tests.labelled import add_video
from tests.training_sets import add_training_set
from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.jobs import Reconciler, housekeeping, submit
from tpod_core.jobs.housekeeping import purge
from tpod_core.models import (
    Detector,
    Job,
    JobKind,
    JobState,
    TrainingSet,
    User,
    Video,
    saved_id,
    utc_now,
)
from tpod_core.storage import get_storage

KEEP_DAYS = 10


def add_job(
    kind: JobKind = JobKind.EXPORT_MODEL,
    about: Video | None = None,
    state: JobState = JobState.SUCCEEDED,
    age_days: float = KEEP_DAYS + 1,
) -> Job:
    """A job with a log that began, and ended if it has, so long ago."""
    when = utc_now() - timedelta(days=age_days)
    with db.transaction() as session:
        job = submit(session, kind, [about] if about else (), None)
        job.state, job.started_at = state, when
        job.finished_at = when if state.is_final else None
    get_storage().write(job.log_key, b"said")
    return job


def kept() -> set[int]:
    with db.read_session() as session:
        rows = {saved_id(job) for job in session.exec(select(Job))}
    logs = {int(path.stem) for path in get_storage().path("jobs").glob("*.log")}
    assert rows == logs
    return rows


def test_ended_jobs_go_with_their_logs_when_they_are_old(queue: ListQueue) -> None:
    young = add_job(age_days=KEEP_DAYS - 1)
    for state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED):
        add_job(state=state)
    purge(KEEP_DAYS)
    assert kept() == {young.id}


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING])
def test_job_that_has_not_ended_stays(queue: ListQueue, state: JobState) -> None:
    job = add_job(state=state)
    purge(KEEP_DAYS)
    assert kept() == {job.id}


@pytest.mark.parametrize(
    "add_owner",
    [
        pytest.param(lambda home, user: add_video(user), id="video"),
        pytest.param(add_training_set, id="training set"),
        pytest.param(add_trained_detector, id="detector"),
    ],
)
def test_job_that_a_thing_names_as_its_own_stays(
    home: Path,
    admin: User,
    queue: ListQueue,
    add_owner: Callable[[Path, User], Video | TrainingSet | Detector],
) -> None:
    owner = add_owner(home, admin)
    earlier, own = add_job(), add_job()
    with db.transaction() as session:
        session.get_one(type(owner), owner.id).job_id = own.id
    purge(KEEP_DAYS)
    assert kept() == {own.id} != {earlier.id}


@pytest.mark.parametrize("kind", [JobKind.PRELABEL_VIDEO, JobKind.ANNOTATE_VIDEO])
def test_job_whose_result_is_looked_up_goes_with_its_video(
    admin: User, queue: ListQueue, kind: JobKind
) -> None:
    video = add_video(admin)
    job = add_job(kind, video)
    purge(KEEP_DAYS)
    assert kept() == {job.id}
    with db.transaction() as session:
        session.delete(session.get_one(Video, video.id))
    purge(KEEP_DAYS)
    assert kept() == set()


def leave_part(key: str, age_days: float) -> Path:
    """What a writer of ``key`` leaves that is killed; its directory was made so long ago."""
    part = get_storage().path(f"{key}.0123abcd.part")
    part.mkdir(parents=True)
    (part / "picture.jpg").touch()
    then = (utc_now() - timedelta(days=age_days)).timestamp()
    os.utime(part, (then, then))
    return part


def test_unfinished_directories_go_when_they_are_old(queue: ListQueue) -> None:
    old = [leave_part(f"detectors/{n}/{name}", KEEP_DAYS + 1) for n in (1, 2) for name in "ab"]
    young = leave_part("training_sets/4", KEEP_DAYS - 1)
    upload = get_storage().write("videos/1/source.part", b"resumed by its owner")
    os.utime(upload, (0, 0))
    purge(KEEP_DAYS)
    assert [part.exists() for part in (*old, young, upload)] == [False] * 4 + [True] * 2


def test_directory_that_a_long_job_may_be_filling_stays(queue: ListQueue) -> None:
    add_job(state=JobState.RUNNING, age_days=KEEP_DAYS + 2)
    part = leave_part("training_sets/4", KEEP_DAYS + 1)
    purge(KEEP_DAYS)
    assert part.exists()


def test_reconciler_purges_at_its_start_and_then_by_the_hour(
    queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_KEEP_JOBS_DAYS", "7")
    get_settings.cache_clear()
    asked: list[int] = []
    monkeypatch.setattr(housekeeping, "purge", asked.append)
    reconciler = Reconciler()
    reconciler.purge_if_due()
    reconciler.purge_if_due()
    assert asked == [7]
    monkeypatch.setattr(housekeeping, "INTERVAL_S", 0.0)
    reconciler.purge_if_due()
    assert asked == [7, 7]
