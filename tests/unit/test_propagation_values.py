"""Segments, derived boxes and their bytes; what is weighed when paths are fused."""

import numpy as np
import pytest

from tpod_core.box_arrays import iou
from tpod_core.geometry import Box
from tpod_core.propagation.belief import BACKWARD, BOTH, FORWARD, NEITHER, believe
from tpod_core.propagation.boxes import Boxes, cornered, placed
from tpod_core.propagation.fusion import Paths, fuse
from tpod_core.propagation.segments import Anchor, DerivedBoxes, Segment
from tpod_core.propagation.uncertainty import disagreement, size_jumps, worst_frame

SQUARE = Box(0, 0, 10, 10)


def some_boxes() -> DerivedBoxes:
    rows = np.array([[0.5, 1.25, 10, 20], [1, 2, 11, 21]], np.float32)
    return DerivedBoxes(7, rows, np.array([0.0, 1.0], np.float32))


def moved(count: int, speed: float) -> Boxes:
    """A 40 by 40 box that moves to the right by ``speed`` pixels a frame."""
    box = np.array([100.0, 100, 140, 140])
    return np.stack([box + np.array([speed * n, 0, speed * n, 0]) for n in range(count)])


def test_derived_boxes_survive_their_bytes() -> None:
    boxes = some_boxes()
    again = DerivedBoxes.from_bytes(boxes.to_bytes())
    assert again.start == 7
    np.testing.assert_array_equal(again.boxes_xyxy, boxes.boxes_xyxy)
    np.testing.assert_array_equal(again.uncertainty, boxes.uncertainty)


@pytest.mark.parametrize("content", [b"", b"XXXX" + bytes(30), None], ids=["none", "other", "cut"])
def test_derived_boxes_refuse_other_bytes(content: bytes | None) -> None:
    with pytest.raises(ValueError, match="derived boxes"):
        DerivedBoxes.from_bytes(some_boxes().to_bytes()[:-1] if content is None else content)


def test_derived_boxes_are_found_by_frame() -> None:
    boxes = some_boxes()
    assert boxes.box_at(8) == Box(1, 2, 11, 21)
    assert boxes.uncertainty_at(8) == 1
    assert boxes.box_at(6) is None and boxes.box_at(9) is None
    assert boxes.uncertainty_at(6) is None and boxes.uncertainty_at(9) is None


def test_segment_refuses_a_stop_before_its_start() -> None:
    with pytest.raises(ValueError, match="cannot stop"):
        Segment(Anchor(5, SQUARE), None, 5)


def test_segment_refuses_a_right_box_on_another_frame() -> None:
    with pytest.raises(ValueError, match="cannot stop"):
        Segment(Anchor(5, SQUARE), Anchor(9, SQUARE), 8)


def test_iou_of_half_shifted_squares_is_a_third() -> None:
    assert iou(np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2]]))[0] == pytest.approx(1 / 3)


def test_placed_boxes_come_back_as_corners() -> None:
    boxes = moved(3, 2.0)
    np.testing.assert_allclose(cornered(placed(boxes)), boxes)


def test_believe_trusts_both_pursuits_that_agree_against_the_straight_line() -> None:
    agreeing, apart = np.ones(50), np.zeros(50)
    belief = believe(agreeing, [(apart, apart)], np.array([0.5, 0.5]))
    assert belief.marginal[:, BOTH].min() > 0.9
    assert belief.hypothesis[0] > 0.9


def test_believe_trusts_each_pursuit_near_its_own_end_when_they_never_meet() -> None:
    belief = believe(np.zeros(60), [], np.array([1.0]))
    early, middle, late = belief.marginal[5], belief.marginal[30], belief.marginal[-6]
    assert early.argmax() == FORWARD and late.argmax() == BACKWARD
    assert middle.argmax() == NEITHER


def test_believe_lets_the_pursuit_win_that_a_plain_path_confirms() -> None:
    near, far = np.full(40, 0.9), np.zeros(40)
    belief = believe(np.zeros(40), [(near, far)], np.array([0.5, 0.5]))
    assert belief.hypothesis[1] > 0.9
    assert belief.marginal[20, FORWARD] > 0.9


def test_fuse_takes_the_way_that_both_pursuits_saw() -> None:
    count = 41
    bow = np.sin(np.linspace(0, np.pi, count))[:, None] * [0, 80, 0, 80]
    straight = moved(count, 1.0)
    paths = Paths(straight + bow, straight + bow, straight, straight)
    fused = fuse(paths, [])
    assert iou(fused.boxes_xyxy, straight + bow).min() > 0.95
    assert fused.promise.min() > 0.9


def test_fuse_promises_least_where_nothing_agrees() -> None:
    count = 201
    apart = np.linspace(0, 600, count)[:, None] * [1, 0, 1, 0]
    straight = moved(count, 1.0)
    sideways = apart[:, [1, 0, 1, 0]]
    fused = fuse(Paths(straight + apart, straight - sideways[::-1], straight, straight), [])
    assert fused.promise[100] < 0.5 < fused.promise[2]


def test_fuse_shrinks_small_deviations_more_when_the_track_is_known_to_go_straight() -> None:
    count = 41
    bow = np.sin(np.linspace(0, np.pi, count))[:, None] * [0, 5, 0, 5]
    straight = moved(count, 1.0)
    paths = Paths(straight + bow, straight + bow, straight, straight)
    unknown, known = fuse(paths, []), fuse(paths, [np.zeros(4)] * 2)
    off = [np.abs(fused.boxes_xyxy - straight).max() for fused in (unknown, known)]
    assert off[1] < 0.9 * off[0]


def test_size_jumps_shows_the_frame_where_the_size_doubles() -> None:
    boxes = moved(5, 0.0)
    boxes[3:, 2:] += 40
    assert size_jumps(boxes).tolist() == [0, 0, 0, 1, 0]


def test_disagreement_raises_the_uncertainty_where_a_detector_saw_nothing() -> None:
    boxes = DerivedBoxes(7, np.array([SQUARE.xyxy] * 3, np.float32), np.zeros(3, np.float32))
    doubted = disagreement(boxes, {7: [SQUARE], 8: [], 30: []})
    assert doubted.uncertainty.tolist() == [0, 0.5, 0]
    assert boxes.uncertainty.tolist() == [0, 0, 0]


def doubted(start: int, doubt: list[float]) -> DerivedBoxes:
    rows = np.array([SQUARE.xyxy] * len(doubt), np.float32)
    return DerivedBoxes(start, rows, np.array(doubt, np.float32))


def test_worst_frame_is_the_middle_of_the_most_uncertain_stretch() -> None:
    peak, broad = doubted(1, [0, 0.9, 0]), doubted(11, [0.1, 0.4, 0.4, 0.4, 0.1])
    assert worst_frame([peak, broad]) == 13


def test_worst_frame_of_sure_boxes_is_none() -> None:
    assert worst_frame([]) is None
    assert worst_frame([doubted(1, [0, 0])]) is None
