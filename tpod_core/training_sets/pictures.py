"""Pictures written in threads while the next frames are decoded."""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tpod_core.video.encode import encode_jpeg
from tpod_core.video.orientation import Image

JPEG_QUALITY = 95
ENCODERS = min(4, os.cpu_count() or 1)
_WAITING = 3 * ENCODERS
"""So many pictures wait for an encoder; then decoding waits."""


@dataclass(frozen=True)
class Progress:
    """How many pictures are done, of how many, and how many bytes they took."""

    done: int
    total: int
    size_bytes: int


class Pictures:
    """Encodes and writes in the threads of ``pool``; OpenCV releases the lock."""

    def __init__(
        self, pool: ThreadPoolExecutor, total: int, on_progress: Callable[[Progress], None]
    ) -> None:
        self._pool = pool
        self._on_progress = on_progress
        self._progress = Progress(0, total, 0)
        self._waiting: deque[Future[int]] = deque()

    def write(self, path: Path, image: Image) -> None:
        self._waiting.append(self._pool.submit(_encode_to, path, image))
        while len(self._waiting) > _WAITING:
            self._await_one()

    def leave_out(self) -> None:
        """A picture that was counted on is not written."""
        self._advance(0)

    def finish(self) -> None:
        while self._waiting:
            self._await_one()

    def _await_one(self) -> None:
        self._advance(self._waiting.popleft().result())

    def _advance(self, size_bytes: int) -> None:
        before = self._progress
        self._progress = Progress(before.done + 1, before.total, before.size_bytes + size_bytes)
        self._on_progress(self._progress)


def _encode_to(path: Path, image: Image) -> int:
    return path.write_bytes(encode_jpeg(image, JPEG_QUALITY))
