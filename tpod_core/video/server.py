"""Frames as JPEG for many people at once, in bounded memory.

    jpeg() ── cached ──▶ bytes, and word to the desk, which reads ahead
       └──── not yet ──▶ the desk of that video: one thread that owns one open reader

PyAV's frames must not be shared between threads, so a file is read by the one thread that
opened it. Memory is bounded by ``MAX_DESKS`` open files, ``RAW_BYTES`` of decoded frames
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
from tpod_core.video.frame_worker import FrameWorker, Memory, RawKey, Wanted
from tpod_core.video.orientation import Image
from tpod_core.video.source import FrameSource

MAX_DESKS = 4
RAW_BYTES = 75 * 1024**2
PATIENCE_S = 60.0

_M_MMAP_THRESHOLD = -3
_OWN_MAPPING_BYTES = 1024**2


class FrameServer:
    """Serves frames to any thread; ``close()`` ends its own."""

    def __init__(self, jpeg_bytes: int, raw_bytes: int = RAW_BYTES) -> None:
        _return_freed_pictures()
        raw = ByteBoundedCache[RawKey, Image](raw_bytes, lambda image: image.nbytes)
        self._memory = Memory(raw, ByteBoundedCache(jpeg_bytes, len))
        self._lock = threading.Lock()
        self._desks: dict[FrameSource, FrameWorker] = {}  # used longest ago first

    def jpeg(
        self,
        source: FrameSource,
        frame_index: int,
        width: int | None = None,
        quality: int | None = None,
    ) -> bytes:
        """One frame, upright, ``width`` pixels wide if it is wider.

        Raises: NotFound beyond the end; Conflict while the video has no frames.
        """
        index = source.index()
        if not 0 <= frame_index < len(index):
            raise NotFound(f"The video has no frame {frame_index}: it has {len(index)}.")
        if width is not None and width >= index.upright_wh[0]:
            width = None
        crc = int(index.luma_crc[frame_index])
        wanted = Wanted(frame_index, crc, width, quality or DEFAULT_QUALITY)
        ready = self._memory.jpegs.find((source, wanted))
        if ready is not None:
            self._desk(source).note(wanted)
            return ready
        answer = self._ask(source, wanted)
        self._desk(source).note(wanted)
        return _waited_for(answer)

    def close(self) -> None:
        """End every thread. A later request opens its file again."""
        with self._lock:
            desks = list(self._desks.values())
            self._desks.clear()
        for desk in desks:
            desk.close()

    def _ask(self, source: FrameSource, wanted: Wanted) -> Future[bytes]:
        while (answer := self._desk(source).ask(wanted)) is None:
            with self._lock:
                self._desks.pop(source, None)
        return answer

    def _desk(self, source: FrameSource) -> FrameWorker:
        """The video's desk, opened if need be in place of the one used longest ago."""
        with self._lock:
            desk = self._desks.pop(source, None) or FrameWorker(source, self._memory)
            self._desks[source] = desk
            if len(self._desks) > MAX_DESKS:
                self._desks.pop(next(iter(self._desks))).close()
            return desk


def _waited_for(answer: Future[bytes]) -> bytes:
    try:
        return answer.result(PATIENCE_S)
    except TimeoutError as error:
        raise Unavailable(
            "The frame takes very long to decode. Try again, or convert the video to MP4 (H.264)."
        ) from error


def _return_freed_pictures() -> None:
    """Have glibc give freed pictures back to the system at once.

    Left alone, it keeps them in one heap per thread: 543 MB instead of 294 with four 1080p
    videos open. Elsewhere there is no ``mallopt``, and nothing to do.
    Source: mallopt(3), M_MMAP_THRESHOLD.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _OWN_MAPPING_BYTES)


@lru_cache(maxsize=1)
def get_frame_server() -> FrameServer:
    """The process's frame server, made at its first use."""
    return FrameServer(get_settings().frame_cache_bytes)
