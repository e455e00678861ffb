"""Build a training set: pictures and label files, put in place whole."""

from functools import partial

from tpod_core.db import reading
from tpod_core.jobs import RunningJob
from tpod_core.models import Video
from tpod_core.services import training_sets
from tpod_core.storage import Storage, get_storage
from tpod_core.training_sets.building import build
from tpod_core.training_sets.pictures import Progress
from tpod_core.video.reader import VideoReader
from tpod_core.video.source import frame_source

_LOOK_AT_DISK_EVERY = 64
"""Pictures between two looks at the free space."""


def run(job: RunningJob) -> None:
    """Job ``build-training-set``. A second run starts from nothing and replaces the first."""
    storage = get_storage()
    with job.transaction() as session:
        plan = training_sets.start_build(session, job.subject_id)
    key = training_sets.directory_key(job.subject_id)
    storage.discard_parts(key)
    with storage.making_directory(key) as directory:
        built = build(plan, directory, _open_reader, partial(_on_progress, job, storage))
        job.confirm()
    found = training_sets.summarize(built.plan)
    with job.transaction() as session:
        content_hash = built.manifest.content_hash
        training_sets.record_built(session, job.subject_id, content_hash, found)


def _on_progress(job: RunningJob, storage: Storage, progress: Progress) -> None:
    job.check()
    job.progress(progress.done / progress.total, f"{progress.done} of {progress.total} pictures")
    if progress.done % _LOOK_AT_DISK_EVERY == 0:
        each = progress.size_bytes / progress.done
        storage.require_free(round(each * (progress.total - progress.done)))


def _open_reader(video_id: int) -> VideoReader:
    with reading() as session:
        source = frame_source(session.get_one(Video, video_id))
    return source.open()
