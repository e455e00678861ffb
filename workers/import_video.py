"""Read an uploaded video once: index its frames, check them, rewrite the file if need be."""

from pathlib import Path

from sqlmodel import Session

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
from tpod_core.video.source import index_key

PREVIEW_WIDTH = 480
_NORMALIZED_NAME = "normalized.mp4"


def run(job: RunningJob) -> None:
    """Job ``import-video``. A second run reads the file again and replaces the first."""
    import_into(job, job.subject_id)


def import_into(job: RunningJob, video_id: int) -> None:
    """Import the stored source of a video, for any job that has put one there.

    Raises: NotAVideo with the reason; JobStopped if the video was deleted meanwhile.
    """
    with job.transaction() as session:
        source_key = videos.require_present(session, video_id).source_key
    source = get_storage().existing(source_key)
    described = probe(source)
    importing = _Import(job, video_id, source_key, described)
    scanned = scan_and_check(source, described, job, importing.publish)
    if scanned.faults:
        importing.finish_rewritten(source, scanned)
    else:
        importing.finish(source_key, scanned.index, ())


class _Import:
    """What one import writes, in the order in which people may rely on it."""

    def __init__(
        self, job: RunningJob, video_id: int, source_key: str, described: VideoProbe
    ) -> None:
        self._job = job
        self._video_id = video_id
        self._source_key = source_key
        self._described = described

    def publish(self, index: FrameIndex) -> None:
        """Frames so far: from the first call on, the video can be labelled."""
        self._save_index(self._source_key, index)
        with self._job.transaction() as session:
            video = self._describe(session, self._source_key, index)
            video.state = VideoState.PROCESSING

    def finish_rewritten(self, source: Path, scanned: Scan) -> None:
        """Rewrite a file whose frames cannot be sought, and go on with the new one."""
        storage = get_storage()
        storage.require_free(lossless_bytes(scanned))
        key = f"{videos.directory_key(self._video_id)}/{_NORMALIZED_NAME}"
        part = storage.path(f"{key}.a{self._job.attempt}.part")
        try:
            index = rewrite(source, part, scanned, self._job)
            self._job.confirm()
            part.replace(storage.path(key))
        finally:
            part.unlink(missing_ok=True)
        reasons = "; ".join(scanned.faults)
        self.finish(key, index, (f"The file was rewritten, frame by frame: {reasons}.",))

    def finish(self, playback_key: str, index: FrameIndex, warnings: tuple[str, ...]) -> None:
        """The whole index, the preview, and at last the row that says ready."""
        self._save_index(playback_key, index)
        self._save_preview(playback_key, index)
        announced = self._described.header_frames
        if announced and announced != len(index):
            warnings = (
                *warnings,
                f"The file's header announces {announced} frames; it holds {len(index)}.",
            )
        with self._job.transaction() as session:
            video = self._describe(session, playback_key, index)
            video.state, video.message, video.warnings = VideoState.READY, "", list(warnings)

    def _describe(self, session: Session, playback_key: str, index: FrameIndex) -> Video:
        video = videos.require_present(session, self._video_id)
        video.width, video.height = index.upright_wh
        video.codec = self._described.codec
        video.fps = index.fps or self._described.fps
        video.frame_count = len(index)
        video.duration_s = index.duration_s
        video.playback_key = playback_key
        session.add(video)
        return video

    def _save_index(self, media_key: str, index: FrameIndex) -> None:
        index.save(get_storage().path(index_key(media_key)))

    def _save_preview(self, playback_key: str, index: FrameIndex) -> None:
        storage = get_storage()
        with VideoReader(storage.path(playback_key), index) as reader:
            picture = reader.read(len(index) // 3)
        key = videos.preview_key(self._video_id)
        storage.write(key, encode_jpeg(scaled_down(picture, PREVIEW_WIDTH)))
