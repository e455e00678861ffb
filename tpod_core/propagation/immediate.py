"""What a person has just changed is filled at once, beside the queue of jobs.

The queue may be busy with an import for minutes. One thread, started at the first edit, fills
the gaps next to the newest edit, up to a bound; the job that the edit submitted does the
rest. A newer edit goes before an older one.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tpod_core import db
from tpod_core.annotations import reading
from tpod_core.errors import Superseded, TpodError
from tpod_core.log import get_logger
from tpod_core.propagation.planning import Task, stale
from tpod_core.propagation.requests import Touched
from tpod_core.propagation.updating import fill, present

IMMEDIATE_FRAMES = 300
"""So many boxes at most between key frames, and so many forward, are found at once."""

_log = get_logger(__name__)


class ImmediatePropagation:
    """The thread, and the edits that wait for it, one for each video, the newest last.

    ``rests`` is told of a video when nothing more is to be filled in it for now.
    """

    def __init__(self, rests: Callable[[int], None]) -> None:
        self._rests = rests
        self._changed = threading.Condition()
        self._waiting: dict[int, Touched] = {}
        self._at_work: int | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def take(self, touched: Touched) -> None:
        """Fill what lies beside ``touched`` as soon as possible; returns at once."""
        with self._changed:
            if self._closed:
                return
            earlier = self._waiting.pop(touched.video_id, None)
            self._waiting[touched.video_id] = _both(touched, earlier)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="propagation", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def is_busy_with(self, video_id: int) -> bool:
        with self._changed:
            return video_id in self._waiting or video_id == self._at_work

    def close(self) -> None:
        """End the thread; what it was about to find is left to the job."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while (touched := self._next()) is not None:
            try:
                self._fill_beside(touched)
            except Superseded:
                self._put_back(touched)
            except TpodError as error:
                _log.warning("video %s: %s", touched.video_id, error.message)
            except Exception:
                # The thread's door: the job of the same edit meets the same fault, and tells.
                _log.exception("video %s: propagation at once failed", touched.video_id)
            finally:
                with self._changed:
                    self._at_work = None
                if not self.is_busy_with(touched.video_id):
                    self._rests(touched.video_id)

    def _next(self) -> Touched | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            if self._closed:
                return None
            video_id, touched = self._waiting.popitem()
            self._at_work = video_id
            return touched

    def _put_back(self, touched: Touched) -> None:
        with self._changed:
            if self._closed:
                return
            newer = self._waiting.pop(touched.video_id, None)
            if newer is None:
                self._waiting = {touched.video_id: touched, **self._waiting}
            else:
                self._waiting[touched.video_id] = _both(newer, touched)

    def _fill_beside(self, touched: Touched) -> None:
        watch = _UntilNewer(self)
        with db.read_session() as session:
            video = present(session, touched.video_id)
            tracks = reading.load_tracks(session, touched.video_id, touched.track_ids)
            tasks = stale(session, video, tracks.values())
        for some in _portions(tasks, touched):
            fill(touched.video_id, some, watch, db.transaction)

    def check(self) -> None:
        """Raises: Superseded if a newer edit waits, or the app closes."""
        with self._changed:
            if self._closed or self._waiting:
                raise Superseded("A newer edit goes first.")


@dataclass(frozen=True)
class _UntilNewer:
    thread: ImmediatePropagation

    def check(self) -> None:
        self.thread.check()

    def progress(self, fraction: float, message: str) -> None:
        return


def _both(newer: Touched, older: Touched | None) -> Touched:
    if older is None:
        return newer
    return replace(newer, track_ids=newer.track_ids | older.track_ids)


def _portions(tasks: list[Task], touched: Touched) -> Iterator[list[Task]]:
    """First the gaps between key frames, then those that are tracked forward; near ones only."""
    near = sorted(tasks, key=lambda task: task.distance(touched.first, touched.last))
    for forward in (False, True):
        chosen, total = [], 0
        for task in near:
            of_this_kind = (task.gap.right is None) is forward and not task.further
            if of_this_kind and total + task.frames <= IMMEDIATE_FRAMES:
                total += task.frames
                chosen.append(task)
        if chosen:
            yield chosen
