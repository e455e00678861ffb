"""The addresses of the frames of a video."""

from tpod_core.models import Video
from tpod_core.video.source import file_tag


def frame_address(video: Video, frame: int, width: int) -> str:
    """Returns the path of a frame, scaled down to ``width`` pixels.

    Browsers keep a frame by its address, which therefore names the file: a video whose import
    failed after its first frames had been shown can get another file.
    """
    file = file_tag(video)
    return f"/api/v1/videos/{video.id}/frames/{frame}?width={width}&file={file}"
