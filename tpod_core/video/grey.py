"""Reads a video as upright grey images, which are all that tracking needs."""

from collections.abc import Iterator

import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from tpod_core.video.reader import VideoReader


class GreyReader:
    """Reads frames as grey images, in half the time that colour takes.

    Not thread-safe. The caller closes ``reader``.
    """

    def __init__(self, reader: VideoReader) -> None:
        self._reader = reader
        self._to_grey = VideoReformatter()

    @property
    def frame_wh(self) -> tuple[int, int]:
        return self._reader.index.upright_wh

    def read(self, start: int, stop: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yields frames ``start <= n < stop``, ascending; (H, W) uint8.

        Raises: as ``VideoReader.read``.
        """
        width, height = self._reader.index.stored_wh
        for frame_index in range(start, stop):
            frame = self._reader.decoded(frame_index)
            grey = self._to_grey.reformat(frame, width=width, height=height, format="gray")
            image = np.asarray(grey.to_ndarray(), np.uint8)
            yield frame_index, self._reader.index.orientation.upright(image)
