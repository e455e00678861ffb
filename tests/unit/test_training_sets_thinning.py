"""Leaving out frames that look like the one before: which stay, and what a set says of it."""

from csv import DictReader
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import cv2
import pytest

from tests.fake_queue import ListQueue
from tests.labelled import add_video, annotate, give_file, track
from tests.synthetic import numbered_image
from tests.training_sets import built, label_files, plan_of, preview, spec
from tests.unwatched import Unwatched
from tpod_core.formats.yolo import read_manifest
from tpod_core.geometry import Box, iou
from tpod_core.models import User, Video
from tpod_core.services.training_sets import statistics_in
from tpod_core.training_sets.boxes import TrackBox
from tpod_core.training_sets.split import Split
from tpod_core.training_sets.thinning import NearDuplicates
from tpod_core.video.orientation import Image
from tpod_core.video.probe import probe
from tpod_core.video.reader import VideoReader
from tpod_core.video.scan import scan

WH = (320, 180)
THIN = {"drop_near_duplicates": True}
PICTURE, ANOTHER = numbered_image(5, WH), numbered_image(2900, WH)
BRIGHTER: Image = cv2.convertScaleAbs(PICTURE, alpha=0.9, beta=20)  # type: ignore[assignment]


def cup(x: float, track_id: int = 1) -> TrackBox:
    return TrackBox(track_id, 0, Box(x, 10, x + 100, 60))


@pytest.mark.parametrize(
    ("part", "image", "boxes", "is_repeated"),
    [
        pytest.param(Split.TRAIN, PICTURE, [cup(0)], True, id="the same again"),
        pytest.param(Split.TRAIN, BRIGHTER, [cup(0)], True, id="in another light"),
        pytest.param(Split.TRAIN, ANOTHER, [cup(0)], False, id="another picture"),
        pytest.param(Split.TRAIN, PICTURE, [cup(11)], True, id="moved to IoU 0.802"),
        pytest.param(Split.TRAIN, PICTURE, [cup(12)], False, id="moved to IoU 0.786"),
        pytest.param(Split.TRAIN, PICTURE, [], False, id="a track has ended"),
        pytest.param(Split.TRAIN, PICTURE, [cup(0), cup(0, 2)], False, id="a track has started"),
        pytest.param(Split.TRAIN, PICTURE, [cup(0, 2)], False, id="another track"),
        pytest.param(Split.VAL, PICTURE, [cup(0)], False, id="the first of validation"),
    ],
)
def test_a_frame_repeats_the_kept_one_if_picture_and_boxes_do(
    part: Split, image: Image, boxes: list[TrackBox], is_repeated: bool
) -> None:
    thinning = NearDuplicates(6)
    assert not thinning.is_duplicate(Split.TRAIN, PICTURE, [cup(0)])
    assert thinning.is_duplicate(part, image, boxes) is is_repeated


def test_frames_are_compared_with_the_last_kept_so_slow_motion_is_seen() -> None:
    thinning = NearDuplicates(6)
    kept = [x for x in range(60) if not thinning.is_duplicate(Split.TRAIN, PICTURE, [cup(x)])]
    assert kept == [0, 12, 24, 36, 48]


def test_distance_says_how_alike_pictures_must_be() -> None:
    for distance, is_repeated in ((0, False), (32, True)):
        thinning = NearDuplicates(distance)
        thinning.is_duplicate(Split.TRAIN, PICTURE, [])
        assert thinning.is_duplicate(Split.TRAIN, numbered_image(15, WH), []) is is_repeated


@pytest.fixture
def still(admin: User, queue: ListQueue) -> Video:
    """40 frames, a new picture every ten; a cup all along, a bus on frames 13 to 16."""
    video = add_video(admin)
    give_file(video, 40, shows=lambda n: (17, 3000, 1234, 700)[n // 10])
    annotate(admin, video, track("cup", 0, 39), track("bus", 13, 17, x=50), ranges=[(0, 39)])
    return video


WISH = {"sampling": THIN, "split": {"guard_frames": 0, "val_fraction": 0.25}, "seed": 3}


def test_a_thinned_set_keeps_each_picture_and_each_change_of_its_boxes(
    admin: User, still: Video
) -> None:
    ordered = plan_of(admin, spec(still.id, **WISH)).videos[0].used()
    part_starts = {b[0] for a, b in pairwise(ordered) if a[1] != b[1]}
    training_set, directory = built(admin, still, **WISH)
    statistics = statistics_in(training_set)
    kept = [frame.frame_index for frame in read_manifest(directory).frames]
    assert kept == sorted({0, 10, 13, 17, 20, 30} | part_starts)
    assert statistics.near_duplicates == 39 - len(kept)
    assert statistics.frames.total == len(kept) == len(list(directory.rglob("*.jpg")))
    assert statistics.boxes.total == sum(f.boxes for f in read_manifest(directory).frames)


def test_a_thinned_set_is_the_same_again(admin: User, still: Video) -> None:
    wish = WISH | {"negatives": {"background_crops": 0.5, "ratio": 1}}
    (first, one), (second, two) = (built(admin, still, **wish) for _ in range(2))
    assert one != two
    assert label_files(one) == label_files(two)
    pictures = [sorted(p.relative_to(d) for p in d.rglob("*.jpg")) for d in (one, two)]
    assert pictures[0] == pictures[1]
    assert all((one / p).read_bytes() == (two / p).read_bytes() for p in pictures[0])
    assert first.content_hash == second.content_hash
    assert (one / "manifest.json").read_bytes() == (two / "manifest.json").read_bytes()


def test_preview_of_a_thinned_set_is_an_upper_bound_and_says_so(admin: User, still: Video) -> None:
    found = preview(admin, spec(still.id, **WISH)).statistics
    training_set, _ = built(admin, still, **WISH)
    after = statistics_in(training_set)
    assert found.near_duplicates is None
    assert found.frames.total == after.frames.total + (after.near_duplicates or 0)


def test_without_thinning_nothing_is_left_out(admin: User, still: Video) -> None:
    assert preview(admin, spec(still.id)).statistics.near_duplicates == 0
    training_set, _ = built(admin, still)
    assert asdict(statistics_in(training_set))["near_duplicates"] == 0


@pytest.mark.parametrize("name", ["Car4", "Bike"])
def test_thinning_shrinks_real_video_and_follows_the_boxes(shared_data: Path, name: str) -> None:
    directory = shared_data / "dev/video_gt" / name
    (path,) = directory.glob("*.mp4")
    with (directory / "boxes.csv").open() as file:
        rows = {int(row["frame0"]): [float(row[k]) for k in "xywh"] for row in DictReader(file)}
    boxes = {frame: Box(x, y, x + w, y + h) for frame, (x, y, w, h) in rows.items()}
    index = scan(path, probe(path), Unwatched()).index
    thinning, kept = NearDuplicates(6), [0]
    with VideoReader(path, index) as reader:
        for frame, image in reader.read_many(range(200)):
            if not thinning.is_duplicate(Split.TRAIN, image, [TrackBox(1, 0, boxes[frame])]):
                kept.append(frame)
            assert iou(boxes[frame], boxes[kept[-1]]) >= 0.8
    assert 10 <= len(kept) <= 80
