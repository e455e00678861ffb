"""From an edit to its propagated boxes in the database: 100 frames of 720p, one track.

Measured through the app's own path (the edit's commit, the thread beside the queue, the
store), beside the bare algorithm on the same frames in the same run. No worker runs.
"""

import csv
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2

from benchmarks._videos import required_data
from tests.conftest import add_user
from tests.fake_queue import ListQueue
from tests.following import following_here
from tests.labelled import add_video
from tests.unwatched import Unwatched
from tpod_core import db
from tpod_core.annotations.reading import load_tracks
from tpod_core.geometry import Box
from tpod_core.migrations import upgrade
from tpod_core.models import Role, User, Video, saved_id
from tpod_core.propagation.gaps import gaps
from tpod_core.propagation.store import extents
from tpod_core.queue import replaced_by
from tpod_core.services import annotations
from tpod_core.services.annotations import KeyframeDoc, PutBox
from tpod_core.storage import get_storage
from tpod_core.tracking.segment_tracking import track_segments
from tpod_core.video.grey import GreyReader
from tpod_core.video.probe import probe
from tpod_core.video.scan import scan
from tpod_core.video.source import frame_source, index_key

FRAMES = 100
ROUNDS = 5
TARGET_S = 2.0
TARGET_RATIO = 1.3
_POLL_S = 0.03
_PATIENCE_S = 120.0


@contextmanager
def installation() -> Iterator[None]:
    """An empty installation in a directory of its own, and nobody at the queue."""
    with tempfile.TemporaryDirectory() as directory, replaced_by(ListQueue()):
        os.environ |= {"TPOD_DATA_DIR": directory, "TPOD_MIN_FREE_BYTES": "0"}
        upgrade(db.engine())
        yield
        db.engine().dispose()


def import_video(owner: User, path: Path) -> Video:
    video = add_video(owner)
    key = f"videos/{video.id}/source.mp4"
    target = get_storage().path(key)
    target.parent.mkdir(parents=True)
    shutil.copy(path, target)
    index = scan(target, probe(target), Unwatched()).index
    get_storage().write(index_key(key), index.to_bytes())
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        row.source_key = row.playback_key = key
        row.width, row.height = index.upright_wh
        row.frame_count = len(index)
    return row


def true_boxes(directory: Path) -> dict[int, Box]:
    with (directory / "boxes.csv").open() as file:
        rows = [[float(value) for value in row] for row in list(csv.reader(file))[1:]]
    return {int(row[0]): Box(row[2], row[3], row[2] + row[4], row[3] + row[5]) for row in rows}


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of this process's processors: these forgive a busy machine."""

    clock: float
    cpu: float


@dataclass
class Stopwatch:
    clock: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=time.process_time)

    def read(self) -> Spent:
        return Spent(time.perf_counter() - self.clock, time.process_time() - self.cpu)


def bare(video: Video, left: KeyframeDoc, right: KeyframeDoc) -> Spent:
    """The algorithm alone on the same frames, its frames decoded by the same reader."""
    gap = next(gaps([left, right], video.frame_count))
    watch = Stopwatch()
    with frame_source(video).open() as reader:
        frames = GreyReader(reader)
        list(track_segments(frames, [gap.segment(gap.stop, [left, right])], Unwatched()))
    return watch.read()


def prompt(owner: User, video: Video, left: KeyframeDoc, right: KeyframeDoc) -> Spent:
    """From the second box's commit until the frames between the two have their boxes."""
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        first = [PutBox(left.frame, left.box, "cup")]
        (track_id,) = annotations.apply_edits(session, owner, row, first, row.revision).track_ids
    with following_here():
        with db.transaction() as session:
            row = session.get_one(Video, video.id)
            second = [PutBox(right.frame, right.box, track_id=track_id)]
            annotations.apply_edits(session, owner, row, second, row.revision)
        watch = Stopwatch()
        while not _is_filled(video, track_id, left.frame):
            if watch.read().clock > _PATIENCE_S:
                raise SystemExit("the boxes did not come")
            time.sleep(_POLL_S)
        return watch.read()


def _is_filled(video: Video, track_id: int, frame: int) -> bool:
    with db.read_session() as session:
        tracks = load_tracks(session, saved_id(video), [track_id]).values()
        found = extents(session, video, tracks).values()
    return any(each.extent and each.gap.left.frame == frame for each in found)


def main() -> int:
    cv2.setNumThreads(1)
    directory = required_data() / "dev" / "video_gt" / "Bike"
    truth = true_boxes(directory)
    with installation():
        owner = add_user("owner", Role.ADMIN)
        video = import_video(owner, directory / "Bike.mp4")
        alone, stored = [], []
        for number in range(ROUNDS):
            start = 20 + 60 * number
            ends = [KeyframeDoc(n, truth[n]) for n in (start, start + FRAMES + 1)]
            alone.append(bare(video, *ends))
            stored.append(prompt(owner, video, *ends))
    ratio = statistics.median(s.clock / a.clock for s, a in zip(stored, alone, strict=True))
    clocks, cpu = [each.clock for each in stored], statistics.median(each.cpu for each in stored)
    print(
        f"{FRAMES} frames of 1280 x 720, n = {ROUNDS}: stored {statistics.median(clocks):.2f} s "
        f"after the edit ({min(clocks):.2f} to {max(clocks):.2f}), {cpu:.2f} s of processor time; "
        f"{ratio:.2f} x the bare algorithm"
    )
    print(f"limits: {TARGET_RATIO} x the bare algorithm, {TARGET_S} s of processor time")
    return 0 if ratio <= TARGET_RATIO and cpu <= TARGET_S else 1


if __name__ == "__main__":
    sys.exit(main())
