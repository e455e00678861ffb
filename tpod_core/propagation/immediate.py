"""Fills the gaps next to an edit immediately, without waiting for the job queue.

One thread, started at the first edit, fills the gaps next to the newest edits, up to a limit; the
jobs that the edits submitted do the rest. Who edits which video takes turns: the newest edit of
one person in one video replaces that person's earlier ones there, and nobody else's.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tpod_core import db
from tpod_core.annotations import reading
from tpod_core.errors import Superseded, TpodError
from tpod_core.log import get_logger
from tpod_core.propagation.planning import Task, first_batch, open_tasks
from tpod_core.propagation.requests import Touched
from tpod_core.propagation.updating import fill, require_video

IMMEDIATE_FRAMES = 300
"""The most boxes filled per edit between key frames, and as many tracked forward."""
TURN_FRAMES = 100
"""The most boxes filled in one turn; a longer gap is a turn of its own."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class _Work:
    """What to do after an edit; at most so many more boxes between key frames, and forward."""

    touched: Touched
    between: int
    forward: int

    @property
    def key(self) -> tuple[int, int]:
        """Whose turn it is: a person in a video."""
        return self.touched.editor_id, self.touched.video_id


class ImmediatePropagation:
    """A thread that fills gaps, and its queue of work: one for each person in each video.

    ``on_idle`` is called with a video's id when no work in the video is left.
    """

    def __init__(self, on_idle: Callable[[int], None]) -> None:
        self._on_idle = on_idle
        self._changed = threading.Condition()
        self._waiting: dict[tuple[int, int], _Work] = {}
        self._current: _Work | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def submit(self, touched: Touched) -> None:
        """Queue the gaps next to ``touched``."""
        work = _Work(touched, IMMEDIATE_FRAMES, IMMEDIATE_FRAMES)
        with self._changed:
            if self._closed:
                return
            self._waiting[work.key] = _merged(work, self._waiting.get(work.key))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="propagation", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def is_busy_with(self, video_id: int) -> bool:
        with self._changed:
            active = (*self._waiting.values(), self._current)
            return any(work and work.touched.video_id == video_id for work in active)

    def close(self) -> None:
        """End the thread; its unfinished work is left to the job."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (work := self._next()) is not None:
            rest: _Work | None = None
            video_id = work.touched.video_id
            try:
                rest = self._take_turn(work)
            except Superseded:
                rest = work
            except TpodError as error:
                _log.warning("video %s: %s", video_id, error.message, exc_info=error)
            except Exception:
                # The thread must survive; the job of the same edit fails too, and reports it.
                _log.exception("video %s: immediate propagation failed", video_id)
            finally:
                self._end_turn(rest)
                if not self.is_busy_with(video_id):
                    self._on_idle(video_id)

    def _next(self) -> _Work | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            if self._closed:
                return None
            self._current = self._waiting.pop(next(iter(self._waiting)))
            return self._current

    def _end_turn(self, rest: _Work | None) -> None:
        """Queue what is left, if anything, behind all others, or with the same person's newer."""
        with self._changed:
            self._current = None
            if rest is None or self._closed:
                return
            newer = self._waiting.get(rest.key)
            self._waiting[rest.key] = _merged(newer, rest) if newer else rest

    def _take_turn(self, work: _Work) -> _Work | None:
        """Fill the next gaps; returns what is left to do, or ``None``."""
        touched = work.touched
        with db.read_session() as session:
            video = require_video(session, touched.video_id)
            tracks = reading.load_tracks(session, touched.video_id, touched.track_ids)
            tasks = open_tasks(session, video, tracks.values())
        near = sorted(
            (task for task in tasks if not task.is_filled),
            key=lambda task: task.distance(touched.first, touched.last),
        )
        between = [task for task in near if task.gap.right is not None]
        forward = [task for task in near if task.gap.right is None]
        if batch := _turn(between, work.between):
            rest = replace(work, between=work.between - _frames(batch))
        elif batch := _turn(forward, work.forward):
            rest = replace(work, forward=work.forward - _frames(batch))
        else:
            return None
        fill(touched.video_id, batch, _StopOnNewerEdit(self, work), db.transaction)
        return rest

    def check(self, work: _Work) -> None:
        """Raises: Superseded if a newer edit replaces ``work``, or the app closes."""
        with self._changed:
            if self._closed or work.key in self._waiting:
                raise Superseded("A newer edit goes first.")


@dataclass(frozen=True)
class _StopOnNewerEdit:
    thread: ImmediatePropagation
    work: _Work

    def check(self) -> None:
        self.thread.check(self.work)

    def progress(self, fraction: float, message: str) -> None:
        return


def _merged(newer: _Work, older: _Work | None) -> _Work:
    """Returns ``newer`` with the tracks of ``older`` too."""
    if older is None:
        return newer
    tracks = newer.touched.track_ids | older.touched.track_ids
    return replace(newer, touched=replace(newer.touched, track_ids=tracks))


def _turn(near: Sequence[Task], frames_left: int) -> list[Task]:
    """Returns the first tasks that fit into a turn, of those with at most ``frames_left``."""
    allowed = [task for task in near if task.frames <= frames_left]
    return first_batch(allowed, min(TURN_FRAMES, frames_left))


def _frames(tasks: Sequence[Task]) -> int:
    return sum(task.frames for task in tasks)
