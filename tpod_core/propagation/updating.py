"""Filling gaps: look what is open, have it propagated, keep what is found.

Whatever a person edits meanwhile, nothing wrong can be kept: a result is named by the key
frames that it lies between, and is used where these stand.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from sqlmodel import Session

from tpod_core import db
from tpod_core.annotations import reading
from tpod_core.annotations.document import TrackState
from tpod_core.errors import Conflict, JobStopped, Overtaken
from tpod_core.models import Video
from tpod_core.propagation.planning import Task, first_round, stale
from tpod_core.propagation.store import Filling, forget_unused, save
from tpod_core.tracking.camera_motion import Grey
from tpod_core.tracking.frame_window import GreyFrames
from tpod_core.tracking.missing_boxes import fill_missing_boxes, linear_boxes
from tpod_core.tracking.segment_tracking import track_segments
from tpod_core.video.grey import GreyReader
from tpod_core.video.scan import ProgressMonitor
from tpod_core.video.source import frame_source

LOOK_S = 0.25
"""How often to look whether what is being filled is still there to be filled."""

Transaction = Callable[[], AbstractContextManager[Session]]
"""Opens a write transaction: a job's own, or any."""
Wanted = Callable[[TrackState], bool]


def every_track(state: TrackState) -> bool:
    return True


def accepted(state: TrackState) -> bool:
    """A track that training sees."""
    return not state.proposed


def fill_all(
    video_id: int, watch: ProgressMonitor, transaction: Transaction, wanted: Wanted = every_track
) -> None:
    """Fill every gap of a video, and plan anew whenever its labels change.

    Raises: JobStopped if the video is deleted; Conflict or NotFound if it has no frames.
    """
    done = 0
    tried: set[tuple[str, int, str]] = set()
    while open_tasks := [t for t in _open_tasks(video_id, wanted) if t.key not in tried]:
        some = first_round(open_tasks)
        frames, total = sum(t.frames for t in some), sum(t.frames for t in open_tasks)
        part = _PartOf(watch, done, frames, done + total)
        try:
            fill(video_id, some, part, transaction)
        except Overtaken:
            continue
        done += frames
        tried.update(task.key for task in some)
    with transaction() as session:
        video = present(session, video_id)
        forget_unused(session, video, reading.load_tracks(session, video_id).values())


def fill(
    video_id: int, tasks: Sequence[Task], watch: ProgressMonitor, transaction: Transaction
) -> None:
    """Fill the gaps of ``tasks``, each kept as soon as it is filled.

    Raises: Overtaken as soon as a gap is not there any more, or was filled elsewhere.
    """
    with db.read_session() as session:
        video = present(session, video_id)
    by_segment = {task.segment: task for task in tasks}
    unfinished = set(by_segment)
    still = _WhileWanted(watch, video, lambda: [by_segment[each] for each in unfinished])
    with frame_source(video).open() as reader:
        noting = _Noting(GreyReader(reader))
        for segment, found in track_segments(noting, list(by_segment), still):
            task = by_segment[segment]
            whole = fill_missing_boxes(found, segment, video.frame_wh)
            if task.gap.is_straight:
                whole = linear_boxes(whole, segment)
            with transaction() as session:
                present(session, video_id, lock=True)
                save(session, video_id, Filling(task.gap, segment.stop, task.context, whole))
            unfinished.discard(segment)
    if noting.unreadable:
        with transaction() as session:
            _warn(present(session, video_id, lock=True), noting.unreadable)


def present(session: Session, video_id: int, *, lock: bool = False) -> Video:
    """The video; ``lock`` keeps two processes from writing for it at once.

    Raises: JobStopped if it was deleted.
    """
    video = session.get(Video, video_id, with_for_update=lock)
    if video is None:
        raise JobStopped(f"Video {video_id} was deleted; there is nothing to propagate.")
    return video


def is_filled(session: Session, video: Video, wanted: Wanted = every_track) -> bool:
    """Whether no gap of the wanted tracks is open."""
    tracks = reading.load_tracks(session, video.id or 0).values()
    return not stale(session, video, filter(wanted, tracks))


def _open_tasks(video_id: int, wanted: Wanted) -> list[Task]:
    with db.read_session() as session:
        video = present(session, video_id)
        tracks = reading.load_tracks(session, video_id).values()
        return stale(session, video, filter(wanted, tracks))


def _warn(video: Video, unreadable: Collection[int]) -> None:
    """Say once on the video which stretch cannot be read."""
    sentence = (
        f"Frame {min(unreadable)} cannot be read any more as it was when the video was imported. "
        "Boxes around it follow straight lines: check them by eye."
    )
    if sentence not in video.warnings:
        video.warnings = [*video.warnings, sentence]


@dataclass(frozen=True)
class _PartOf:
    """Tells of ``frames`` more, of ``total``, where ``done`` are done."""

    watch: ProgressMonitor
    done: int
    frames: int
    total: int

    def check(self) -> None:
        self.watch.check()

    def progress(self, fraction: float, message: str) -> None:
        share = (self.done + fraction * self.frames) / max(self.total, 1)
        self.watch.progress(share, message)


class _WhileWanted:
    """Stops work on key frames that have gone: looked at whenever the labels' revision moves."""

    def __init__(
        self, watch: ProgressMonitor, video: Video, unfinished: Callable[[], list[Task]]
    ) -> None:
        self._watch = watch
        self._video_id = video.id or 0
        self._revision = video.revision
        self._unfinished = unfinished
        self._looked_at = time.monotonic()

    def check(self) -> None:
        self._watch.check()
        if time.monotonic() - self._looked_at >= LOOK_S:
            self._look()
            self._looked_at = time.monotonic()

    def progress(self, fraction: float, message: str) -> None:
        self._watch.progress(fraction, message)

    def _look(self) -> None:
        with db.read_session() as session:
            video = present(session, self._video_id)
            if video.revision == self._revision:
                return
            self._revision = video.revision
            tracks = reading.load_tracks(session, self._video_id).values()
            wanted = {task.gap.fingerprint for task in stale(session, video, tracks)}
        if any(task.gap.fingerprint not in wanted for task in self._unfinished()):
            raise Overtaken("The key frames were changed meanwhile.")


@dataclass
class _Noting:
    """``GreyFrames`` that remembers which frames could not be read."""

    frames: GreyFrames
    unreadable: set[int] = field(default_factory=set)

    @property
    def frame_wh(self) -> tuple[int, int]:
        return self.frames.frame_wh

    def read(self, start: int, stop: int) -> Iterator[tuple[int, Grey]]:
        following = start
        try:
            for number, image in self.frames.read(start, stop):
                following = number + 1
                yield number, image
        except Conflict:
            self.unreadable.add(following)
            raise
