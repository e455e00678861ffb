"""Validation pictures that nearly equal training pictures: by their distance, and as they look."""

import json
from collections.abc import Iterator
from csv import DictReader
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fake_queue import ListQueue
from tests.jobs import run_job
from tests.labelled import add_video, annotate, give_file, track
from tests.moving_scene import MovingScene, texture
from tests.training_sets import now, plan_of, preview, spec
from tests.unwatched import Unwatched
from tpod_core import db
from tpod_core.geometry import Box, clip
from tpod_core.models import TrainingSet, User, Video
from tpod_core.services import training_sets
from tpod_core.services.training_sets import Leakage, Statistics, TrainingSetSpec, statistics_in
from tpod_core.training_sets.boxes import TrackBox
from tpod_core.training_sets.leakage import leaky_frames
from tpod_core.training_sets.likeness import LikenessSearch
from tpod_core.training_sets.signatures import MAX_BOXES, Signature, signature_of
from tpod_core.training_sets.split import Split
from tpod_core.video.orientation import Image
from tpod_core.video.probe import probe
from tpod_core.video.reader import VideoReader
from tpod_core.video.scan import scan
from workers import build_training_set

# By distance


def add_clip(user: User, frames: int, fps: float) -> Video:
    """A clip with a cup on all frames but the last."""
    video = add_video(user, f"{frames} at {fps}", ["cup"], frames)
    with db.transaction() as session:
        session.get_one(Video, video.id).fps = fps
    annotate(user, video, track("cup", 0, frames - 1), ranges=[(0, frames)])
    return video


def leakage_of(statistics: Statistics) -> Leakage:
    assert statistics.split.leakage is not None
    return statistics.split.leakage


@pytest.mark.parametrize(
    ("frames", "fps", "within_frames"),
    [
        pytest.param(9, 30, 30, id="a short clip"),
        pytest.param(90, 30, 30, id="three seconds"),
        pytest.param(40, 0.4, 2, id="a low rate"),
        pytest.param(40, 1, 2, id="a collection of pictures"),
    ],
)
def test_neighbours_of_training_leak_in_the_preview(
    admin: User, frames: int, fps: float, within_frames: int
) -> None:
    found = preview(admin, spec(add_clip(admin, frames, fps).id))
    leakage = leakage_of(found.statistics)
    assert leakage.frames > 0
    assert (leakage.within_frames, leakage.alike) == (within_frames, None)
    (finding,) = (each for each in found.findings.listed if each.kind == "leakage")
    assert f"within {within_frames} frames" in finding.sentence


@pytest.mark.parametrize(
    ("frames", "fps", "leaky"),
    [
        pytest.param(9, 30, 2, id="a tenth of a second is always near"),
        pytest.param(40, 0.4, 0, id="a frame two seconds later may show something else"),
    ],
)
def test_pictures_that_differ_leak_only_if_they_are_very_near(
    admin: User, frames: int, fps: float, leaky: int
) -> None:
    videos = plan_of(admin, spec(add_clip(admin, frames, fps).id)).videos
    assert [len(each) for each in leaky_frames(videos, {})] == [leaky]


def test_alike_frames_leak_whatever_their_distance(admin: User) -> None:
    video = add_clip(admin, 40, 0.4)
    videos = plan_of(admin, spec(video.id)).videos
    held = videos[0].frames_of(Split.VAL).tolist()
    (found,) = leaky_frames(videos, {video.id or 0: held[2:4]})
    assert found.tolist() == held[2:4]


# As pictures look


def look(
    x: float, y: float = 120, *, label: int = 0, ground: int = 1, content: int = 2
) -> Signature:
    """The signature of a textured object at ``x``, ``y`` before a textured, unmoving ground."""
    scene = MovingScene(lambda frame: (x, y))
    box = scene.box(0)
    image = texture(240, 320, seed=ground, grain=4.0)
    left, top, right, bottom = (round(edge) for edge in box.xyxy)
    image[top:bottom, left:right] = texture(56, 40, seed=content)
    return signature_of(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), [TrackBox(1, label, box)])


def is_alike(validation: Signature, *training: Signature) -> bool:
    search = LikenessSearch()
    for each in training:
        search.add(Split.TRAIN, 1, 0, each)
    search.add(Split.VAL, 2, 7, validation)
    return search.alike_frames() == {2: [7]}


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(look(100), True, id="the same picture"),
        pytest.param(look(104), True, id="moved by a tenth of its width"),
        pytest.param(look(125), False, id="moved by more than half its width"),
        pytest.param(look(100, 150), False, id="moved down by half its height"),
        pytest.param(look(260), False, id="moved across the picture"),
        pytest.param(look(100, content=9), False, id="another object in its place"),
        pytest.param(look(100, label=1), False, id="another class"),
        pytest.param(look(100, ground=8), False, id="another scene"),
    ],
)
def test_pictures_are_alike_if_the_whole_and_the_object_are(
    other: Signature, expected: bool
) -> None:
    assert is_alike(other, look(260, content=5), look(100)) is expected


def crowd(*places: float) -> Signature:
    boxes = [TrackBox(n, 0, Box(x, 10, x + 20, 40)) for n, x in enumerate(places)]
    image = cv2.cvtColor(texture(240, 320, seed=1), cv2.COLOR_GRAY2BGR)
    return signature_of(image, boxes)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        pytest.param((0, 50, 100, 150), True, id="all"),
        pytest.param((0, 50, 200, 250), True, id="two of four"),
        pytest.param((0, 200, 240, 280), False, id="one of four"),
        pytest.param((0,), False, id="one where the other has four"),
    ],
)
def test_half_of_the_boxes_must_agree(places: tuple[float, ...], expected: bool) -> None:
    assert is_alike(crowd(*places), crowd(0, 50, 100, 150)) is expected


def test_pictures_without_boxes_are_not_compared() -> None:
    assert not is_alike(crowd(), crowd())


def test_without_training_pictures_nothing_is_alike() -> None:
    assert not is_alike(crowd(0))


def test_plain_objects_agree_if_their_brightness_does() -> None:
    def plain(value: int) -> Signature:
        image = cv2.cvtColor(texture(240, 320, seed=1, grain=4.0), cv2.COLOR_GRAY2BGR)
        image[100:116, 100:116] = value
        return signature_of(image, [TrackBox(1, 0, Box(100, 100, 116, 116))])

    assert is_alike(plain(100), plain(110))
    assert not is_alike(plain(100), plain(200))


def test_box_narrower_than_a_pixel_at_the_edge_has_a_look() -> None:
    image = np.zeros((1, 4, 3), np.uint8)
    found = signature_of(image, [TrackBox(1, 0, Box(3.98, 0, 4, 0.02))])
    assert found.looks.shape == (1, 64)


def test_only_the_largest_boxes_are_compared() -> None:
    image = np.zeros((90, 90, 3), np.uint8)
    boxes = [TrackBox(n, n, Box(0, 0, 1 + n, 1 + n)) for n in range(MAX_BOXES + 3)]
    assert signature_of(image, boxes).class_ids.min() == 3


# Built sets


def built_of(user: User, wanted: TrainingSetSpec) -> TrainingSet:
    with db.read_session() as session:
        draft = training_sets.prepare(session, user, "cups", wanted)
    with db.transaction() as session:
        made = training_sets.create(session, user, draft)
    assert made.job_id is not None
    run_job(made.job_id, build_training_set.run)
    return now(user, made)


def test_picture_that_another_file_has_too_is_counted(admin: User, queue: ListQueue) -> None:
    kitchen, garden = (add_video(admin, name, ["cup"]) for name in ("Kitchen", "Garden"))
    give_file(kitchen, 6, shows=lambda n: 500 + 300 * n)
    give_file(garden, 6, shows=lambda n: 800 if n == 4 else 95 + 300 * n)
    for video in (kitchen, garden):
        annotate(admin, video, track("cup", 0, 5, x=60), ranges=[(0, 6)])
    wanted = spec(kitchen.id, garden.id, split={"val_videos": [garden.id]})
    assert leakage_of(preview(admin, wanted).statistics).frames == 0
    statistics = statistics_in(built_of(admin, wanted))
    leakage = leakage_of(statistics)
    assert (leakage.frames, leakage.alike) == (1, 1)
    assert leakage.share == pytest.approx(1 / statistics.frames.val, abs=1e-4)
    assert [video.leaky for video in statistics.videos] == [0, 1]


def test_slow_clip_is_measured_when_it_is_built(admin: User, queue: ListQueue) -> None:
    for standing, alike in ((True, 3), (False, 0)):
        video = add_video(admin, f"{standing}", ["cup"])
        give_file(video, 15, shows=lambda n, still=standing: 700 if still else 37 + 270 * n)
        with db.transaction() as session:
            session.get_one(Video, video.id).fps = 0.4
        annotate(admin, video, track("cup", 0, 14, x=60), ranges=[(0, 14)])
        leakage = leakage_of(statistics_in(built_of(admin, spec(video.id))))
        assert (leakage.frames, leakage.alike) == (alike, alike)


def test_set_of_an_earlier_version_says_that_likeness_was_not_measured(admin: User) -> None:
    raw = json.loads(json.dumps(asdict(preview(admin, spec(add_clip(admin, 9, 30).id)).statistics)))
    del raw["split"]["leakage"]["alike"]
    assert leakage_of(Statistics.from_json(raw)).alike is None


# Real films


def signatures(shared_data: Path, name: str, count: int, step: int = 1) -> Iterator[Signature]:
    """Of every ``step``-th frame, with the boxes of its truth."""
    directory = shared_data / "dev/video_gt" / name
    (path,) = directory.glob("*.mp4")
    boxes: dict[int, list[Box]] = {}
    with (directory / "boxes.csv").open() as file:
        for row in DictReader(file):
            x, y, w, h = (float(row[key]) for key in "xywh")
            boxes.setdefault(int(row["frame0"]), []).append(Box(x, y, x + w, y + h))
    with VideoReader(path, scan(path, probe(path), Unwatched()).index) as reader:
        for frame, image in reader.read_many(range(0, count * step, step)):
            yield signature_of(image, on_frame(image, boxes.get(frame, [])))


def on_frame(image: Image, boxes: list[Box]) -> list[TrackBox]:
    frame_wh = (image.shape[1], image.shape[0])
    inside = [clip(box, frame_wh) for box in boxes]
    return [TrackBox(n, 0, box) for n, box in enumerate(inside) if box.area > 0]


def test_films_of_different_scenes_have_nothing_alike(shared_data: Path) -> None:
    search = LikenessSearch()
    for each in signatures(shared_data, "Car4", 60, step=5):
        search.add(Split.TRAIN, 1, 0, each)
    for frame, each in enumerate(signatures(shared_data, "jogging", 60, step=5)):
        search.add(Split.VAL, 2, frame, each)
    assert search.alike_frames() == {}


@pytest.mark.parametrize("name", ["Bike", "Car4", "jogging"])
def test_next_frame_of_a_film_is_alike(shared_data: Path, name: str) -> None:
    taken = list(signatures(shared_data, name, 60))
    alike = [is_alike(each, before) for before, each in pairwise(taken)]
    assert np.mean(alike) > 0.95
