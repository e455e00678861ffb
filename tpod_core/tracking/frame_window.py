"""Grey pictures at working size, a bounded number of them at a time."""

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
"""Pictures no wider or higher than this tell how the camera moves."""
_LARGEST_PIXELS = 1920 * 1088
_TRIES_PER_CHUNK = 3
"""A damaged stretch is not tried frame by frame: each try may decode from the beginning."""


class GreyFrames(Protocol):
    """A video as upright grey pictures; ``frame_wh`` is its upright size in pixels."""

    @property
    def frame_wh(self) -> tuple[int, int]: ...

    def read(self, start: int, stop: int) -> Iterator[tuple[int, Grey]]:
        """Frames ``start <= n < stop``, ascending. Raises: Conflict at one that does not decode."""


@dataclass(frozen=True)
class View:
    """One frame halved 0, 1, 2, … times; ``motion`` leads here from the frame before.

    A frame that does not decode has no ``halvings``. ``motion`` is in source pixels.
    """

    halvings: dict[int, Grey]
    motion: Motion

    @property
    def size_bytes(self) -> int:
        return sum(image.nbytes for image in self.halvings.values())


class FrameWindow:
    """Views of frames by number, decoded in chunks of which the last used are kept.

    Args:
        halvings: how often pictures are halved for those who ask.
        budget_bytes: of all pictures kept; two chunks are kept whatever they take.
    """

    def __init__(
        self, frames: GreyFrames, halvings: set[int], budget_bytes: int = BUDGET_BYTES
    ) -> None:
        self._frames = frames
        self._halvings = {max(wish, fewest_halvings(frames.frame_wh)) for wish in halvings}
        self._small = small_halvings(frames.frame_wh)
        self._chunk_bytes = CHUNK_FRAMES * self._largest_view_bytes()
        self._budget_bytes = max(budget_bytes, 2 * self._chunk_bytes)
        self._chunks: LRUCache[int, list[View]] = LRUCache(self._budget_bytes, _size_bytes)
        self._motions: dict[int, Motion] = {}

    def holds(self, chunk: int) -> bool:
        return chunk in self._chunks

    def view(self, frame: int) -> View:
        """One frame of a chunk that ``load`` has loaded. Raises: KeyError otherwise."""
        return self._chunks[chunk_of(frame)][frame % CHUNK_FRAMES]

    def load(self, chunk: int, stop: int) -> None:
        """Decode a chunk as far as frame ``stop``, and let go of those used longest ago."""
        start = chunk * CHUNK_FRAMES
        # One frame more at the beginning shows how the camera came to the first.
        earlier = self._last_small(chunk - 1)
        lead = int(start > 0 and earlier is None and start not in self._motions)
        views, before = [], earlier
        for frame, image in _decoded(self._frames, start - lead, min(stop, start + CHUNK_FRAMES)):
            pyramid = self._pyramid(image)
            small = pyramid.get(self._small)
            if frame >= start:
                views.append(View(self._kept(pyramid), self._motion(frame, before, small)))
            before = small
        self._chunks[chunk] = views

    @property
    def capacity_frames(self) -> int:
        """How many frames are kept at least, if they are used one after the other."""
        return self._budget_bytes // self._chunk_bytes * CHUNK_FRAMES

    @property
    def size_bytes(self) -> int:
        return int(self._chunks.currsize)

    def _largest_view_bytes(self) -> int:
        width, height = self._frames.frame_wh
        kept = {*self._halvings, self._small}
        return sum(max(1, width >> halving) * max(1, height >> halving) for halving in kept)

    def _last_small(self, chunk: int) -> Grey | None:
        views = self._chunks.get(chunk, [])
        full = len(views) == CHUNK_FRAMES
        return views[-1].halvings.get(self._small) if full else None

    def _motion(self, frame: int, before: Grey | None, small: Grey | None) -> Motion:
        if frame not in self._motions:
            if before is None or small is None:
                return STILL
            found = camera_motion(before, small)
            self._motions[frame] = scaled(found, 2.0**self._small)
        return self._motions[frame]

    def _pyramid(self, image: Grey | None) -> dict[int, Grey]:
        if image is None:
            return {}
        pyramid = {0: image}
        for halving in range(1, max(self._small, *self._halvings) + 1):
            pyramid[halving] = _halved(pyramid[halving - 1])
        return pyramid

    def _kept(self, pyramid: dict[int, Grey]) -> dict[int, Grey]:
        wanted = {*self._halvings, self._small}
        return {halving: image for halving, image in pyramid.items() if halving in wanted}


def _size_bytes(views: list[View]) -> int:
    return sum(view.size_bytes for view in views)


def chunk_of(frame: int) -> int:
    return frame // CHUNK_FRAMES


def small_halvings(frame_wh: tuple[int, int]) -> int:
    """How often a picture is halved before it tells how the camera moves."""
    halvings = 0
    while max(frame_wh) >> halvings > _SMALL_PX:
        halvings += 1
    return halvings


def fewest_halvings(frame_wh: tuple[int, int]) -> int:
    """How often a picture is halved at least, so that a window of frames stays affordable."""
    halvings = 0
    while (frame_wh[0] >> halvings) * (frame_wh[1] >> halvings) > _LARGEST_PIXELS:
        halvings += 1
    return halvings


def _halved(image: Grey) -> Grey:
    """Exactly half as large: an odd last row or column is left out, so that no point moves."""
    height, width = image.shape
    even = image[: max(2, height & ~1), : max(2, width & ~1)]
    size = max(1, width // 2), max(1, height // 2)
    return np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.uint8)


def _decoded(frames: GreyFrames, start: int, stop: int) -> Iterator[tuple[int, Grey | None]]:
    """Every frame, ``None`` in place of those that do not decode."""
    following, failed = start, 0
    while following < stop:
        if failed >= _TRIES_PER_CHUNK:
            yield following, None
            following += 1
            continue
        try:
            for frame, image in frames.read(following, stop):
                yield frame, image
                following = frame + 1
        except Conflict:
            failed += 1
            yield following, None
            following += 1
