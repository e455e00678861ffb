"""Writes images as a video file that every browser plays."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tpod_core.errors import InvalidInput

MAX_VIDEO_SIDE_PX = 16_384
"""The limit of the H.264 encoder x264."""

_OPTIONS = {"crf": "18", "preset": "veryfast"}


_CONTAINER_OPTIONS = {"movflags": "+faststart"}
"""Lets a browser play the file while it still loads."""


_TIME_BASE = Fraction(1, 90_000)
"""Of a file whose frames have times of their own; the usual clock of video."""


def write_video(
    path: Path,
    images: Iterable[NDArray[np.uint8]],
    fps: float,
    times_s: Sequence[float] | None = None,
) -> None:
    """Write ``images`` as an H.264 MP4; each is (H, W, 3) uint8 BGR, all of one size.

    An odd side is padded by repeating its last pixel, because halved chroma needs even sides.

    Args:
        times_s: when each image is shown, ascending, for a rate that varies; ``fps`` is then
            the mean rate.

    Raises: InvalidInput if the encoder refuses pictures of this size.
    """
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(str(path), "w", format="mp4", options=_CONTAINER_OPTIONS) as container:
        stream = container.add_stream("libx264", rate=rate, options=_OPTIONS)
        stream.pix_fmt = "yuv420p"
        if times_s is not None:
            stream.codec_context.time_base = _TIME_BASE
        for number, image in enumerate(map(_with_even_sides, images)):
            if not stream.codec_context.is_open:
                _open(stream, image)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            if times_s is not None:
                frame.pts, frame.time_base = round(times_s[number] / _TIME_BASE), _TIME_BASE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _open(stream: VideoStream, image: NDArray[np.uint8]) -> None:
    stream.height, stream.width = image.shape[:2]
    try:
        stream.codec_context.open()
    except av.FFmpegError as error:
        raise InvalidInput(
            f"No video can be written of frames of {stream.width:,} × {stream.height:,} pixels, "
            "because H.264 does not have that size. Scale the video down, and upload it again."
        ) from error


def _with_even_sides(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    if height % 2 == width % 2 == 0:
        return image
    return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
