"""From the stored picture to the upright one, as the file's display matrix says.

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
"""Height, width, 3: blue, green, red."""


@dataclass(frozen=True)
class Orientation:
    """First mirrored left to right, if at all, then turned counter-clockwise in quarters.

    Pixels that are not square stay as they are stored: boxes are in stored pixels, which is
    what a detector is shown too.
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
    """The frame's display matrix, to the nearest quarter turn."""
    try:
        side_data: Mapping[Type, Buffer] = frame.side_data  # type: ignore[assignment]
        matrix = np.frombuffer(memoryview(side_data[Type.DISPLAYMATRIX]), np.int32)
    except KeyError:
        return Orientation()
    except ValueError:  # PyAV does not know the type of another piece of side data.
        return Orientation(round(frame.rotation / 90) % 4)
    a, b, c, d = (float(matrix[place]) for place in (0, 1, 3, 4))
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    return Orientation(round(-math.atan2(b, a) / (math.pi / 2)) % 4, mirrored)
