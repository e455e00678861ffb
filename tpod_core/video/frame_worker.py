"""One open reader and the one thread that owns it."""

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

IDLE_S = 60.0
READ_AHEAD = 8

_log = get_logger(__name__)


@dataclass(frozen=True)
class Wanted:
    """A frame as a JPEG; ``width`` is smaller than the frame's own, or ``None`` for that.

    The checksum tells the frame from another of that number, in a file of that name that was
    there before.
    """

    frame_index: int
    luma_crc: int
    width: int | None
    quality: int

    def at(self, frame_index: int, index: FrameIndex) -> "Wanted":
        """Another frame, in the same way."""
        return replace(self, frame_index=frame_index, luma_crc=int(index.luma_crc[frame_index]))


RawKey = tuple[FrameSource, int, int]
"""The video, the frame's number, and its checksum."""


@dataclass(frozen=True)
class Memory:
    """What all desks share: decoded frames, and encoded ones."""

    raw: ByteBoundedCache[RawKey, Image]
    jpegs: ByteBoundedCache[tuple[FrameSource, Wanted], bytes]


class FrameWorker:
    """Answers requests in turn, and between them reads ahead.

    Two equal steps in a row are taken for a habit: the next frames at that step are made
    ready. After a minute without work the file is closed and the thread ends.
    """

    def __init__(self, source: FrameSource, memory: Memory) -> None:
        self._source = source
        self._memory = memory
        self._reader: VideoReader | None = None
        self._changed = threading.Condition()
        self._requests: deque[tuple[Wanted, Future[bytes]]] = deque()
        self._ahead: deque[Wanted] = deque()
        self._last = self._before_last = 0
        self._closed = False
        threading.Thread(target=self._work, name=f"frames of {source.path}", daemon=True).start()

    def ask(self, wanted: Wanted) -> Future[bytes] | None:
        """The frame, once it is made; ``None`` if the desk has closed."""
        with self._changed:
            if self._closed:
                return None
            answer: Future[bytes] = Future()
            self._requests.append((wanted, answer))
            self._changed.notify()
            return answer

    def note(self, wanted: Wanted) -> None:
        """Somebody looks at this frame: have those ready that come next at the same step."""
        with self._changed:
            step = wanted.frame_index - self._last
            if step == 0 or self._closed:
                return
            is_habit = step == self._last - self._before_last
            self._before_last, self._last = self._last, wanted.frame_index
            self._ahead.clear()
            if is_habit:
                self._plan(wanted, step)
                self._changed.notify()

    def close(self) -> None:
        """Answer what has been asked, then end."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _plan(self, wanted: Wanted, step: int) -> None:
        """Once half of what was ready is used up, the next frames in ascending order.

        So they are decoded in one go, backwards too.
        """
        index = self._source.index()
        numbers = (wanted.frame_index + step * ahead for ahead in range(1, READ_AHEAD + 1))
        coming = [wanted.at(n, index) for n in numbers if 0 <= n < len(index)]
        nearest = coming[: READ_AHEAD // 2]
        if any(self._memory.jpegs.find((self._source, each)) is None for each in nearest):
            self._ahead.extend(sorted(coming, key=lambda each: each.frame_index))

    def _work(self) -> None:
        while (task := self._next_task()) is not None:
            wanted, answer = task
            try:
                jpeg = self._jpeg(wanted, read_ahead=answer is None)
            except Exception as error:  # Not swallowed: it is raised in the thread that asked.
                if answer is not None:
                    answer.set_exception(error)
                else:
                    _log.warning("reading ahead in %s: %s", self._source.path, error)
            else:
                if answer is not None:
                    answer.set_result(jpeg)
        if self._reader is not None:
            self._reader.close()

    def _next_task(self) -> tuple[Wanted, Future[bytes] | None] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._requests or self._ahead or self._closed, IDLE_S)
            if self._requests:
                return self._requests.popleft()
            if self._ahead and not self._closed:
                return self._ahead.popleft(), None
            self._closed = True
            return None

    def _jpeg(self, wanted: Wanted, *, read_ahead: bool) -> bytes:
        ready = self._memory.jpegs.find((self._source, wanted))
        if ready is not None:
            return ready
        image = self._memory.raw.find((self._source, wanted.frame_index, wanted.luma_crc))
        if image is None:
            image = self._decoded(wanted.frame_index, read_ahead=read_ahead)
        jpeg = encode_jpeg(scaled_down(image, wanted.width), wanted.quality)
        self._memory.jpegs.put((self._source, wanted), jpeg)
        return jpeg

    def _decoded(self, frame_index: int, *, read_ahead: bool) -> Image:
        reader = self._up_to_date_reader()
        first = frame_index if read_ahead else self._first_worth_keeping(reader, frame_index)
        for number, image in reader.read_many(range(first, frame_index + 1)):
            crc = int(reader.index.luma_crc[number])
            self._memory.raw.put((self._source, number, crc), image)
        return image

    def _first_worth_keeping(self, reader: VideoReader, frame_index: int) -> int:
        """Where to start for a frame: neighbours are decoded on the way, and asked for next.

        A browser's prefetches come in any order, and who steps back steps back again.
        """
        width, height = reader.index.stored_wh
        fitting = self._memory.raw.capacity_bytes // (width * height * 3)
        span = max(1, min(READ_AHEAD, fitting))
        if reader.position < frame_index <= reader.position + span:
            return reader.position + 1
        if 0 <= reader.position - frame_index <= span:
            return max(0, frame_index - span + 1)
        return frame_index

    def _up_to_date_reader(self) -> VideoReader:
        """The reader, which knows the frames that an import has added by now."""
        if self._reader is None:
            self._reader = self._source.open()
        self._reader.index = self._source.index()
        return self._reader
