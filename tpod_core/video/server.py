"""Serves frames as JPEG to many people at once, in bounded memory.

    jpeg() ── cached ────▶ bytes; the video's worker records the view, and may read ahead
       └──── not cached ─▶ the video's worker: one thread that owns one open reader

PyAV's frames must not be shared between threads, so a file is read by the one thread that
opened it. Memory is bounded by ``MAX_WORKERS`` open files, ``RAW_BYTES`` of decoded frames
and ``Settings.frame_cache_bytes`` of JPEG.
"""

import ctypes
import threading
from concurrent.futures import Future
from functools import lru_cache

from tpod_core.config import get_settings
from tpod_core.errors import NotFound, Unavailable
from tpod_core.video.cache import ByteBoundedCache
from tpod_core.video.encode import DEFAULT_QUALITY
from tpod_core.video.frame_worker import FrameCaches, FrameRequest, FrameWorker, RawKey
from tpod_core.video.orientation import Image
from tpod_core.video.source import FrameSource

MAX_WORKERS = 4
RAW_BYTES = 75 * 1024**2
DECODE_TIMEOUT_S = 60.0

_M_MMAP_THRESHOLD = -3
_OWN_MAPPING_BYTES = 1024**2


class FrameServer:
    """Serves frames to any thread; ``close()`` ends its workers."""

    def __init__(self, jpeg_bytes: int, raw_bytes: int = RAW_BYTES) -> None:
        _return_freed_pictures()
        raw = ByteBoundedCache[RawKey, Image](raw_bytes, lambda image: image.nbytes)
        self._caches = FrameCaches(raw, ByteBoundedCache(jpeg_bytes, len))
        self._lock = threading.Lock()
        self._workers: dict[FrameSource, FrameWorker] = {}  # Least recently used first.

    def jpeg(
        self,
        source: FrameSource,
        frame_index: int,
        width: int | None = None,
        quality: int | None = None,
    ) -> bytes:
        """Returns one upright frame as JPEG, scaled down to ``width`` pixels.

        Raises: NotFound beyond the end; Conflict while the video has no frames.
        """
        index = source.index()
        if not 0 <= frame_index < len(index):
            raise NotFound(f"The video has no frame {frame_index}: it has {len(index)}.")
        if width is not None and width >= index.upright_wh[0]:
            width = None
        crc = int(index.luma_crc[frame_index])
        request = FrameRequest(frame_index, crc, width, quality or DEFAULT_QUALITY)
        ready = self._caches.jpegs.find((source, request))
        if ready is not None:
            self._worker(source).record_viewed(request)
            return ready
        future = self._submit(source, request)
        self._worker(source).record_viewed(request)
        return _result(future)

    def close(self) -> None:
        """End every worker. A later request starts a new one."""
        with self._lock:
            workers = list(self._workers.values())
            self._workers.clear()
        for worker in workers:
            worker.close()

    def _submit(self, source: FrameSource, request: FrameRequest) -> Future[bytes]:
        while (future := self._worker(source).submit(request)) is None:
            with self._lock:
                self._workers.pop(source, None)
        return future

    def _worker(self, source: FrameSource) -> FrameWorker:
        """Returns the video's worker; starting one may close the least recently used."""
        with self._lock:
            worker = self._workers.pop(source, None) or FrameWorker(source, self._caches)
            self._workers[source] = worker
            if len(self._workers) > MAX_WORKERS:
                self._workers.pop(next(iter(self._workers))).close()
            return worker


def _result(future: Future[bytes]) -> bytes:
    try:
        return future.result(DECODE_TIMEOUT_S)
    except TimeoutError as error:
        raise Unavailable(
            "The frame takes very long to decode. Try again, or convert the video to MP4 (H.264)."
        ) from error


def _return_freed_pictures() -> None:
    """Make glibc return freed pictures to the system at once.

    By default it keeps them in one heap per thread: 543 MB instead of 294 with four 1080p
    videos open. Other C libraries have no ``mallopt``.
    Source: mallopt(3), M_MMAP_THRESHOLD.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _OWN_MAPPING_BYTES)


@lru_cache(maxsize=1)
def get_frame_server() -> FrameServer:
    """Returns the process's frame server, created on first use."""
    return FrameServer(get_settings().frame_cache_bytes)
