"""The thread that owns the open reader of one video."""

import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, replace

from tpod_core.log import get_logger
from tpod_core.video.cache import ByteBoundedCache
from tpod_core.video.encode import encode_jpeg, scaled_down
from tpod_core.video.index import FrameIndex
from tpod_core.video.orientation import Image
from tpod_core.video.reader import VideoReader
from tpod_core.video.source import FrameSource

IDLE_TIMEOUT_S = 60.0
READ_AHEAD = 8

_log = get_logger(__name__)


@dataclass(frozen=True)
class FrameRequest:
    """A frame to encode as a JPEG; ``width`` is below the frame's own, or ``None`` for it.

    The checksum tells the frame from one with the same number in an earlier file of that name.
    """

    frame_index: int
    luma_crc: int
    width: int | None
    quality: int

    def at(self, frame_index: int, index: FrameIndex) -> "FrameRequest":
        """Returns a request for another frame at the same width and quality."""
        return replace(self, frame_index=frame_index, luma_crc=int(index.luma_crc[frame_index]))


RawKey = tuple[FrameSource, int, int]
"""The video, the frame's number, and its checksum."""


@dataclass(frozen=True)
class FrameCaches:
    """The caches of decoded and of encoded frames that all workers share."""

    raw: ByteBoundedCache[RawKey, Image]
    jpegs: ByteBoundedCache[tuple[FrameSource, FrameRequest], bytes]


class FrameWorker:
    """Serves requests in order, and reads ahead while there are none.

    After two equal steps in a row, the next frames at that step are encoded in advance. After
    a minute without work the worker closes the file and ends its thread.
    """

    def __init__(self, source: FrameSource, caches: FrameCaches) -> None:
        self._source = source
        self._caches = caches
        self._reader: VideoReader | None = None
        self._changed = threading.Condition()
        self._requests: deque[tuple[FrameRequest, Future[bytes]]] = deque()
        self._ahead: deque[FrameRequest] = deque()
        self._last_viewed = self._viewed_before = 0
        self._closed = False
        threading.Thread(target=self._run, name=f"frames of {source.path}", daemon=True).start()

    def submit(self, request: FrameRequest) -> Future[bytes] | None:
        """Queues a request for its JPEG; returns ``None`` if the worker has closed."""
        with self._changed:
            if self._closed:
                return None
            future: Future[bytes] = Future()
            self._requests.append((request, future))
            self._changed.notify()
            return future

    def record_viewed(self, request: FrameRequest) -> None:
        """Records that a frame is on a screen, and reads ahead if the step is repeated."""
        with self._changed:
            step = request.frame_index - self._last_viewed
            if step == 0 or self._closed:
                return
            is_repeated = step == self._last_viewed - self._viewed_before
            self._viewed_before, self._last_viewed = self._last_viewed, request.frame_index
            self._ahead.clear()
            if is_repeated:
                self._schedule_read_ahead(request, step)
                self._changed.notify()

    def close(self) -> None:
        """Serve the queued requests, then end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _schedule_read_ahead(self, request: FrameRequest, step: int) -> None:
        """Queue the next frames once half of those read ahead are used up.

        They are queued in ascending order, so that one pass decodes them, backwards too.
        """
        index = self._source.index()
        numbers = (request.frame_index + step * ahead for ahead in range(1, READ_AHEAD + 1))
        upcoming = [request.at(n, index) for n in numbers if 0 <= n < len(index)]
        nearest = upcoming[: READ_AHEAD // 2]
        if any(self._caches.jpegs.find((self._source, each)) is None for each in nearest):
            self._ahead.extend(sorted(upcoming, key=lambda each: each.frame_index))

    def _run(self) -> None:
        while (task := self._next_task()) is not None:
            request, future = task
            try:
                jpeg = self._jpeg(request, read_ahead=future is None)
            except Exception as error:  # The future raises it in the requesting thread.
                if future is not None:
                    future.set_exception(error)
                else:
                    _log.warning("reading ahead in %s: %s", self._source.path, error)
            else:
                if future is not None:
                    future.set_result(jpeg)
        if self._reader is not None:
            self._reader.close()

    def _next_task(self) -> tuple[FrameRequest, Future[bytes] | None] | None:
        with self._changed:
            self._changed.wait_for(
                lambda: self._requests or self._ahead or self._closed, IDLE_TIMEOUT_S
            )
            if self._requests:
                return self._requests.popleft()
            if self._ahead and not self._closed:
                return self._ahead.popleft(), None
            self._closed = True
            return None

    def _jpeg(self, request: FrameRequest, *, read_ahead: bool) -> bytes:
        ready = self._caches.jpegs.find((self._source, request))
        if ready is not None:
            return ready
        image = self._caches.raw.find((self._source, request.frame_index, request.luma_crc))
        if image is None:
            image = self._decoded(request.frame_index, read_ahead=read_ahead)
        jpeg = encode_jpeg(scaled_down(image, request.width), request.quality)
        self._caches.jpegs.put((self._source, request), jpeg)
        return jpeg

    def _decoded(self, frame_index: int, *, read_ahead: bool) -> Image:
        reader = self._reader_with_current_index()
        first = frame_index if read_ahead else self._first_to_decode(reader, frame_index)
        for number, image in reader.read_many(range(first, frame_index + 1)):
            crc = int(reader.index.luma_crc[number])
            self._caches.raw.put((self._source, number, crc), image)
        return image

    def _first_to_decode(self, reader: VideoReader, frame_index: int) -> int:
        """Returns the frame to start decoding at, so that likely next requests are cached.

        A browser's prefetches arrive in any order, and steps back tend to be repeated.
        """
        width, height = reader.index.stored_wh
        fitting = self._caches.raw.capacity_bytes // (width * height * 3)
        span = max(1, min(READ_AHEAD, fitting))
        if reader.position < frame_index <= reader.position + span:
            return reader.position + 1
        if 0 <= reader.position - frame_index <= span:
            return max(0, frame_index - span + 1)
        return frame_index

    def _reader_with_current_index(self) -> VideoReader:
        """Returns the reader, with the frames that an import has added so far."""
        if self._reader is None:
            self._reader = self._source.open()
        self._reader.index = self._source.index()
        return self._reader
