"""Job ``import-video``: indexes an uploaded file so that its frames can be labelled."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tpod_core.config import get_settings
from tpod_core.errors import NotAVideo
from tpod_core.jobs import RunningJob
from tpod_core.models import Video, VideoState
from tpod_core.services import videos
from tpod_core.storage import get_storage
from tpod_core.video.encode import encode_jpeg, scaled_down
from tpod_core.video.importing import rewrite, scan_and_check
from tpod_core.video.index import FrameIndex
from tpod_core.video.normalize import lossless_bytes
from tpod_core.video.probe import VideoProbe, probe
from tpod_core.video.reader import VideoReader
from tpod_core.video.scan import Scan
from tpod_core.video.source import directory_key, index_key, normalized_key, preview_key
from tpod_core.video.times import header_rate, rate_of

PREVIEW_WIDTH = 640
_PREVIEW_AT = 0.1
"""The position of the preview's key frame in the video: many videos begin with black."""

_SCAN_SHARE = 0.8


def run(job: RunningJob) -> None:
    import_into(job, job.subject_id)


def import_into(job: RunningJob, video_id: int) -> None:
    """Import the source file of a video. It can run twice, and be killed at any point.

    The first frames are available after a fraction of a second. A ready video is left alone.

    Raises: NotAVideo with the reason.
    """
    storage = get_storage()
    source_key = _begin(job, video_id)
    if source_key is None:
        return
    hours = get_settings().max_import_hours
    importing = _Import(job, video_id, source_key, time.monotonic() + hours * 3600)
    source = storage.existing(importing.source_key)
    described = probe(source)
    scanned = scan_and_check(
        source,
        described,
        importing.step(0, _SCAN_SHARE),
        publish=lambda index: importing.publish(index, described),
    )
    playback_key, index = importing.source_key, scanned.index
    if scanned.faults:
        playback_key, index = importing.rewritten(source, scanned)
    importing.write_preview(storage.path(playback_key), index)
    importing.finish(playback_key, index, scanned, described)


def _begin(job: RunningJob, video_id: int) -> str | None:
    """Returns: the storage key of the file to import; ``None`` if an earlier run has done it."""
    with job.transaction() as session:
        video = videos.require_present(session, video_id)
        if video.state is VideoState.READY:
            return None
        video.state, video.message = VideoState.PROCESSING, ""
        if job.attempt == 1:
            # An earlier import may have failed on another file; later attempts have the same file.
            video.playback_key, video.frame_count = "", 0
        session.add(video)
    directory = get_storage().path(directory_key(video_id))
    for part_of_killed_run in directory.glob("*.part"):
        part_of_killed_run.unlink(missing_ok=True)
    return video.source_key


@dataclass(frozen=True)
class _Progress:
    """Reports one step to the job as its progress from ``start`` to ``stop``."""

    job: RunningJob
    start: float
    stop: float
    deadline_s: float

    def check(self) -> None:
        """Raises: NotAVideo after the deadline, so that no file holds a worker for ever."""
        self.job.check()
        if time.monotonic() > self.deadline_s:
            raise NotAVideo(
                f"Reading it took longer than {get_settings().max_import_hours:g} hours. Cut it "
                "into shorter videos, or ask an administrator to raise TPOD_MAX_IMPORT_HOURS."
            )

    def progress(self, fraction: float, message: str) -> None:
        self.job.progress(self.start + (self.stop - self.start) * fraction, message)


@dataclass(frozen=True)
class _Import:
    """The writes of an import, which require that its job holds its lease.

    ``deadline_s`` is a time of ``time.monotonic()``.
    """

    job: RunningJob
    video_id: int
    source_key: str
    deadline_s: float

    def step(self, start: float, stop: float) -> _Progress:
        return _Progress(self.job, start, stop, self.deadline_s)

    def publish(self, index: FrameIndex, described: VideoProbe) -> None:
        """Make the first frames available while the rest is being indexed."""
        with self.job.transaction() as session:
            video = videos.require_present(session, self.video_id)
            get_storage().write(index_key(self.source_key), index.to_bytes())
            _describe(video, self.source_key, index, described)
            video.fps, video.fps_source = header_rate(described)
            video.duration_s = described.duration_s
            session.add(video)

    def rewritten(self, source: Path, scanned: Scan) -> tuple[str, FrameIndex]:
        """Returns: the storage key of the rewritten file, and its index."""
        storage = get_storage()
        storage.require_free(lossless_bytes(scanned))
        key = normalized_key(self.source_key)
        with storage.writing(key) as file:
            index = rewrite(source, Path(file.name), scanned, self.step(_SCAN_SHARE, 1))
            self.job.confirm()
        return key, index

    def write_preview(self, media: Path, index: FrameIndex) -> None:
        keys = index.key_frames
        with VideoReader(media, index) as reader:
            image = reader.read(int(keys[int(len(keys) * _PREVIEW_AT)]))
        self.job.confirm()
        get_storage().write(
            preview_key(self.video_id), encode_jpeg(scaled_down(image, PREVIEW_WIDTH))
        )

    def finish(
        self, playback_key: str, index: FrameIndex, scanned: Scan, described: VideoProbe
    ) -> None:
        with self.job.transaction() as session:
            video = videos.require_present(session, self.video_id)
            get_storage().write(index_key(playback_key), index.to_bytes())
            _describe(video, playback_key, index, described)
            if scanned.has_times and playback_key != self.source_key:
                # The rewritten file has other times.
                get_storage().write(index_key(self.source_key), scanned.index.to_bytes())
            video.fps, video.fps_source = rate_of(scanned, described)
            video.duration_s = len(index) / video.fps
            video.warnings = _warnings(scanned, described, self.job.request)
            video.state = VideoState.READY
            session.add(video)


def _describe(video: Video, playback_key: str, index: FrameIndex, described: VideoProbe) -> None:
    video.playback_key = playback_key
    video.frame_count = len(index)
    video.width, video.height = index.upright_wh
    video.codec = described.codec


def _warnings(scanned: Scan, described: VideoProbe, request: Mapping[str, Any]) -> list[str]:
    """Returns warnings about the file for the user; ``request`` is that of the job."""
    warnings = []
    if replaced := request.get(videos.REPLACED_FILE):
        warnings.append(f"The labels were drawn on another file, “{replaced}”. Check them.")
    if scanned.faults:
        warnings.append(
            f"The video was rewritten frame for frame, because {' and '.join(scanned.faults)}."
        )
    if described.header_frames not in (0, len(scanned.index)):
        warnings.append(
            f"The file claims to have {described.header_frames} frames. It shows "
            f"{len(scanned.index)}, and these are used."
        )
    if not described.square_pixels:
        warnings.append(
            "The pixels of this video are not square. Frames are used as they are stored, so "
            "they may look stretched."
        )
    return warnings
