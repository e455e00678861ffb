"""Fills the gaps next to an edit immediately, without waiting for the job queue.

The queue may be busy with an import for minutes. One thread, started at the first edit, fills
the gaps next to the newest edit, up to a limit; the job that the edit submitted does the
rest. Newer edits come first.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tpod_core import db
from tpod_core.annotations import reading
from tpod_core.errors import Superseded, TpodError
from tpod_core.log import get_logger
from tpod_core.propagation.planning import Task, open_tasks
from tpod_core.propagation.requests import Touched
from tpod_core.propagation.updating import fill, require_video

IMMEDIATE_FRAMES = 300
"""The most boxes filled per edit between key frames, and as many tracked forward."""

_log = get_logger(__name__)


class ImmediatePropagation:
    """A thread that fills gaps, and its queue of edits: one per video, the newest last.

    ``on_idle`` is called with a video's id when no edits of the video are left.
    """

    def __init__(self, on_idle: Callable[[int], None]) -> None:
        self._on_idle = on_idle
        self._changed = threading.Condition()
        self._waiting: dict[int, Touched] = {}
        self._current_video_id: int | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def submit(self, touched: Touched) -> None:
        """Queue the gaps next to ``touched``."""
        with self._changed:
            if self._closed:
                return
            earlier = self._waiting.pop(touched.video_id, None)
            self._waiting[touched.video_id] = _merged(touched, earlier)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="propagation", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def is_busy_with(self, video_id: int) -> bool:
        with self._changed:
            return video_id in self._waiting or video_id == self._current_video_id

    def close(self) -> None:
        """End the thread; its unfinished work is left to the job."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (touched := self._next()) is not None:
            try:
                self._fill_near(touched)
            except Superseded:
                self._requeue(touched)
            except TpodError as error:
                _log.warning("video %s: %s", touched.video_id, error.message)
            except Exception:
                # The thread must survive; the job of the same edit fails too, and reports it.
                _log.exception("video %s: immediate propagation failed", touched.video_id)
            finally:
                with self._changed:
                    self._current_video_id = None
                if not self.is_busy_with(touched.video_id):
                    self._on_idle(touched.video_id)

    def _next(self) -> Touched | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            if self._closed:
                return None
            video_id, touched = self._waiting.popitem()
            self._current_video_id = video_id
            return touched

    def _requeue(self, touched: Touched) -> None:
        with self._changed:
            if self._closed:
                return
            newer = self._waiting.pop(touched.video_id, None)
            if newer is None:
                self._waiting = {touched.video_id: touched, **self._waiting}
            else:
                self._waiting[touched.video_id] = _merged(newer, touched)

    def _fill_near(self, touched: Touched) -> None:
        monitor = _StopOnNewerEdit(self)
        with db.read_session() as session:
            video = require_video(session, touched.video_id)
            tracks = reading.load_tracks(session, touched.video_id, touched.track_ids)
            tasks = open_tasks(session, video, tracks.values())
        for batch in _batches(tasks, touched):
            fill(touched.video_id, batch, monitor, db.transaction)

    def check(self) -> None:
        """Raises: Superseded if a newer edit waits, or the app closes."""
        with self._changed:
            if self._closed or self._waiting:
                raise Superseded("A newer edit goes first.")


@dataclass(frozen=True)
class _StopOnNewerEdit:
    thread: ImmediatePropagation

    def check(self) -> None:
        self.thread.check()

    def progress(self, fraction: float, message: str) -> None:
        return


def _merged(newer: Touched, older: Touched | None) -> Touched:
    if older is None:
        return newer
    return replace(newer, track_ids=newer.track_ids | older.track_ids)


def _batches(tasks: list[Task], touched: Touched) -> Iterator[list[Task]]:
    """Yields the nearest gaps between key frames, then the nearest ones tracked forward."""
    near = sorted(tasks, key=lambda task: task.distance(touched.first, touched.last))
    for forward in (False, True):
        chosen, total = [], 0
        for task in near:
            is_eligible = (task.gap.right is None) is forward and not task.is_filled
            if is_eligible and total + task.frames <= IMMEDIATE_FRAMES:
                total += task.frames
                chosen.append(task)
        if chosen:
            yield chosen
