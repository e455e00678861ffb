"""Canvas <-> boxes. A frame of 200x100 on a canvas of 400x200, unless said otherwise."""

from typing import Any

import pytest

from pages._shared.canvas import (
    DrawnBox,
    ShownBox,
    Surface,
    fit,
    invalid_reason,
    is_unmoved,
    read_drawing,
    resized,
    to_drawing,
)
from tpod_core.geometry import Box

SURFACE = Surface((400, 200), (200, 100))
KNOWN = ShownBox(21, "cup", "#ff0000", Box(10, 20, 50, 60))


def stroke_rect(left: float, top: float, width: float, height: float, **more: Any) -> dict:
    """A rectangle as the canvas reports it: ``left`` and ``top`` are the stroke's outer edge."""
    place = {"left": left, "top": top, "width": width, "height": height, "strokeWidth": 2}
    return {"type": "LabeledRect", "label": "cup"} | place | more


def drawn(*new: dict, known: tuple[ShownBox, ...] = (KNOWN,)) -> dict:
    """What the canvas answers after ``new`` was drawn over the ``known`` boxes."""
    return {"objects": [*to_drawing("7:1", SURFACE, known)["objects"], *new]}


def boxes_of(raw: dict) -> tuple[DrawnBox, ...]:
    drawing = read_drawing(raw)
    assert drawing
    return drawing.boxes


@pytest.mark.parametrize(
    ("room", "canvas"),
    [((800, 600), (800, 400)), ((800, 300), (600, 300))],
    ids=["width decides", "height decides"],
)
def test_fit_is_the_largest_canvas_of_the_frames_proportions(room, canvas):
    assert fit((200, 100), room) == Surface(canvas, (200, 100))


def test_fit_never_leaves_the_room():
    assert fit((640, 360), (366, 999)).canvas_wh == (366, 205)  # 205.9 high


def test_answer_says_which_drawing_it_is_of_and_how_large_the_canvas_was():
    drawing = read_drawing(drawn())
    assert drawing
    assert (drawing.name, drawing.canvas_wh) == ("7:1", (400, 200))


def test_answer_without_a_name_belongs_nowhere():
    assert read_drawing({"objects": [stroke_rect(0, 0, 50, 50)]}) is None
    assert read_drawing(None) is None


def test_label_that_looks_like_a_name_is_still_a_box():
    raw = drawn(stroke_rect(10, 10, 50, 50, label="__8:1"))
    drawing = read_drawing(raw)
    assert drawing
    assert drawing.name == "7:1"
    assert [box.label for box in drawing.boxes] == ["cup", "__8:1"]


def test_untouched_box_is_where_it_was_put():
    (box,) = boxes_of(drawn())
    assert box == DrawnBox(21, "cup", Box(20, 40, 100, 120))
    assert is_unmoved(box, KNOWN.box, SURFACE)


def test_box_that_moved_a_tenth_of_a_pixel_is_elsewhere():
    raw = drawn()
    raw["objects"][1]["left"] += 0.1
    assert not is_unmoved(boxes_of(raw)[0], KNOWN.box, SURFACE)


def test_new_box_is_the_middle_of_its_stroke():
    box = boxes_of(drawn(stroke_rect(99, 49, 60, 80)))[1]
    assert box == DrawnBox(None, "cup", Box(100, 50, 160, 130))
    assert SURFACE.to_frame(box.box) == Box(50, 25, 80, 65)


def test_resized_box_counts_its_scale():
    raw = drawn()
    raw["objects"][1] |= {"scaleX": 1.5, "scaleY": 0.5}
    assert SURFACE.to_frame(boxes_of(raw)[0].box) == Box(10, 20, 70, 40)


def test_origin_of_the_canvas_library_does_not_matter():
    centred = stroke_rect(130, 90, 60, 80, originX="center", originY="center")
    assert boxes_of(drawn(centred)) == boxes_of(drawn(stroke_rect(99, 49, 60, 80)))


def test_box_over_the_border_is_cut_at_it():
    assert SURFACE.to_frame(Box(-30, 150, 70, 250)) == Box(0, 75, 35, 100)


def test_edge_near_the_border_snaps_to_it():
    box = SURFACE.to_frame(Box(2, 50, 398, 130))
    assert (box.x1, box.x2) == (0, 200)


@pytest.mark.parametrize(
    ("rect", "is_tap"),
    [
        (stroke_rect(99, 49, 2, 2), True),
        (stroke_rect(99, 49, 4, 4), True),
        (stroke_rect(99, 49, 5, 4), False),
        (stroke_rect(99, 49, 2, 2, strokeDashOffset=21), False),
    ],
    ids=["click", "click with a tremble", "drag", "shrunken box of a track"],
)
def test_tap_is_told_from_a_box(rect, is_tap):
    assert boxes_of(drawn(rect))[1].is_tap == is_tap


@pytest.mark.parametrize(
    ("rect", "word"),
    [
        (stroke_rect(99, 49, 8, 80), "smaller than 5 pixels"),
        (stroke_rect(450, 49, 80, 80), "smaller than 5 pixels"),
        (stroke_rect(99, 49, 60, 80, angle=30), "upright"),
        (stroke_rect(99, 49, 60, 80, skewX=10), "upright"),
        (stroke_rect(float("nan"), 49, 60, 80), "smaller than 5 pixels"),
    ],
    ids=["thin", "outside", "turned", "skewed", "not a number"],
)
def test_unusable_box_is_refused_with_a_word(rect, word):
    box = boxes_of(drawn(rect))[1]
    assert word in invalid_reason(box, SURFACE.to_frame(box.box))


def test_usable_box_is_not_refused():
    box = boxes_of(drawn(stroke_rect(99, 49, 10, 10)))[1]
    assert invalid_reason(box, SURFACE.to_frame(box.box)) == ""


def test_dashed_boxes_are_dashed_and_others_solid():
    derived = ShownBox(22, "cup", "#ff0000", Box(0, 0, 5, 5), is_dashed=True)
    _, solid, dashed = to_drawing("7:1", SURFACE, (KNOWN, derived))["objects"]
    assert dashed["strokeDashArray"]
    assert solid["strokeDashArray"] is None


def test_smaller_boxes_lie_on_top_of_larger_ones():
    sizes = (20, 90, 50)
    boxes = [ShownBox(n, "cup", "#ff0000", Box(0, 0, n, n)) for n in sizes]
    assert [box.number for box in boxes_of(drawn(known=tuple(boxes)))] == [90, 50, 20]


def test_resized_drawing_has_its_boxes_in_the_same_place_of_the_frame():
    raw = drawn(stroke_rect(99, 49, 30, 40, scaleX=2, scaleY=2))
    smaller = read_drawing(resized(raw, (200, 100)))
    assert smaller
    assert smaller.canvas_wh == (200, 100)
    assert [box.box for box in smaller.boxes] == [Box(10, 20, 50, 60), Box(50, 25, 80, 65)]
    assert [box.number for box in smaller.boxes] == [21, None]
