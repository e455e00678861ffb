"""What differs between two built sets."""

from dataclasses import asdict
from typing import Any

import pytest

from tests.fake_queue import ListQueue
from tests.labelled import add_video, annotate, give_file, track
from tests.training_sets import built
from tpod_core.errors import Conflict
from tpod_core.models import TrainingSet, TrainingSetState, User, Video
from tpod_core.services import training_set_files
from tpod_core.services.training_set_files import ClassChanges, VideoChange

FRAMES = 30
WISH = {"split": {"guard_frames": 0}, "negatives": {"ratio": 10}}


@pytest.fixture
def video(admin: User, queue: ListQueue) -> Video:
    made = add_video(admin)
    give_file(made, FRAMES)
    annotate(admin, made, *first(), ranges=[(0, FRAMES)])
    return made


def first() -> list[Any]:
    return [track("cup", 0, 20), track("bus", 10, 15, x=50)]


def classes(older: TrainingSet, newer: TrainingSet) -> dict[str, ClassChanges]:
    return {row.name: row for row in training_set_files.diff(older, newer).classes}


def test_two_builds_of_the_same_are_identical(admin: User, video: Video) -> None:
    (older, _), (newer, _) = (built(admin, video, **WISH) for _ in range(2))
    found = training_set_files.diff(older, newer)
    assert found.identical and found.videos == ()
    assert asdict(found.frames) == {
        "added": 0,
        "removed": 0,
        "relabelled": 0,
        "moved": 0,
        "same": FRAMES,
    }


def test_boxes_that_came_went_and_moved_are_counted_per_class(admin: User, video: Video) -> None:
    older, _ = built(admin, video, **WISH)
    cups = [track("cup", 0, 12), track("cup", 12, 20, x=3), track("cup", 0, 4, x=90)]
    annotate(admin, video, *cups, track("bus", 12, 17, x=50), ranges=[(0, FRAMES)])
    newer, _ = built(admin, video, **WISH)
    found = training_set_files.diff(older, newer)
    assert found.classes == (
        ClassChanges("cup", before=20, after=24, added=4, removed=0, changed=8),
        ClassChanges("bus", before=5, after=5, added=2, removed=2, changed=0),
    )
    assert found.frames.relabelled == 4 + 2 + 8  # the bus left 10 and 11; 12 to 19 are in the 8
    assert found.videos == (VideoChange(1, "Kitchen", 1, 2),)
    assert not found.identical


def test_classes_are_compared_by_name_not_by_number(admin: User, video: Video) -> None:
    older, _ = built(admin, video, **WISH)
    newer, _ = built(admin, video, **WISH, labels=["bus", "cup"])
    found = training_set_files.diff(older, newer)
    assert not found.identical
    assert found.frames.relabelled == 0
    assert all(row.added == row.removed == row.changed == 0 for row in found.classes)


def test_a_class_that_went_lost_all_its_boxes(admin: User, video: Video) -> None:
    older, _ = built(admin, video, **WISH)
    newer, _ = built(admin, video, **WISH, labels=["cup"])
    assert classes(older, newer)["bus"] == ClassChanges("bus", 5, 0, 0, 5, 0)
    assert classes(newer, older)["bus"] == ClassChanges("bus", 0, 5, 5, 0, 0)


def test_frames_and_their_boxes_come_and_go_with_the_sampling(admin: User, video: Video) -> None:
    older, _ = built(admin, video, **WISH)
    newer, _ = built(admin, video, **WISH, sampling={"stride": 2})
    frames = training_set_files.diff(older, newer).frames
    assert (frames.added, frames.removed) == (0, FRAMES // 2)
    assert classes(older, newer)["cup"] == ClassChanges("cup", 20, 10, 0, 10, 0)


def test_frames_that_changed_their_part_have_moved(admin: User, video: Video) -> None:
    older, _ = built(admin, video, **WISH)
    newer, _ = built(admin, video, **WISH | {"split": {"guard_frames": 0, "val_fraction": 0.5}})
    found = training_set_files.diff(older, newer)
    assert found.frames.moved > 0
    assert found.frames.moved + found.frames.same == FRAMES
    assert not found.identical


def test_videos_that_came_are_named(admin: User, video: Video) -> None:
    other = add_video(admin, "Garden")
    give_file(other, FRAMES)
    annotate(admin, other, track("cup", 0, 20), ranges=[(0, FRAMES)])
    older, _ = built(admin, video, **WISH)
    both = [{"video_id": video.id}, {"video_id": other.id}]
    newer, _ = built(admin, video, **WISH, videos=both)
    assert training_set_files.diff(older, newer).videos == (VideoChange(2, "Garden", None, 1),)
    assert training_set_files.diff(newer, older).videos == (VideoChange(2, "Garden", 1, None),)


def test_background_crops_are_pictures_of_their_own(admin: User, video: Video) -> None:
    older, _ = built(admin, video, **WISH)
    crops = {"negatives": {"ratio": 10, "background_crops": 0.5}}
    newer, _ = built(admin, video, **WISH | crops)
    frames = training_set_files.diff(older, newer).frames
    assert frames.added > 0 and frames.removed == frames.relabelled == 0


def test_a_set_that_is_not_ready_is_not_compared(admin: User, video: Video) -> None:
    older, _ = built(admin, video)
    waiting = TrainingSet(owner_id=1, name="w", state=TrainingSetState.QUEUED)
    with pytest.raises(Conflict, match="not ready"):
        training_set_files.diff(older, waiting)
