"""Encodes and writes pictures in threads while the next frames are decoded."""

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
_MAX_PENDING = 3 * ENCODERS
"""The most pictures that wait for an encoder before decoding waits."""


@dataclass(frozen=True)
class Progress:
    """How many pictures of the total are done, and the bytes written."""

    done: int
    total: int
    size_bytes: int


class PictureWriter:
    """Encodes and writes pictures in the threads of ``pool``; OpenCV releases the GIL."""

    def __init__(
        self, pool: ThreadPoolExecutor, total: int, on_progress: Callable[[Progress], None]
    ) -> None:
        self._pool = pool
        self._on_progress = on_progress
        self._progress = Progress(0, total, 0)
        self._pending: deque[Future[int]] = deque()

    def write(self, path: Path, image: Image) -> None:
        self._pending.append(self._pool.submit(_encode_to, path, image))
        while len(self._pending) > _MAX_PENDING:
            self._await_one()

    def skip(self) -> None:
        """Count a picture of the total that is not written."""
        self._advance(0)

    def finish(self) -> None:
        """Wait until every picture is written."""
        while self._pending:
            self._await_one()

    def _await_one(self) -> None:
        self._advance(self._pending.popleft().result())

    def _advance(self, size_bytes: int) -> None:
        before = self._progress
        self._progress = Progress(before.done + 1, before.total, before.size_bytes + size_bytes)
        self._on_progress(self._progress)


def _encode_to(path: Path, image: Image) -> int:
    return path.write_bytes(encode_jpeg(image, JPEG_QUALITY))
