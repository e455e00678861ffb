"""Long polls: answers waiting requests when something changes, with one query for all of them.

While requests wait, one task of the process queries the database every ``INTERVAL_S`` for the
state of every watched video. The database is the only bus, so several processes need no other.
"""

import asyncio
import signal
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool

from tpod_core.db import read_session
from tpod_core.errors import NotFound, TpodError
from tpod_core.services import labeling
from tpod_core.services.labeling import VideoNews

INTERVAL_S = 0.3
WAIT_S = 25.0
"""Proxies close idle connections, many after 30 s."""


@dataclass(frozen=True)
class KnownRevisions:
    """The revisions that a client has; with ``None`` it is answered at once."""

    revision: int | None
    boxes_revision: int | None

    def differ_from(self, news: VideoNews) -> bool:
        return self.revision != news.revision or self.boxes_revision != news.boxes_revision


@dataclass(eq=False)
class _Waiter:
    video_id: int
    known: KnownRevisions
    initial: VideoNews
    answer: "asyncio.Future[VideoNews]"

    def check(self, news: VideoNews | None) -> None:
        """Answer if something changed or the video was deleted."""
        if self.answer.done():
            return
        if news is None:
            self.answer.set_exception(NotFound(f"The video {self.video_id} was deleted."))
        elif self.known.differ_from(news) or self._has_changed(news):
            self.answer.set_result(news)

    def _has_changed(self, news: VideoNews) -> bool:
        """Whether people came or left, or frames were indexed, since the request arrived."""
        initial = self.initial
        return initial.frames != news.frames or initial.people.keys() != news.people.keys()


@dataclass
class ChangeFeed:
    """The waiting requests of one event loop."""

    _waiters: set[_Waiter] = field(default_factory=set)
    _task: "asyncio.Task[None] | None" = None

    async def wait(
        self, video_id: int, now: VideoNews, known: KnownRevisions, wait_s: float = WAIT_S
    ) -> VideoNews:
        """Wait until the state of a video differs from what the client has.

        Returns ``now``, the state when the request arrived, after ``wait_s`` or when the server
        stops. Raises: NotFound if the video was deleted; Unavailable if the database is down.
        """
        if known.differ_from(now) or _stopping.is_set():
            return now
        loop = asyncio.get_running_loop()
        waiter = _Waiter(video_id, known, now, loop.create_future())
        self._waiters.add(waiter)
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._watch())
        try:
            return await asyncio.wait_for(waiter.answer, wait_s)
        except TimeoutError:
            return now
        finally:
            self._waiters.discard(waiter)

    async def _watch(self) -> None:
        while self._waiters:
            await asyncio.sleep(INTERVAL_S)
            waiters = list(self._waiters)
            try:
                news = await _query({waiter.video_id for waiter in waiters})
            except TpodError as error:
                self._fail(waiters, error)
                continue
            for waiter in waiters:
                waiter.check(news.get(waiter.video_id))
                if _stopping.is_set() and not waiter.answer.done():
                    waiter.answer.set_result(waiter.initial)

    def _fail(self, waiters: Collection[_Waiter], error: TpodError) -> None:
        for waiter in waiters:
            if not waiter.answer.done():
                waiter.answer.set_exception(error)


_feeds: "WeakKeyDictionary[asyncio.AbstractEventLoop, ChangeFeed]" = WeakKeyDictionary()
_stopping = threading.Event()


def change_feed() -> ChangeFeed:
    """Returns the feed of the running event loop."""
    return _feeds.setdefault(asyncio.get_running_loop(), ChangeFeed())


async def _query(video_ids: Collection[int]) -> Mapping[int, VideoNews]:
    return await run_in_threadpool(_read, video_ids)


def _read(video_ids: Collection[int]) -> Mapping[int, VideoNews]:
    with read_session() as session:
        return labeling.news_of_each(session, video_ids)


@contextmanager
def end_polls_on_signals() -> Iterator[None]:
    """End every long poll on SIGTERM and SIGINT, because the server waits for open requests.

    Handlers can be installed in the main thread only; in other threads (a test client) nothing
    is caught.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def handle(number: int, frame: FrameType | None) -> None:
        _stopping.set()
        previous = handlers[signal.Signals(number)]
        if callable(previous):
            previous(number, frame)

    for number in handlers:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, previous in handlers.items():
            signal.signal(number, previous)
