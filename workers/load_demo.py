"""Job ``load-demo``: makes two rendered videos with boxes, and a training set.

``python -m workers.load_demo`` does it without a browser (``make demo``): it starts the embedded
services, queues the job as the screens would, and waits for its end.
"""

import asyncio
import secrets
import sys
import time
from dataclasses import replace

from sqlmodel import Session, col, select

from tpod_core import access
from tpod_core.config import get_settings
from tpod_core.db import read_session, transaction
from tpod_core.embedded import embedded_services
from tpod_core.errors import Unavailable
from tpod_core.jobs import RunningJob
from tpod_core.log import get_logger
from tpod_core.models import Job, JobState, Role, TrainingSet, User, Video, VideoState, saved_id
from tpod_core.queue import get_queue
from tpod_core.services import annotations, demo, training_sets, users, video_labels, videos
from tpod_core.services.annotations import AnnotationDoc
from tpod_core.services.demo.labels import tracks_of
from tpod_core.services.demo.scene import FPS, FRAME_COUNT, SCENES, RenderedFrame, Scene, render
from tpod_core.services.training_sets import (
    Sampling,
    SplitMethod,
    SplitSpec,
    TrainingSetSpec,
    VideoSpec,
)
from tpod_core.startup import start_or_exit, upgrade_database
from tpod_core.storage import get_storage, sha256_of
from tpod_core.video.source import directory_key
from tpod_core.video.writing import write_video
from workers.import_video import import_into

TRAINING_SET_NAME = "Demo"
_STRIDE = 4
_DEADLINE_S = 120
_QUEUE_TIMEOUT_S = 15
_POLL_S = 0.2
_log = get_logger("workers.load_demo")


def run(job: RunningJob) -> None:
    """Make the demo project. A second run first deletes the videos of an earlier one."""
    with job.transaction() as session:
        owner = session.get_one(User, job.subject_id)
        for left in session.exec(select(Video).where(Video.job_id == job.id)).all():
            videos.delete(session, left)
    video_ids = [
        _make_video(job, owner, scene, number / len(SCENES)) for number, scene in enumerate(SCENES)
    ]
    with read_session() as session:
        draft = training_sets.prepare(session, owner, TRAINING_SET_NAME, _spec(video_ids))
    with job.transaction() as session:
        training_sets.create(session, owner, draft)


def _make_video(job: RunningJob, owner: User, scene: Scene, share_before: float) -> int:
    frames = []
    for frame in render(scene):
        job.check()
        frames.append(frame)
        share = share_before + len(frames) / FRAME_COUNT / len(SCENES) / 2
        job.progress(share, f"Rendering “{scene.name}”")
    with job.transaction() as session:
        labels = sorted({actor.cutout.label for actor in scene.actors})
        video = videos.create(session, owner, scene.name)
        video_labels.set_first_labels(session, video, [(label, None) for label in labels])
        video.job_id, video.state = job.id, VideoState.QUEUED
    video_id = saved_id(video)
    _store(job, video_id, frames)
    import_into(job, video_id)
    with job.transaction() as session:
        _label(session, owner, session.get_one(Video, video_id), scene, frames)
    return video_id


def _store(job: RunningJob, video_id: int, frames: list[RenderedFrame]) -> None:
    key = f"{directory_key(video_id)}/source.mp4"
    path = get_storage().path(key)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_video(path, (frame.image for frame in frames), FPS)
    with job.transaction() as session:
        video = session.get_one(Video, video_id)
        video.source_key, video.filename = key, "demo.mp4"
        video.size_bytes, video.sha256 = path.stat().st_size, sha256_of(path)


def _label(
    session: Session, owner: User, video: Video, scene: Scene, frames: list[RenderedFrame]
) -> None:
    document = annotations.get_document(session, video)
    labelled: AnnotationDoc = replace(
        document, tracks=tuple(tracks_of(scene, frames)), ranges=((0, video.frame_count),)
    )
    annotations.replace_document(session, owner, video, labelled, document.revision)


def _spec(video_ids: list[int]) -> TrainingSetSpec:
    """Returns a set that trains on the first video and validates on the second."""
    return TrainingSetSpec(
        videos=[VideoSpec(video_id=number) for number in video_ids],
        sampling=Sampling(stride=_STRIDE),
        split=SplitSpec(method=SplitMethod.BY_VIDEO, val_videos=video_ids[1:]),
    )


# Without a browser


async def load_without_browser() -> JobState:
    """Queue the demo for the first administrator and wait until it has been made."""
    upgrade_database()
    owner = _administrator()
    async with embedded_services():
        await _wait_for_queue()
        with transaction() as session:
            job_id = saved_id(demo.start(session, owner))
        deadline = time.monotonic() + _DEADLINE_S
        while time.monotonic() < deadline:
            with read_session() as session:
                ended = _ended(session, job_id, owner)
            if ended is not None:
                return ended
            await asyncio.sleep(_POLL_S)
    _log.error("the demo project was not ready after %s seconds; see the Jobs page", _DEADLINE_S)
    return JobState.FAILED


async def _wait_for_queue() -> None:
    """Give the embedded services time to start; after that the job waits for them instead."""
    deadline = time.monotonic() + _QUEUE_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            get_queue().ping()
        except Unavailable:
            await asyncio.sleep(_POLL_S)
        else:
            return


def _ended(session: Session, job_id: int, owner: User) -> JobState | None:
    """Returns how the demo ended, including its training set; ``None`` until then."""
    job = session.get_one(Job, job_id)
    if not job.state.is_final or job.state is not JobState.SUCCEEDED:
        return job.state if job.state.is_final else None
    newest = access.visible(owner, TrainingSet).order_by(col(TrainingSet.id).desc())
    built = session.exec(newest).first()
    return None if built is None or training_sets.is_building(built) else job.state


def _administrator() -> User:
    users.ensure_first_administrator(get_settings())
    with read_session() as session:
        query = select(User).where(User.role == Role.ADMIN, col(User.active)).order_by(col(User.id))
        found = session.exec(query).first()
        if found is not None:
            return found
    password = secrets.token_urlsafe(9)
    created = users.create_first_administrator("admin", password)
    _log.warning("created the administrator 'admin' with the password %s", password)
    return created


def main() -> int:
    start_or_exit()
    state = asyncio.run(load_without_browser())
    if state is JobState.SUCCEEDED:
        _log.info("the demo project is ready: start TPOD with `make run` and look around")
    return 0 if state is JobState.SUCCEEDED else 1


if __name__ == "__main__":
    sys.exit(main())
