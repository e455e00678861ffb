"""A video's playback file and frame index.

The index is stored beside the file that it describes, so that one column, ``playback_key``,
switches both at once when a rewritten file replaces the original.
"""

from dataclasses import dataclass
from pathlib import Path

from tpod_core.errors import Conflict
from tpod_core.models import Video
from tpod_core.storage import get_storage
from tpod_core.video.index import FrameIndex, load_index
from tpod_core.video.reader import VideoReader

_TAG_DIGITS = 12


@dataclass(frozen=True)
class FrameSource:
    """A video file and its index; equal sources give equal frames."""

    path: Path
    index_path: Path

    def index(self) -> FrameIndex:
        """Returns the current index, which a running import may still extend.

        Raises: Conflict while there is none.
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
    """Returns the storage key of the index of the file at ``media_key``."""
    return f"{media_key}.idx"


def source_key(video_id: int, sha256: str, suffix: str) -> str:
    """Returns the storage key of an uploaded file, which its content's hash is part of: nothing
    that is kept under the name of an earlier file can be taken for another file's.
    """
    return f"{directory_key(video_id)}/source-{sha256[:_TAG_DIGITS]}{suffix}"


def normalized_key(media_key: str) -> str:
    """Returns the storage key of the frame-by-frame re-encoding of the file at ``media_key``."""
    return f"{media_key}.normalized.mp4"


def file_tag(video: Video) -> str:
    """Returns the name of a video's file in the addresses of its frames; "" without a file."""
    return video.sha256[:_TAG_DIGITS]


def directory_key(video_id: int) -> str:
    """Returns the key prefix of a video's files, which are deleted with it."""
    return f"videos/{video_id}"


def preview_key(video_id: int) -> str:
    """Returns the storage key of a video's thumbnail."""
    return f"{directory_key(video_id)}/preview.jpg"


def annotated_key(video_id: int, job_id: int) -> str:
    """Returns the storage key of a copy of a video with a detector's boxes drawn by a job."""
    return f"{directory_key(video_id)}/annotated-{job_id}.mp4"


def frame_source(video: Video) -> FrameSource:
    """Returns a video's source. Raises: Conflict without frames; NotFound without a file."""
    if not video.playback_key:
        raise Conflict(
            f"The video “{video.name}” has no frames yet. Wait until its import has begun."
        )
    storage = get_storage()
    return FrameSource(
        storage.existing(video.playback_key), storage.path(index_key(video.playback_key))
    )
