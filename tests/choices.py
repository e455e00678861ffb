"""Choices of training sets, and what becomes of them: previews, plans, built sets."""

from pathlib import Path
from typing import Any

from tpod_core import db
from tpod_core.access import get_training_set, get_video
from tpod_core.jobs import execute
from tpod_core.models import Job, JobState, TrainingSet, User, Video, saved_id
from tpod_core.services import training_sets
from tpod_core.services.training_sets import Preview, TrainingSetSpec
from tpod_core.storage import get_storage
from tpod_core.training_sets.labelled_videos import load_labelled_video
from tpod_core.training_sets.plan import Plan, make_plan
from tpod_core.training_sets.split import Split
from workers import build_training_set


def spec(*video_ids: int | None, **wishes: Any) -> TrainingSetSpec:
    videos = [{"video_id": video_id} for video_id in video_ids]
    return TrainingSetSpec.model_validate({"videos": videos, **wishes})


def preview(user: User, wanted: TrainingSetSpec) -> Preview:
    with db.read_session() as session:
        return training_sets.preview(session, user, wanted)


def plan_of(user: User, wanted: TrainingSetSpec) -> Plan:
    with db.read_session() as session:
        videos = [get_video(session, user, video.video_id) for video in wanted.videos]
        return make_plan(wanted, [load_labelled_video(session, video) for video in videos])


def frames_of(plan: Plan, number: int, *parts: Split) -> list[int]:
    video = plan.videos[number]
    return sorted(f for part in parts for f in video.frames_of(part).tolist())


def used(plan: Plan, number: int = 0) -> list[int]:
    return frames_of(plan, number, Split.TRAIN, Split.VAL)


def queued(user: User, video: Video, **wishes: Any) -> TrainingSet:
    wanted = TrainingSetSpec.model_validate({"videos": [{"video_id": video.id}], **wishes})
    with db.transaction() as session:
        return training_sets.create(session, user, "cups", wanted)


def run_job(training_set: TrainingSet) -> Job:
    assert training_set.job_id is not None
    execute(training_set.job_id, 1, run=build_training_set.run, worker="w", abandon=_never)
    with db.read_session() as session:
        return session.get_one(Job, training_set.job_id)


def _never() -> None:
    raise AssertionError("the job was abandoned")


def built(user: User, video: Video, **wishes: Any) -> tuple[TrainingSet, Path]:
    training_set = queued(user, video, **wishes)
    job = run_job(training_set)
    assert job.state is JobState.SUCCEEDED, job.message
    fresh = now(user, training_set)
    return fresh, get_storage().existing(fresh.directory_key)


def now(user: User, training_set: TrainingSet) -> TrainingSet:
    with db.read_session() as session:
        return get_training_set(session, user, saved_id(training_set))


def label_files(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("labels/*/*.txt")
    }
