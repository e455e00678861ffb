"""Canvas <-> boxes. A frame of 200x100 on a canvas of 400x200, unless said otherwise."""

from typing import Any

import pytest

from pages._labeling.canvas import Surface, Visit, changes, drawing_of, fit, read_drawing
from tpod_core.geometry import Box
from tpod_core.services.annotations import FrameBox, PutBox

SURFACE = Surface((400, 200), (200, 100))
VISIT = Visit(frame=7, revision=3, token="a")
KNOWN = FrameBox(21, "cup", Box(10, 20, 50, 60), "linear", occluded=False, keyframe=False)
COLORS = {"cup": "#ff0000", "black cat": "#00ff00"}


def stroke_rect(left: float, top: float, width: float, height: float, **more: Any) -> dict:
    """A rectangle as fabric reports it: ``left`` and ``top`` are the stroke's outer edge."""
    place = {"left": left, "top": top, "width": width, "height": height, "strokeWidth": 2}
    return {"type": "LabeledRect", "label": "cup"} | place | more


def drawn(*new: dict, known: tuple[FrameBox, ...] = (KNOWN,)) -> dict:
    """What the canvas answers after ``new`` was drawn over the ``known`` boxes."""
    objects = drawing_of(VISIT, SURFACE, known, COLORS)["objects"]
    return {"objects": [*objects, *new]}


def edits_of(raw: dict, adopted: tuple[int, ...] = (), known: tuple[FrameBox, ...] = (KNOWN,)):
    return changes(read_drawing(raw), VISIT, SURFACE, known, adopted).edits


@pytest.mark.parametrize(
    ("stage", "canvas"),
    [((800, 600), (800, 400)), ((800, 300), (600, 300))],
    ids=["width decides", "height decides"],
)
def test_fit_is_the_largest_canvas_of_the_frames_proportions(stage, canvas):
    assert fit((200, 100), stage) == Surface(canvas, (200, 100))


def test_sentinel_comes_back_with_the_drawing():
    assert read_drawing(drawn()).sentinel == "__7:3:a"


@pytest.mark.parametrize(
    "other",
    [Visit(8, 3, "a"), Visit(7, 4, "a"), Visit(7, 3, "b")],
    ids=["frame", "revision", "stay"],
)
def test_sentinel_tells_every_other_visit_apart(other):
    assert other.sentinel != VISIT.sentinel


def test_drawing_without_sentinel_belongs_to_no_visit():
    assert read_drawing({"objects": [stroke_rect(0, 0, 50, 50)]}).sentinel == ""
    assert read_drawing(None).sentinel == ""


def test_label_that_looks_like_a_sentinel_is_still_a_box():
    drawing = read_drawing(drawn(stroke_rect(10, 10, 50, 50, label="__8:3:a")))
    assert drawing.sentinel == VISIT.sentinel
    assert [box.label for box in drawing.boxes] == ["cup 21", "__8:3:a"]


def test_untouched_drawing_changes_nothing():
    assert edits_of(drawn()) == ()


def test_new_box_is_the_middle_of_its_stroke_in_frame_pixels():
    assert edits_of(drawn(stroke_rect(99, 49, 60, 80))) == (
        PutBox(7, Box(50, 25, 80, 65), label="cup"),
    )


def test_new_box_keeps_any_printable_label():
    (edit,) = edits_of(drawn(stroke_rect(99, 49, 60, 80, label="black cat")))
    assert edit.label == "black cat"


def test_moved_box_becomes_a_key_frame_of_its_own_track():
    raw = drawn()
    raw["objects"][1]["left"] += 20
    assert edits_of(raw) == (PutBox(7, Box(20, 20, 60, 60), track_id=21),)


def test_resized_box_counts_its_scale():
    raw = drawn()
    raw["objects"][1] |= {"scaleX": 1.5, "scaleY": 0.5}
    assert edits_of(raw) == (PutBox(7, Box(10, 20, 70, 40), track_id=21),)


def test_moved_box_stays_partly_hidden():
    hidden = FrameBox(21, "cup", Box(10, 20, 50, 60), "linear", occluded=True, keyframe=False)
    raw = drawn(known=(hidden,))
    raw["objects"][1]["left"] += 20
    (edit,) = edits_of(raw, known=(hidden,))
    assert edit.occluded


def test_origin_of_the_canvas_library_does_not_matter():
    centred = stroke_rect(130, 90, 60, 80, originX="center", originY="center")
    assert edits_of(drawn(centred)) == edits_of(drawn(stroke_rect(99, 49, 60, 80)))


def test_commit_twice_makes_one_track():
    raw = drawn(stroke_rect(99, 49, 60, 80))
    saved = FrameBox(22, "cup", Box(50, 25, 80, 65), "manual", occluded=False, keyframe=True)
    assert edits_of(raw, adopted=(22,), known=(KNOWN, saved)) == ()


def test_new_box_moved_after_its_save_stays_the_same_track():
    raw = drawn(stroke_rect(119, 49, 60, 80))
    saved = FrameBox(22, "cup", Box(50, 25, 80, 65), "manual", occluded=False, keyframe=True)
    assert edits_of(raw, adopted=(22,), known=(KNOWN, saved)) == (
        PutBox(7, Box(60, 25, 90, 65), track_id=22),
    )


def test_second_new_box_is_told_from_the_first():
    raw = drawn(stroke_rect(99, 49, 60, 80), stroke_rect(199, 49, 60, 80))
    saved = FrameBox(22, "cup", Box(50, 25, 80, 65), "manual", occluded=False, keyframe=True)
    assert edits_of(raw, adopted=(22,), known=(KNOWN, saved)) == (
        PutBox(7, Box(100, 25, 130, 65), label="cup"),
    )


def test_box_over_the_border_is_cut_at_it():
    (edit,) = edits_of(drawn(stroke_rect(-31, 149, 100, 100)))
    assert edit.box == Box(0, 75, 35, 100)


def test_edge_near_the_border_snaps_to_it():
    (edit,) = edits_of(drawn(stroke_rect(1, 49, 396, 80)))
    assert (edit.box.x1, edit.box.x2) == (0, 200)


@pytest.mark.parametrize(
    ("box", "word"),
    [
        (stroke_rect(99, 49, 4, 4), "at least 5 pixels"),
        (stroke_rect(99, 49, 80, 8), "at least 5 pixels"),
        (stroke_rect(450, 49, 80, 80), "at least 5 pixels"),
        (stroke_rect(99, 49, 60, 80, angle=30), "upright"),
        (stroke_rect(99, 49, 60, 80, skewX=10), "upright"),
        (stroke_rect(99, 49, 60, 80, label=""), "needs a label"),
        (stroke_rect(float("nan"), 49, 60, 80), "at least 5 pixels"),
    ],
    ids=["click", "thin", "outside", "turned", "skewed", "no label", "not a number"],
)
def test_unusable_box_is_refused_with_a_word(box, word):
    found = changes(read_drawing(drawn(box)), VISIT, SURFACE, (KNOWN,))
    assert found.edits == ()
    assert [word in reason for reason in found.refused] == [True]


def test_box_of_a_track_that_is_gone_is_not_drawn_again():
    assert edits_of(drawn(), known=()) == ()


def test_derived_boxes_are_dashed_and_key_frames_solid():
    fixed = FrameBox(22, "cup", Box(50, 25, 80, 65), "manual", occluded=False, keyframe=True)
    _, derived, keyframe = drawing_of(VISIT, SURFACE, (KNOWN, fixed), COLORS)["objects"]
    assert derived["strokeDashArray"]
    assert keyframe["strokeDashArray"] is None


def test_boxes_carry_their_track_and_label_on_the_canvas():
    _, box = drawing_of(VISIT, SURFACE, (KNOWN,), COLORS)["objects"]
    assert (box["strokeDashOffset"], box["label"], box["stroke"]) == (21, "cup 21", "#ff0000")
