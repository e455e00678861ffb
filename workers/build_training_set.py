"""Job ``build-training-set``: builds pictures and label files, and stores them in one step."""

from collections.abc import Sequence
from functools import partial

from sqlmodel import Session, col, select

from tpod_core.db import read_session
from tpod_core.jobs import RunningJob
from tpod_core.models import TrainingSet, Video, VideoState, saved_id
from tpod_core.propagation.updating import fill_all, is_accepted, is_filled
from tpod_core.services import training_sets
from tpod_core.services.training_sets import TrainingSetSpec
from tpod_core.storage import Storage, get_storage
from tpod_core.training_sets.building import build
from tpod_core.training_sets.pictures import Progress
from tpod_core.training_sets.plan import Plan
from tpod_core.video.reader import VideoReader
from tpod_core.video.source import frame_source

_DISK_CHECK_INTERVAL = 64
"""Pictures between two checks of the free space."""
_MAX_UPDATES = 3
"""How many times propagated boxes are updated before the set is built from what exists."""


def run(job: RunningJob) -> None:
    """Build the set. A second run starts again, unless the first one had finished."""
    with read_session() as session:
        if training_sets.is_built(session, job.subject_id):
            return
    with job.transaction() as session:
        training_sets.start_build(session, job.subject_id)
    storage = get_storage()
    plan = _plan(job)
    key = training_sets.directory_key(job.subject_id)
    storage.discard_parts(key)
    with storage.making_directory(key) as directory:
        built = build(plan, directory, _open_reader, partial(_on_progress, job, storage))
        job.confirm()
    found = training_sets.summarize(built.plan, built.alike)
    with job.transaction() as session:
        content_hash = built.manifest.content_hash
        training_sets.record_built(session, job.subject_id, content_hash, found)


def _plan(job: RunningJob) -> Plan:
    """Plan the build after all boxes have been propagated.

    Users may go on labelling meanwhile, so the number of updates is limited.
    """
    for _ in range(_MAX_UPDATES):
        with read_session() as session:
            videos = _ready_videos(session, job)
        for video in videos:
            fill_all(saved_id(video), job, job.transaction, track_filter=is_accepted)
        with read_session() as session:
            videos = _ready_videos(session, job)
            if all(is_filled(session, video, is_accepted) for video in videos):
                return training_sets.plan_build(session, job.subject_id)
    with read_session() as session:
        return training_sets.plan_build(session, job.subject_id)


def _ready_videos(session: Session, job: RunningJob) -> Sequence[Video]:
    """Returns the ready videos of the set; problems with others are reported later."""
    spec = TrainingSetSpec.model_validate(session.get_one(TrainingSet, job.subject_id).spec)
    ready = select(Video).where(
        col(Video.id).in_([video.video_id for video in spec.videos]),
        Video.state == VideoState.READY,
    )
    return session.exec(ready).all()


def _on_progress(job: RunningJob, storage: Storage, progress: Progress) -> None:
    job.check()
    job.progress(progress.done / progress.total, f"{progress.done} of {progress.total} pictures")
    if progress.done % _DISK_CHECK_INTERVAL == 0:
        mean_bytes = progress.size_bytes / progress.done
        storage.require_free(round(mean_bytes * (progress.total - progress.done)))


def _open_reader(video_id: int) -> VideoReader:
    with read_session() as session:
        source = frame_source(session.get_one(Video, video_id))
    return source.open()
