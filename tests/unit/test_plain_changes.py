"""What was drawn in the plain mode, as edits. A frame of 200x100 on a canvas of 400x200."""

from typing import Any

import pytest

from pages._labeling.plain_changes import Changes, find_changes, to_edits, without_deleted_tracks
from pages._shared.canvas import ShownBox, Surface, read_drawing, to_drawing
from tests.unit.test_canvas import stroke_rect
from tpod_core.geometry import Box
from tpod_core.services.annotations import (
    DeleteTrack,
    FrameBox,
    HideBox,
    PutBox,
    RelabelTrack,
)

GIVEN = FrameBox(21, "cup", Box(10, 20, 50, 60), "linear", occluded=True, keyframe=False)
SURFACE = Surface((400, 200), (200, 100))


def objects(*new: dict[str, Any]) -> list[dict[str, Any]]:
    """The name of the drawing, the box of track 21, and ``new`` ones."""
    given = ShownBox(21, "cup", "#ff0000", GIVEN.box)
    return [*to_drawing("7:1", SURFACE, [given])["objects"], *new]


def read(items: list[dict[str, Any]]) -> Changes:
    drawing = read_drawing({"objects": items})
    assert drawing
    return find_changes(drawing, 7, (200, 100), [GIVEN], ["cup", "black cat"])


def test_untouched_drawing_changes_nothing():
    assert read(objects()) == Changes()
    assert read(objects()).count == 0


def test_new_box_is_put_with_its_label():
    found = read(objects(stroke_rect(99, 49, 60, 80, label="black cat")))
    assert found == Changes(puts=(PutBox(7, Box(50, 25, 80, 65), "black cat"),))


def test_moved_box_becomes_a_key_frame_of_its_own_track_and_stays_occluded():
    moved = objects()
    moved[1]["left"] += 20
    put = PutBox(7, Box(20, 20, 60, 60), "cup", track_id=21, occluded=True)
    assert read(moved) == Changes(puts=(put,))


def test_renamed_box_renames_its_track_in_the_spelling_of_the_list():
    renamed = objects()
    renamed[1]["label"] = " Black CAT"
    assert read(renamed) == Changes(relabels=(RelabelTrack(21, "black cat"),))


def test_box_that_was_moved_and_renamed_counts_once():
    both = objects()
    both[1] |= {"label": "black cat", "left": 90}
    assert read(both).count == 1


def test_box_deleted_on_the_canvas_is_removed():
    assert read(objects()[:1]) == Changes(removed=(21,))


def test_second_box_with_the_same_track_is_a_new_one():
    twice = objects()
    found = read([*twice, dict(twice[1], left=199)])
    assert found.puts == (PutBox(7, Box(100, 20, 140, 60), "cup"),)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"label": ""}, "no label"),
        ({"label": "dog"}, '"dog" is not in this video'),
        ({"angle": 30}, "upright"),
        ({"width": 6}, "smaller than 5 pixels"),
    ],
    ids=["no label", "unknown label", "turned", "thin"],
)
def test_unusable_box_is_refused_and_counted(more, word):
    found = read(objects(stroke_rect(99, 49, 60, 80) | more))
    assert found.puts == ()
    assert [word in sentence for sentence in found.refused] == [True]
    assert found.count == 1


def test_taps_are_counted_apart():
    found = read(objects(stroke_rect(99, 49, 4, 4)))
    assert (found.taps, found.count) == (1, 0)


def test_removed_box_is_hidden_on_its_frame_alone():
    assert to_edits(Changes(removed=(21, 22)), 7, set(), {22}) == [HideBox(21, 7)]


def test_only_a_track_that_was_asked_about_is_deleted():
    assert to_edits(Changes(removed=(21, 22)), 7, {21}, set()) == [DeleteTrack(21), HideBox(22, 7)]


def test_box_of_a_track_that_is_gone_begins_a_new_one():
    box = Box(0, 0, 50, 50)
    wanted = [PutBox(7, box, "cup", 21), RelabelTrack(21, "cup"), HideBox(22, 7)]
    assert without_deleted_tracks(wanted, {22}) == [PutBox(7, box, "cup"), HideBox(22, 7)]
