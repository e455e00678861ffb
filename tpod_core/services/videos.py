"""Videos: create, upload, list, rename and delete them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from tpod_core import access, jobs
from tpod_core.db import after_commit
from tpod_core.errors import Conflict, InvalidInput, JobStopped
from tpod_core.events import log_after_commit
from tpod_core.models import (
    FpsSource,
    FrameRange,
    Job,
    JobKind,
    Keyframe,
    Track,
    User,
    Video,
    VideoState,
    saved_id,
)
from tpod_core.names import clean_name
from tpod_core.storage import get_storage
from tpod_core.video.source import directory_key
from tpod_core.video.times import MAX_FPS

MAX_NAME_LENGTH = 200
REPLACED_FILE = "replaced_file"
"""In the request of an import: the name of the file on which the video's labels were drawn."""


@dataclass(frozen=True)
class Labelled:
    """The labelling progress of a video: fully labelled frames, accepted tracks, key frames."""

    frames: int = 0
    tracks: int = 0
    keyframes: int = 0

    def share(self, video: Video) -> float:
        """Returns the fully labelled share of the video, 0..1."""
        return min(1.0, self.frames / video.frame_count) if video.frame_count else 0.0


def list_videos(session: Session, user: User) -> list[Video]:
    """Returns the videos that ``user`` may see, newest first."""
    return list(session.exec(access.visible(user, Video).order_by(col(Video.id).desc())))


def create(session: Session, user: User, name: str) -> Video:
    """Create a video without data or labels, ready for its upload."""
    video = Video(owner_id=saved_id(user), name=_clean_name(name))
    session.add(video)
    session.flush()
    return video


def rename(session: Session, video: Video, name: str) -> None:
    video.name = _clean_name(name)
    session.add(video)


def hold_out(session: Session, video: Video, held_out: bool) -> None:
    """Reserve a video for validation: no later training set trains on it."""
    video.held_out = held_out
    session.add(video)


def set_fps(session: Session, video: Video, fps: float) -> None:
    """Give the frame rate of a file that does not say when its frames are shown.

    Its frames keep their numbers; their times and the duration change.

    Raises: Conflict if the file does say it, or if the import has not ended; InvalidInput.
    """
    if not 0 < fps <= MAX_FPS:
        raise InvalidInput(f"A frame rate is above 0 and at most {MAX_FPS} a second.", "fps")
    if video.state is not VideoState.READY:
        raise Conflict(f"The video “{video.name}” is not ready. Wait until it has been read.")
    if video.fps_source is FpsSource.FILE:
        raise Conflict(
            f"The file of “{video.name}” says when each frame is shown, so its frame rate cannot "
            "be changed."
        )
    video.fps, video.fps_source = fps, FpsSource.GIVEN
    video.duration_s = video.frame_count / fps
    session.add(video)


def delete(session: Session, video: Video) -> None:
    """Delete a video with its annotations and files; a running import is cancelled first."""
    job = session.get(Job, video.job_id) if video.job_id else None
    # The demo's job makes several things; the end of one of them is not its end.
    if job is not None and job.kind is JobKind.IMPORT_VIDEO:
        jobs.cancel_if_active(session, job)
    directory = directory_key(saved_id(video))
    jobs.delete_leftovers_of_running_jobs(session, video, directory)
    session.delete(video)
    after_commit(session, lambda: get_storage().delete(directory))
    log_after_commit(session, "video deleted", video=video.id, name=video.name)


def _clean_name(name: str) -> str:
    return clean_name(" ".join(name.split()), "A video", MAX_NAME_LENGTH)


# Uploads


def begin_upload(session: Session, video: Video) -> None:
    """Mark ``video`` as uploading; an interrupted upload may start again.

    Raises: Conflict if the video has its file.
    """
    jobs.catch_up(session, video)
    if video.state not in (VideoState.CREATED, VideoState.FAILED, VideoState.UPLOADING):
        raise Conflict(
            f"The video “{video.name}” has its file already. Create another video for this one."
        )
    video.state, video.message = VideoState.UPLOADING, ""
    session.add(video)


def list_uploading(session: Session) -> list[Video]:
    """Returns all users' videos whose upload has begun."""
    return list(session.exec(select(Video).where(Video.state == VideoState.UPLOADING)))


def abandon_upload(session: Session, video: Video, message: str) -> None:
    """Reset a video whose upload failed, with the reason as its message."""
    if video.state is VideoState.UPLOADING:
        video.state, video.message = VideoState.CREATED, message
        session.add(video)


@dataclass(frozen=True)
class ReceivedFile:
    """A complete upload in the storage."""

    key: str
    filename: str
    size_bytes: int
    sha256: str


def finish_upload(session: Session, video: Video, received: ReceivedFile) -> Job:
    """Record the complete file of ``video``, and queue its import.

    Labels that were drawn while an earlier file was being read stay, with a warning.
    """
    is_another = video.sha256 not in ("", received.sha256)
    is_labelled = session.exec(select(Track.id).where(Track.video_id == video.id)).first()
    request = {REPLACED_FILE: video.filename} if is_another and is_labelled else {}
    video.source_key = received.key
    video.filename = received.filename
    video.size_bytes = received.size_bytes
    video.sha256 = received.sha256
    return _queue_import(session, video, request)


def retry_import(session: Session, video: Video) -> Job:
    """Queue another import of the file whose import failed.

    Raises: Conflict if no import failed, or if the file is not there any more.
    """
    jobs.catch_up(session, video)
    if video.state is not VideoState.FAILED:
        raise Conflict(f"The import of “{video.name}” has not failed, so it cannot be retried.")
    if not video.source_key or not get_storage().path(video.source_key).exists():
        raise Conflict(f"The file of “{video.name}” is no longer there. Upload it again.")
    failed = session.get(Job, video.job_id) if video.job_id else None
    return _queue_import(session, video, failed.request if failed else {})


def _queue_import(session: Session, video: Video, request: dict[str, Any]) -> Job:
    video.state, video.message, video.warnings = VideoState.QUEUED, "", []
    job = jobs.submit(session, JobKind.IMPORT_VIDEO, [video], video.owner_id, request)
    video.job_id = job.id
    session.add(video)
    return job


def import_progress(session: Session, videos: Sequence[Video]) -> dict[int, float]:
    """Returns the import progress of each video by id, 0..1, with one query."""
    job_ids = {
        saved_id(video): video.job_id
        for video in videos
        if video.state in (VideoState.QUEUED, VideoState.PROCESSING)
    }
    query = select(Job.id, Job.progress).where(col(Job.id).in_(set(job_ids.values())))
    of_job = dict(session.exec(query).all())
    running = {video_id: of_job.get(job_id, 0.0) for video_id, job_id in job_ids.items()}
    return {saved_id(video): float(video.state is VideoState.READY) for video in videos} | running


def require_present(session: Session, video_id: int) -> Video:
    """Returns the video of a running import. Raises: JobStopped if it was deleted."""
    video = session.get(Video, video_id)
    if video is None:
        raise JobStopped(f"Video {video_id} was deleted; there is nothing to import.")
    return video


# Progress of the labelling


def labelled(session: Session, videos: Sequence[Video]) -> dict[int, Labelled]:
    """Returns the labelling progress of each video by id, with three queries.

    Proposed tracks do not count until somebody has accepted them.
    """
    accepted = col(Track.proposed).is_(False)
    of_accepted = col(Keyframe.track_id).in_(select(Track.id).where(accepted))
    ids = [saved_id(video) for video in videos]
    span = func.sum(col(FrameRange.stop) - col(FrameRange.start))
    frames = _per_video(session, span, col(FrameRange.video_id), ids)
    tracks = _per_video(session, func.count(), col(Track.video_id), ids, accepted)
    keyframes = _per_video(session, func.count(), col(Keyframe.video_id), ids, of_accepted)
    return {
        number: Labelled(frames.get(number, 0), tracks.get(number, 0), keyframes.get(number, 0))
        for number in ids
    }


def _per_video(
    session: Session,
    total: ColumnElement[int],
    video_id: Mapped[int],
    ids: Sequence[int],
    *conditions: ColumnElement[bool],
) -> dict[int, int]:
    query = select(video_id, total).where(video_id.in_(ids), *conditions).group_by(video_id)
    return {number: int(value) for number, value in session.exec(query)}
