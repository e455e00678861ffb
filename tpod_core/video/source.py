"""Where a video's frames come from: its playback file, and the frame index beside it.

The index lies beside the file that it describes, so that one column, ``playback_key``,
switches both at once when a rewritten file takes the original's place.
"""

from dataclasses import dataclass
from pathlib import Path

from tpod_core.errors import Conflict
from tpod_core.models import Video
from tpod_core.storage import get_storage
from tpod_core.video.index import FrameIndex, load_index
from tpod_core.video.reader import VideoReader


@dataclass(frozen=True)
class FrameSource:
    """A file and its index; equal sources give equal frames."""

    path: Path
    index_path: Path

    def index(self) -> FrameIndex:
        """The frames known by now: an import may still be adding to them.

        Raises: Conflict while there are none.
        """
        try:
            return load_index(self.index_path)
        except FileNotFoundError as error:
            raise Conflict(
                "The frames of this video are not there yet. Wait until its import has begun."
            ) from error

    def open(self) -> VideoReader:
        return VideoReader(self.path, self.index())


def index_key(media_key: str) -> str:
    """The storage key of the index of the file at ``media_key``."""
    return f"{media_key}.idx"


def directory_key(video_id: int) -> str:
    """Where all of a video's files are: they go with it."""
    return f"videos/{video_id}"


def preview_key(video_id: int) -> str:
    """The storage key of a video's thumbnail."""
    return f"{directory_key(video_id)}/preview.jpg"


def annotated_key(video_id: int, job_id: int) -> str:
    """The storage key of a copy of a video into which a job drew what a detector sees."""
    return f"{directory_key(video_id)}/annotated-{job_id}.mp4"


def frame_source(video: Video) -> FrameSource:
    """Raises: Conflict while the video has no frames; NotFound if its file is gone."""
    if not video.playback_key:
        raise Conflict(
            f"The video “{video.name}” has no frames yet. Wait until its import has begun."
        )
    storage = get_storage()
    return FrameSource(
        storage.existing(video.playback_key), storage.path(index_key(video.playback_key))
    )
