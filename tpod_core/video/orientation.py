"""Turns stored pictures upright according to the file's display matrix.

Source: ISO/IEC 14496-12, 8.3.2 (``tkhd``), and FFmpeg's ``libavutil/display.h``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from av.buffer import Buffer
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""(H, W, 3), BGR."""


@dataclass(frozen=True)
class Orientation:
    """Optional mirroring left to right, then counter-clockwise quarter turns.

    Pixels that are not square are not resampled: boxes and detectors use stored pixels.
    """

    quarter_turns: int = 0
    mirrored: bool = False

    def upright_wh(self, stored_wh: tuple[int, int]) -> tuple[int, int]:
        width, height = stored_wh
        return (height, width) if self.quarter_turns % 2 else (width, height)

    def upright(self, image: Image) -> Image:
        if self.mirrored:
            image = image[:, ::-1]
        return np.ascontiguousarray(np.rot90(image, self.quarter_turns))


def orientation_of(frame: VideoFrame) -> Orientation:
    """Reads the frame's display matrix, rounded to the nearest quarter turn."""
    try:
        side_data: Mapping[Type, Buffer] = frame.side_data  # type: ignore[assignment]
        matrix = np.frombuffer(memoryview(side_data[Type.DISPLAYMATRIX]), np.int32)
    except KeyError:
        return Orientation()
    except ValueError:  # Another side data entry has a type that PyAV does not know.
        return Orientation(round(frame.rotation / 90) % 4)
    a, b, c, d = (float(matrix[position]) for position in (0, 1, 3, 4))
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    return Orientation(round(-math.atan2(b, a) / (math.pi / 2)) % 4, mirrored)
