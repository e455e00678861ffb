"""The app's follower: a real process beside it, told of edits, started again when it dies."""

import json
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from tests.labelled import add_video, give_file
from tests.unit.test_annotations import boxes, edit
from tpod_core import db
from tpod_core.geometry import Box
from tpod_core.models import User, Video, saved_id
from tpod_core.propagation.immediate_process import (
    WORKER_MODULE,
    immediate_propagation,
    is_busy_with,
)
from tpod_core.propagation.immediate_worker import decode_edit, encode_edit
from tpod_core.propagation.requests import Touched
from tpod_core.services.annotations import PutBox

FRAMES = 40
BOX = Box(40, 30, 80, 70)
PATIENCE_S = 60.0

pytestmark = pytest.mark.slow


@pytest.fixture
def video(admin: User, queue: object) -> Video:
    made = add_video(admin)
    give_file(made, FRAMES)
    return made


@pytest.fixture
def running(video: Video) -> Iterator[None]:
    with immediate_propagation():
        yield


def eventually(claim: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def followers() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [each for each in children if WORKER_MODULE in each.cmdline()]


def is_followed(video: Video) -> bool:
    return any(box.source == "visual" for box in boxes(video, 20, 21)[20])


def boxes_revision(video: Video) -> int:
    with db.read_session() as session:
        return session.get_one(Video, video.id).boxes_revision


@pytest.mark.usefixtures("running")
def test_edit_is_followed_by_another_process_and_its_end_is_told(admin: User, video: Video) -> None:
    edit(admin, video, PutBox(10, BOX, "cup"))
    assert is_busy_with(saved_id(video))
    assert eventually(lambda: not is_busy_with(saved_id(video)))
    assert is_followed(video)
    # Once for the boxes, and once more for the rest after them.
    assert eventually(lambda: boxes_revision(video) >= 2)


@pytest.mark.usefixtures("running")
def test_follower_that_dies_leaves_nobody_waiting_and_the_next_edit_finds_another(
    admin: User, video: Video
) -> None:
    edit(admin, video, PutBox(10, BOX, "cup"))
    (first,) = followers()
    first.kill()
    assert eventually(lambda: not is_busy_with(saved_id(video)))
    edit(admin, video, PutBox(12, BOX, "bus"))
    assert eventually(lambda: is_followed(video))
    (second,) = followers()
    assert second.pid != first.pid


def test_follower_ends_with_the_block(video: Video) -> None:
    with immediate_propagation():
        (process,) = followers()
    assert not process.is_running()


@pytest.mark.usefixtures("running")
def test_follower_gives_way_to_the_app() -> None:
    (process,) = followers()
    assert eventually(lambda: process.nice() > psutil.Process().nice())


def test_edit_reaches_the_process_as_it_was() -> None:
    touched = Touched(2, 7, frozenset({3, 1}), 10, 40)
    line = encode_edit(touched, 5)
    assert line.count("\n") == 1
    assert decode_edit(json.loads(line)) == touched
