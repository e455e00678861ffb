"""What a person makes of a detector's boxes. A frame of 200x100 on a canvas of 400x200."""

from typing import Any

import pytest

from pages._shared.canvas import Surface
from pages._try_it.correction import Correction
from tests.unit.test_canvas import stroke_rect
from tpod_core.geometry import Box
from tpod_core.inference.detection_filter import FoundBox
from tpod_core.inference.proposals import TakenBox

SURFACE = Surface((400, 200), (200, 100))
CUP = FoundBox("cup", 0, 0.9, Box(10, 20, 50, 60))
BUS = FoundBox("bus", 1, 0.5, Box(100, 20, 140, 60))
COLORS = {"cup": "#ff0000", "bus": "#00ff00"}


@pytest.fixture
def correction() -> Correction:
    """A cup and a bus were found and are on the canvas, untouched."""
    made = Correction("frame")
    made.show({1: CUP, 2: BUS}, SURFACE, COLORS)
    return made


def objects(correction: Correction) -> list[dict[str, Any]]:
    """The name of the drawing, the cup, and the bus; all of one size, in the order given."""
    return [dict(each) for each in correction.drawing["objects"]]


def move_the_cup(correction: Correction) -> None:
    raw = objects(correction)
    raw[1]["left"] += 20
    correction.receive_answer({"objects": raw})


def test_untouched_boxes_stay_the_detectors(correction: Correction):
    correction.receive_answer({"objects": objects(correction)})
    assert correction.boxes() == [TakenBox("cup", CUP.box), TakenBox("bus", BUS.box)]
    assert not correction.is_touched


def test_moved_box_is_the_persons(correction: Correction):
    move_the_cup(correction)
    moved = TakenBox("cup", Box(20, 20, 60, 60), by_hand=True)
    assert correction.boxes() == [moved, TakenBox("bus", BUS.box)]


def test_box_that_was_put_back_is_the_detectors_again(correction: Correction):
    move_the_cup(correction)
    correction.receive_answer({"objects": objects(correction)})
    assert not correction.is_touched


def test_renamed_box_is_the_persons(correction: Correction):
    raw = objects(correction)
    raw[1]["label"] = "teapot"
    correction.receive_answer({"objects": raw})
    assert correction.boxes()[0] == TakenBox("teapot", CUP.box, by_hand=True)


def test_deleted_box_is_not_taken(correction: Correction):
    correction.receive_answer({"objects": objects(correction)[:2]})
    assert [box.label for box in correction.boxes()] == ["cup"]


def test_added_box_is_the_persons(correction: Correction):
    new = stroke_rect(199, 99, 60, 80)
    correction.receive_answer({"objects": [*objects(correction), new]})
    assert correction.boxes()[2] == TakenBox("cup", Box(100, 50, 130, 90), by_hand=True)


def test_tap_is_no_box(correction: Correction):
    correction.receive_answer({"objects": [*objects(correction), stroke_rect(199, 99, 4, 4)]})
    assert not correction.is_touched


@pytest.mark.parametrize(
    ("more", "word"),
    [({"label": " "}, "no label"), ({"angle": 20}, "upright"), ({"width": 6}, "smaller")],
    ids=["no label", "turned", "thin"],
)
def test_box_that_can_be_no_label_is_refused(correction: Correction, more, word):
    new = stroke_rect(199, 99, 60, 80) | more
    correction.receive_answer({"objects": [*objects(correction), new]})
    assert [word in sentence for sentence in correction.refused] == [True]
    assert len(correction.boxes()) == 2


def test_correction_outlives_another_filter_and_another_size(correction: Correction):
    move_the_cup(correction)
    new = stroke_rect(199, 99, 60, 80)
    raw = objects(correction)
    raw[1]["left"] += 20
    correction.receive_answer({"objects": [*raw[:2], new]})  # The bus is deleted, a cup is added.
    before = correction.boxes()
    correction.show({1: CUP}, SURFACE, COLORS)
    correction.show({1: CUP, 2: BUS}, Surface((200, 100), (200, 100)), COLORS)
    correction.receive_answer({"objects": objects(correction)})
    assert correction.boxes() == before


def test_answer_about_another_drawing_is_not_taken(correction: Correction):
    late = objects(correction)[:1]
    correction.show({1: CUP}, SURFACE, COLORS)
    correction.receive_answer({"objects": late})
    assert [box.label for box in correction.boxes()] == ["cup"]


def test_canvas_that_had_another_frame_begins_with_what_was_corrected(correction: Correction):
    move_the_cup(correction)
    correction.redraw(COLORS)
    correction.receive_answer({"objects": objects(correction)})
    assert correction.boxes()[0].box == Box(20, 20, 60, 60)


def test_boxes_are_used_once_for_each_time_asked(correction: Correction):
    correction.ask()
    assert not correction.pop_due()
    correction.end_wait()
    assert correction.pop_due()
    assert not correction.pop_due()
    assert not correction.is_pending
