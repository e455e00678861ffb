"""Fills gaps: finds the open ones, tracks them, and stores the boxes.

Edits made meanwhile cannot make a result wrong: boxes are stored under the fingerprint of the
key frames around them, and are used only where these key frames are unchanged.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from sqlmodel import Session

from tpod_core import db
from tpod_core.annotations import reading
from tpod_core.annotations.document import TrackState
from tpod_core.errors import Conflict, JobStopped, Superseded
from tpod_core.models import Video
from tpod_core.propagation.planning import Task, first_batch, open_tasks
from tpod_core.propagation.store import FilledGap, delete_unused, save
from tpod_core.tracking.camera_motion import Grey
from tpod_core.tracking.frame_window import GreyFrames
from tpod_core.tracking.missing_boxes import fill_missing_boxes, linear_boxes
from tpod_core.tracking.segment_tracking import track_segments
from tpod_core.video.grey import GreyReader
from tpod_core.video.scan import ProgressMonitor
from tpod_core.video.source import frame_source

BATCH_FRAMES = 3000
"""The most frames of one batch, about a minute's work. Gaps are planned anew after each batch,
so that edits made meanwhile are taken up."""
CHECK_INTERVAL_S = 0.25
"""How often to check that the gaps being filled still exist."""

Transaction = Callable[[], AbstractContextManager[Session]]
"""Opens a write transaction: a job's own, or any."""
TrackFilter = Callable[[TrackState], bool]


def every_track(state: TrackState) -> bool:
    return True


def is_accepted(state: TrackState) -> bool:
    """Whether training uses a track."""
    return not state.proposed


def fill_all(
    video_id: int,
    monitor: ProgressMonitor,
    transaction: Transaction,
    track_filter: TrackFilter = every_track,
) -> None:
    """Fill every gap of a video, and plan again whenever its annotations change.

    Raises: JobStopped if the video is deleted; Conflict or NotFound if it has no frames.
    """
    done = 0
    tried: set[tuple[str, int, str]] = set()
    while tasks := [t for t in _load_open_tasks(video_id, track_filter) if t.key not in tried]:
        batch = first_batch(tasks, BATCH_FRAMES)
        frames, total = sum(t.frames for t in batch), sum(t.frames for t in tasks)
        part = _BatchProgress(monitor, done, frames, done + total)
        try:
            fill(video_id, batch, part, transaction)
        except Superseded:
            continue
        done += frames
        tried.update(task.key for task in batch)
    with transaction() as session:
        video = require_video(session, video_id)
        delete_unused(session, video, reading.load_tracks(session, video_id).values())


def fill(
    video_id: int, tasks: Sequence[Task], monitor: ProgressMonitor, transaction: Transaction
) -> None:
    """Fill the gaps of ``tasks``, and store each one as soon as it is filled.

    Raises: Superseded as soon as a gap is not there any more, or was filled elsewhere.
    """
    with db.read_session() as session:
        video = require_video(session, video_id)
    by_segment = {task.segment: task for task in tasks}
    unfinished = set(by_segment)
    stop_check = _StopWhenStale(monitor, video, lambda: [by_segment[each] for each in unfinished])
    with frame_source(video).open() as reader:
        frames = _RecordingFrames(GreyReader(reader))
        for segment, tracked in track_segments(frames, list(by_segment), stop_check):
            task = by_segment[segment]
            boxes = fill_missing_boxes(tracked, segment, video.frame_wh)
            if task.gap.is_linear:
                boxes = linear_boxes(boxes, segment)
            with transaction() as session:
                require_video(session, video_id, lock=True)
                save(session, video_id, FilledGap(task.gap, segment.stop, task.context, boxes))
            unfinished.discard(segment)
    if frames.unreadable:
        with transaction() as session:
            _warn(require_video(session, video_id, lock=True), frames.unreadable)


def require_video(session: Session, video_id: int, *, lock: bool = False) -> Video:
    """Returns the video; ``lock`` keeps two processes from writing for it at once.

    Raises: JobStopped if it was deleted.
    """
    video = session.get(Video, video_id, with_for_update=lock)
    if video is None:
        raise JobStopped(f"Video {video_id} was deleted; there is nothing to propagate.")
    return video


def is_filled(session: Session, video: Video, track_filter: TrackFilter = every_track) -> bool:
    """Whether the tracks have no open gaps."""
    tracks = reading.load_tracks(session, video.id or 0).values()
    return not open_tasks(session, video, filter(track_filter, tracks))


def _load_open_tasks(video_id: int, track_filter: TrackFilter) -> list[Task]:
    with db.read_session() as session:
        video = require_video(session, video_id)
        tracks = reading.load_tracks(session, video_id).values()
        return open_tasks(session, video, filter(track_filter, tracks))


def _warn(video: Video, unreadable: Collection[int]) -> None:
    """Add one warning to the video about the frames that cannot be read."""
    sentence = (
        f"Frame {min(unreadable)} cannot be read any more as it was when the video was imported. "
        "Boxes around it follow straight lines: check them by eye."
    )
    if sentence not in video.warnings:
        video.warnings = [*video.warnings, sentence]


@dataclass(frozen=True)
class _BatchProgress:
    """Reports the progress of a batch of ``frames``, after ``done`` of ``total`` frames."""

    monitor: ProgressMonitor
    done: int
    frames: int
    total: int

    def check(self) -> None:
        self.monitor.check()

    def progress(self, fraction: float, message: str) -> None:
        share = (self.done + fraction * self.frames) / max(self.total, 1)
        self.monitor.progress(share, message)


class _StopWhenStale:
    """Stops the work if the key frames of a gap change; checks when the revision changes."""

    def __init__(
        self, monitor: ProgressMonitor, video: Video, unfinished: Callable[[], list[Task]]
    ) -> None:
        self._monitor = monitor
        self._video_id = video.id or 0
        self._revision = video.revision
        self._unfinished = unfinished
        self._checked_at = time.monotonic()

    def check(self) -> None:
        self._monitor.check()
        if time.monotonic() - self._checked_at >= CHECK_INTERVAL_S:
            self._check_gaps()
            self._checked_at = time.monotonic()

    def progress(self, fraction: float, message: str) -> None:
        self._monitor.progress(fraction, message)

    def _check_gaps(self) -> None:
        with db.read_session() as session:
            video = require_video(session, self._video_id)
            if video.revision == self._revision:
                return
            self._revision = video.revision
            tracks = reading.load_tracks(session, self._video_id).values()
            still_open = {task.gap.fingerprint for task in open_tasks(session, video, tracks)}
        if any(task.gap.fingerprint not in still_open for task in self._unfinished()):
            raise Superseded("The key frames were changed meanwhile.")


@dataclass
class _RecordingFrames:
    """``GreyFrames`` that records which frames could not be read."""

    frames: GreyFrames
    unreadable: set[int] = field(default_factory=set)

    @property
    def frame_wh(self) -> tuple[int, int]:
        return self.frames.frame_wh

    def read(self, start: int, stop: int) -> Iterator[tuple[int, Grey]]:
        next_frame = start
        try:
            for number, image in self.frames.read(start, stop):
                next_frame = number + 1
                yield number, image
        except Conflict:
            self.unreadable.add(next_frame)
            raise
