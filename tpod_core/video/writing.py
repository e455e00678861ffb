"""Writes images as a video file that every browser plays."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

_OPTIONS = {"crf": "18", "preset": "veryfast"}


_CONTAINER_OPTIONS = {"movflags": "+faststart"}
"""Lets a browser play the file while it still loads."""


def write_video(path: Path, images: Iterable[NDArray[np.uint8]], fps: float) -> None:
    """Write ``images`` as an H.264 MP4; each is (H, W, 3) uint8 BGR, all of one size.

    An odd side is padded by repeating its last pixel, because halved chroma needs even sides.
    """
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(str(path), "w", format="mp4", options=_CONTAINER_OPTIONS) as container:
        stream = container.add_stream("libx264", rate=rate, options=_OPTIONS)
        stream.pix_fmt = "yuv420p"
        for image in map(_with_even_sides, images):
            if not stream.codec_context.is_open:
                stream.height, stream.width = image.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))


def _with_even_sides(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    if height % 2 == width % 2 == 0:
        return image
    return np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
