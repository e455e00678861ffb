"""Pictures into a video file: for the demo project and for tests."""

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

_OPTIONS = {"crf": "18", "preset": "veryfast"}


def write_video(path: Path, images: Iterable[NDArray[np.uint8]], fps: int) -> None:
    """An H.264 MP4 of ``images``: (H, W, 3) uint8 BGR, equal even sizes, ``fps`` a second."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options=_OPTIONS)
        stream.pix_fmt = "yuv420p"
        for image in images:
            if not stream.codec_context.is_open:
                stream.height, stream.width = image.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
