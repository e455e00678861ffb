"""Small videos whose every frame can be told from its pixels."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tpod_core.video.writing import write_video

BITS = 12
"""Frame numbers up to 4095 are written as a row of black and white blocks."""


def numbered_frame(number: int, wh: tuple[int, int]) -> NDArray[np.uint8]:
    """A (H, W, 3) picture with ``number`` written in blocks along its top."""
    width, height = wh
    image = np.full((height, width, 3), 90, np.uint8)
    image[height // 2 :, :, 1] = 40 + number % 160
    edges = np.linspace(0, width, BITS + 1).astype(int)
    for bit in range(BITS):
        image[: height // 2, edges[bit] : edges[bit + 1]] = 255 * (number >> bit & 1)
    return image


def number_of(image: NDArray[np.uint8]) -> int:
    """The number that ``numbered_frame`` wrote, through any lossy codec."""
    height, width = image.shape[:2]
    edges = np.linspace(0, width, BITS + 1).astype(int)
    rows = image[height // 8 : height * 3 // 8]
    bits = [rows[:, edges[bit] : edges[bit + 1]].mean() > 127 for bit in range(BITS)]
    return sum(1 << bit for bit, is_set in enumerate(bits) if is_set)


def make_video(path: Path, frames: int, wh: tuple[int, int] = (192, 96), fps: int = 24) -> Path:
    """An H.264 MP4 of ``frames`` numbered pictures."""
    write_video(path, (numbered_frame(number, wh) for number in range(frames)), fps)
    return path
