"""Gaps filled from real files by the real algorithm, a damaged stretch included."""

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.labelled import add_video, annotate
from tests.unit.test_annotations import boxes, edit
from tests.unwatched import Unwatched
from tpod_core import db
from tpod_core.geometry import Box, iou
from tpod_core.models import User, Video, saved_id
from tpod_core.propagation.updating import fill_all
from tpod_core.services import propagation
from tpod_core.services.annotations import KeyframeDoc, PutBox, TrackDoc
from tpod_core.storage import get_storage
from tpod_core.video.probe import probe
from tpod_core.video.scan import scan
from tpod_core.video.source import index_key
from tpod_core.video.writing import write_video

FRAMES, WH = 60, (320, 240)
SIDE = 48
pytestmark = pytest.mark.usefixtures("queue")


def true_box(frame: int) -> Box:
    """Along a wide arc, far from the straight line between its ends."""
    x = 20 + frame * (WH[0] - SIDE - 40) / FRAMES
    y = 170 - 150 * math.sin(math.pi * frame / FRAMES)
    return Box(x, y, x + SIDE, y + SIDE)


def scene() -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(3)
    ground = random.integers(90, 150, (WH[1] // 8, WH[0] // 8, 3), dtype=np.uint8)
    ground = ground.repeat(8, axis=0).repeat(8, axis=1)
    thing = random.integers(0, 255, (SIDE // 6, SIDE // 6, 3), dtype=np.uint8)
    thing = thing.repeat(6, axis=0).repeat(6, axis=1)
    images = []
    for frame in range(FRAMES):
        image = ground.copy()
        x, y = round(true_box(frame).x1), round(true_box(frame).y1)
        image[y : y + SIDE, x : x + SIDE] = thing
        images.append(image)
    return images


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scene") / "scene.mp4"
    write_video(path, iter(scene()), 30)
    return path


@pytest.fixture
def video(admin: User, file: Path) -> Video:
    made = add_video(admin, frame_count=FRAMES)
    key = f"videos/{made.id}/source.mp4"
    path = get_storage().path(key)
    path.parent.mkdir(parents=True)
    path.write_bytes(file.read_bytes())
    index = scan(path, probe(path), Unwatched()).index
    get_storage().write(index_key(key), index.to_bytes())
    with db.transaction() as session:
        row = session.get_one(Video, made.id)
        row.source_key = row.playback_key = key
        (row.width, row.height), row.frame_count = WH, len(index)
    return made


def draw_both_ends(admin: User, video: Video) -> None:
    (track_id,) = edit(admin, video, PutBox(2, true_box(2), "cup")).track_ids
    edit(admin, video, PutBox(FRAMES - 2, true_box(FRAMES - 2), track_id=track_id))


def agreement(video: Video) -> float:
    shown = boxes(video, 3, FRAMES - 2)
    return float(np.mean([iou(found[0].box, true_box(frame)) for frame, found in shown.items()]))


def fill(video: Video) -> None:
    fill_all(saved_id(video), Unwatched(), db.transaction)


def test_boxes_follow_an_object_that_leaves_the_straight_line(admin: User, video: Video) -> None:
    draw_both_ends(admin, video)
    straight = agreement(video)
    fill(video)
    assert straight < 0.3
    assert agreement(video) > 0.7
    with db.read_session() as session:
        worst = propagation.status(session, session.get_one(Video, video.id)).worst
    assert worst is not None
    assert 4 < worst.frame < FRAMES - 4


def test_a_damaged_stretch_costs_itself_and_is_told(admin: User, video: Video) -> None:
    draw_both_ends(admin, video)
    _damage(get_storage().path(f"videos/{video.id}/source.mp4"))
    fill(video)
    shown = boxes(video, 3, FRAMES - 2)
    assert all(len(found) == 1 for found in shown.values())
    assert max(found[0].uncertainty or 0 for found in shown.values()) == 1
    with db.read_session() as session:
        (warning,) = session.get_one(Video, video.id).warnings
    assert "cannot be read any more" in warning


def _damage(path: Path) -> None:
    """Overwrite a stretch of coded pictures: the file opens, some frames do not decode right."""
    content = bytearray(path.read_bytes())
    start = len(content) // 2
    content[start : start + 400] = bytes(400)
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("width", "height"), [(12, 0.4), (1, 1), (4, 4), (0.01, 300), (3, 3)], ids=str
)
def test_boxes_of_far_objects_are_followed_however_small(
    admin: User, video: Video, width: float, height: float
) -> None:
    left = min(100.0, WH[0] - width)
    small = Box(left, 20, left + width, min(20 + height, WH[1]))
    keys = tuple(KeyframeDoc(frame, small) for frame in (2, 30))
    annotate(admin, video, TrackDoc(None, "cup", keys))
    fill(video)
    for frame, (found, *_) in boxes(video, 2, FRAMES).items():
        x1, y1, x2, y2 = found.box.xyxy
        assert 0 <= x1 < x2 <= WH[0] and 0 <= y1 < y2 <= WH[1], (frame, found)
