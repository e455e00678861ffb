"""From an edit to its propagated boxes in the database: 100 frames of 720p, one track.

Measured through the app's own path (the edit's commit, the thread beside the queue, the
store), beside the bare algorithm on the same frames in the same run. No worker runs. Then for
five people at once, of whom the first has three such gaps.
"""

import csv
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
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
PEOPLE = 5
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
    gap = next(gaps([left, right], video))
    watch = Stopwatch()
    with frame_source(video).open() as reader:
        frames = GreyReader(reader)
        list(track_segments(frames, [gap.segment(gap.stop, [left, right])], Unwatched()))
    return watch.read()


def prompt(owner: User, video: Video, left: KeyframeDoc, right: KeyframeDoc) -> Spent:
    """From the second box's commit until the frames between the two have their boxes."""
    (track_id,) = _edit(owner, video, PutBox(left.frame, left.box, "cup"))
    with following_here():
        _edit(owner, video, PutBox(right.frame, right.box, track_id=track_id))
        watch = Stopwatch()
        while left.frame not in _filled_from(video, track_id):
            if watch.read().clock > _PATIENCE_S:
                raise SystemExit("the boxes did not come")
            time.sleep(_POLL_S)
        return watch.read()


def in_turn(owner: User, video: Video, truth: dict[int, Box]) -> list[float]:
    """Seconds after the last of five people's edits until a gap of each is filled."""
    people = [owner, *(add_user(f"person {number}", Role.ADMIN) for number in range(1, PEOPLE))]
    starts: dict[int, int] = {}  # by track; nobody's gap equals another's
    for start, person in enumerate(people, 30):
        (track_id,) = _edit(person, video, PutBox(start, truth[start], "cup"))
        starts[track_id] = start
    with following_here():
        for person, (track_id, start) in zip(people, starts.items(), strict=True):
            gaps_of_person = 3 if person is owner else 1
            ends = [start + number * (FRAMES + 1) for number in range(1, gaps_of_person + 1)]
            _edit(person, video, *(PutBox(n, truth[n], track_id=track_id) for n in ends))
        watch = Stopwatch()
        found: dict[int, float] = {}
        while len(found) < PEOPLE:
            clock = watch.read().clock
            if clock > _PATIENCE_S:
                raise SystemExit("the boxes did not come")
            for track_id in starts.keys() - found.keys():
                if _filled_from(video, track_id):
                    found[track_id] = clock
            time.sleep(_POLL_S)
    return [found[track_id] for track_id in starts]


def _edit(person: User, video: Video, *edits: PutBox) -> Sequence[int]:
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        return annotations.apply_edits(session, person, row, edits, row.revision).track_ids


def _filled_from(video: Video, track_id: int) -> set[int]:
    """The key frames with which the filled gaps of a track begin."""
    with db.read_session() as session:
        tracks = load_tracks(session, saved_id(video), [track_id]).values()
        found = extents(session, video, tracks).values()
    return {each.gap.left.frame for each in found if each.extent}


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
        waits = in_turn(owner, video, truth)
    ratio = statistics.median(s.clock / a.clock for s, a in zip(stored, alone, strict=True))
    clocks, cpu = [each.clock for each in stored], statistics.median(each.cpu for each in stored)
    print(
        f"{FRAMES} frames of 1280 x 720, n = {ROUNDS}: stored {statistics.median(clocks):.2f} s "
        f"after the edit ({min(clocks):.2f} to {max(clocks):.2f}), {cpu:.2f} s of processor time; "
        f"{ratio:.2f} x the bare algorithm"
    )
    single = statistics.median(each.clock for each in alone)
    in_order = ", ".join(f"{wait / single:.1f}" for wait in waits)
    print(f"{PEOPLE} people at once: {FRAMES} frames of each after {in_order} x the bare algorithm")
    print(f"limits: {TARGET_RATIO} x the bare algorithm, {TARGET_S} s of processor time")
    return 0 if ratio <= TARGET_RATIO and cpu <= TARGET_S else 1


if __name__ == "__main__":
    sys.exit(main())
