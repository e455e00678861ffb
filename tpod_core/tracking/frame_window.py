"""A bounded window of decoded grey frames, at the scales that tracking works on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from cachetools import LRUCache

from tpod_core.errors import Conflict
from tpod_core.tracking.camera_motion import STILL, Grey, Motion, camera_motion, scaled

CHUNK_FRAMES = 16
BUDGET_BYTES = 192 * 1024 * 1024
_SMALL_PX = 384
"""The largest side of the pictures from which camera motion is estimated."""
_LARGEST_PIXELS = 1920 * 1088
_TRIES_PER_CHUNK = 3
"""Limits the retries in a damaged stretch, each of which may decode from the beginning."""


class GreyFrames(Protocol):
    """Reads a video as upright grey pictures; ``frame_wh`` is its upright size in pixels."""

    @property
    def frame_wh(self) -> tuple[int, int]: ...

    def read(self, start: int, stop: int) -> Iterator[tuple[int, Grey]]:
        """Yields frames ``start <= n < stop``. Raises: Conflict at one that does not decode."""


@dataclass(frozen=True)
class FramePyramid:
    """A frame at several scales; ``images`` are by how often they were halved.

    ``motion`` is the camera's motion from the frame before, in source pixels. A frame that
    does not decode has no images.
    """

    images: dict[int, Grey]
    motion: Motion

    @property
    def size_bytes(self) -> int:
        return sum(image.nbytes for image in self.images.values())


class FrameWindow:
    """Decodes frames in chunks and keeps the most recently used chunks.

    Args:
        halvings: the scales to keep, as how often pictures are halved.
        budget_bytes: for all pictures kept; at least two chunks are always kept.
    """

    def __init__(
        self, frames: GreyFrames, halvings: set[int], budget_bytes: int = BUDGET_BYTES
    ) -> None:
        self._frames = frames
        fewest = min_halvings(frames.frame_wh)
        self._halvings = {max(each, fewest) for each in halvings}
        self._small = camera_motion_halvings(frames.frame_wh)
        self._chunk_bytes = CHUNK_FRAMES * self._pyramid_bytes()
        self._budget_bytes = max(budget_bytes, 2 * self._chunk_bytes)
        self._chunks: LRUCache[int, list[FramePyramid]] = LRUCache(self._budget_bytes, _size_bytes)
        self._motions: dict[int, Motion] = {}

    def holds(self, chunk: int) -> bool:
        return chunk in self._chunks

    def get(self, frame: int) -> FramePyramid:
        """Returns a frame of a loaded chunk. Raises: KeyError otherwise."""
        return self._chunks[chunk_of(frame)][frame % CHUNK_FRAMES]

    def load(self, chunk: int, stop: int) -> None:
        """Decode a chunk up to frame ``stop``, and evict the least recently used chunks."""
        start = chunk * CHUNK_FRAMES
        # The first frame's camera motion needs the frame before it.
        earlier = self._last_small(chunk - 1)
        lead = int(start > 0 and earlier is None and start not in self._motions)
        pyramids, before = [], earlier
        for frame, image in _decoded(self._frames, start - lead, min(stop, start + CHUNK_FRAMES)):
            images = self._images(image)
            small = images.get(self._small)
            if frame >= start:
                motion = self._motion(frame, before, small)
                pyramids.append(FramePyramid(self._kept(images), motion))
            before = small
        self._chunks[chunk] = pyramids

    @property
    def capacity_frames(self) -> int:
        """The least number of frames that are kept when they are used in order."""
        return self._budget_bytes // self._chunk_bytes * CHUNK_FRAMES

    @property
    def size_bytes(self) -> int:
        return int(self._chunks.currsize)

    def _pyramid_bytes(self) -> int:
        width, height = self._frames.frame_wh
        kept = {*self._halvings, self._small}
        return sum(max(1, width >> halvings) * max(1, height >> halvings) for halvings in kept)

    def _last_small(self, chunk: int) -> Grey | None:
        pyramids = self._chunks.get(chunk, [])
        is_full = len(pyramids) == CHUNK_FRAMES
        return pyramids[-1].images.get(self._small) if is_full else None

    def _motion(self, frame: int, before: Grey | None, small: Grey | None) -> Motion:
        if frame not in self._motions:
            if before is None or small is None:
                return STILL
            motion = camera_motion(before, small)
            self._motions[frame] = scaled(motion, 2.0**self._small)
        return self._motions[frame]

    def _images(self, image: Grey | None) -> dict[int, Grey]:
        if image is None:
            return {}
        images = {0: image}
        for halvings in range(1, max(self._small, *self._halvings) + 1):
            images[halvings] = _halved(images[halvings - 1])
        return images

    def _kept(self, images: dict[int, Grey]) -> dict[int, Grey]:
        kept = {*self._halvings, self._small}
        return {halvings: image for halvings, image in images.items() if halvings in kept}


def _size_bytes(pyramids: list[FramePyramid]) -> int:
    return sum(each.size_bytes for each in pyramids)


def chunk_of(frame: int) -> int:
    return frame // CHUNK_FRAMES


def camera_motion_halvings(frame_wh: tuple[int, int]) -> int:
    """Returns how often to halve a picture to estimate camera motion from it."""
    halvings = 0
    while max(frame_wh) >> halvings > _SMALL_PX:
        halvings += 1
    return halvings


def min_halvings(frame_wh: tuple[int, int]) -> int:
    """Returns the least number of halvings that keeps a window of frames affordable."""
    halvings = 0
    while (frame_wh[0] >> halvings) * (frame_wh[1] >> halvings) > _LARGEST_PIXELS:
        halvings += 1
    return halvings


def _halved(image: Grey) -> Grey:
    """Halves a picture; drops an odd last row or column, so that no point moves."""
    height, width = image.shape
    even = image[: max(2, height & ~1), : max(2, width & ~1)]
    size = max(1, width // 2), max(1, height // 2)
    return np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.uint8)


def _decoded(frames: GreyFrames, start: int, stop: int) -> Iterator[tuple[int, Grey | None]]:
    """Yields every frame, with ``None`` for those that do not decode."""
    next_frame, failed = start, 0
    while next_frame < stop:
        if failed >= _TRIES_PER_CHUNK:
            yield next_frame, None
            next_frame += 1
            continue
        try:
            for frame, image in frames.read(next_frame, stop):
                yield frame, image
                next_frame = frame + 1
        except Conflict:
            failed += 1
            yield next_frame, None
            next_frame += 1
