"""Videos made up for tests, whose frames tell their own number."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

TIME_BASE = Fraction(1, 90_000)
_BITS = 12
_DARK, _BRIGHT = 40, 215


def numbered_image(number: int, wh: tuple[int, int]) -> NDArray[np.uint8]:
    """Vertical bars that spell ``number`` in binary, over a gradient that moves with it.

    The left edge of every bar is brighter than its right one: a mirrored picture shows.
    """
    width, height = wh
    x = np.arange(width)
    bit = (number >> (x * _BITS // width)) & 1
    image = np.repeat(np.where(bit, _BRIGHT, _DARK)[None, :, None], height, axis=0)
    image = np.repeat(image, 3, axis=2).astype(np.uint8)
    below = np.add.outer(np.arange(height // 2) * 2, x + number * 5) % 256
    image[height - height // 2 :] = below[:, :, None]
    return image


def still_image(number: int, wh: tuple[int, int]) -> NDArray[np.uint8]:
    """As ``numbered_image`` in the top quarter; below, the same grain on every frame.

    There propagation finds nothing that moves, and leaves boxes where they were drawn.
    """
    width, height = wh
    image = numbered_image(number, wh)
    grain = np.random.default_rng(0).integers(_DARK, _BRIGHT, (height // 8, width // 8))
    below = np.kron(grain, np.ones((8, 8)))[: height - height // 4, :width]
    image[height // 4 : height // 4 + len(below), : below.shape[1]] = below[:, :, None]
    return image


def number_in(image: NDArray[np.uint8]) -> int:
    """The number that ``numbered_image`` wrote, read from an upright picture of any size."""
    height, width = image.shape[:2]
    row = image[: height // 4].mean(axis=(0, 2))
    middles = ((np.arange(_BITS) + 0.5) * width / _BITS).astype(int)
    return int(sum(1 << place for place, x in enumerate(middles) if row[x] > 128))


def make_video(
    path: Path,
    frames: int = 60,
    wh: tuple[int, int] = (320, 240),
    fps: int = 30,
    *,
    options: Mapping[str, str] | None = None,
    shows: Callable[[int], int] = int,
    picture: Callable[[int, tuple[int, int]], NDArray[np.uint8]] = numbered_image,
    time_of: Callable[[int], Fraction] | None = None,
) -> Path:
    """An H.264 file whose frame ``n`` shows ``n``; the suffix of ``path`` names the container.

    Args:
        options: of x264, over the defaults: GOPs of 24 frames with B-frames between.
        shows: the number on frame ``n``, if it is another.
        picture: draws a number on a picture of (width, height).
        time_of: when a frame is shown, in seconds, for a rate that varies.
    """
    chosen = {"crf": "20", "preset": "veryfast", "g": "24", "bf": "2", "threads": "1"}
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options=chosen | dict(options or {}))
        stream.width, stream.height = wh
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            image = picture(shows(number), wh)
            frame = VideoFrame.from_ndarray(image, format="bgr24")
            if time_of is not None:
                frame.time_base = stream.codec_context.time_base = TIME_BASE
                frame.pts = round(time_of(number) / TIME_BASE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def make_lossless(path: Path, frames: int, wh: tuple[int, int]) -> Path:
    """A file (MKV) of FFV1, which has pictures of every size."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = *wh, "yuv420p"
        for number in range(frames):
            plane = np.full((wh[1], wh[0], 3), 40 * number, np.uint8)
            container.mux(stream.encode(VideoFrame.from_ndarray(plane, format="bgr24")))
        container.mux(stream.encode(None))
    return path
