"""Segments, derived boxes and their bytes; what is weighed when paths are fused."""

import numpy as np
import pytest

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.box_arrays import iou
from tpod_core.geometry import Box
from tpod_core.propagation.class_detections import ClassDetections
from tpod_core.propagation.detector_evidence import raise_uncertainty
from tpod_core.tracking.boxes import Boxes, to_center_form, to_corner_form
from tpod_core.tracking.fusion import Paths, fuse
from tpod_core.tracking.hmm import BACKWARD, BOTH, FORWARD, NEITHER, posterior
from tpod_core.tracking.segments import Anchor, Segment
from tpod_core.tracking.uncertainty import best_correction, size_jumps

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
    np.testing.assert_allclose(to_corner_form(to_center_form(boxes)), boxes)


def test_believe_trusts_both_pursuits_that_agree_against_the_straight_line() -> None:
    agreeing, apart = np.ones(50), np.zeros(50)
    belief = posterior(agreeing, [(apart, apart)], np.array([0.5, 0.5]))
    assert belief.marginal[:, BOTH].min() > 0.9
    assert belief.hypothesis[0] > 0.9


def test_believe_trusts_each_pursuit_near_its_own_end_when_they_never_meet() -> None:
    belief = posterior(np.zeros(60), [], np.array([1.0]))
    early, middle, late = belief.marginal[5], belief.marginal[30], belief.marginal[-6]
    assert early.argmax() == FORWARD and late.argmax() == BACKWARD
    assert middle.argmax() == NEITHER


def test_believe_lets_the_pursuit_win_that_a_plain_path_confirms() -> None:
    near, far = np.full(40, 0.9), np.zeros(40)
    belief = posterior(np.zeros(40), [(near, far)], np.array([0.5, 0.5]))
    assert belief.hypothesis[1] > 0.9
    assert belief.marginal[20, FORWARD] > 0.9


def test_fuse_takes_the_way_that_both_pursuits_saw() -> None:
    count = 41
    bow = np.sin(np.linspace(0, np.pi, count))[:, None] * [0, 80, 0, 80]
    straight = moved(count, 1.0)
    paths = Paths(straight + bow, straight + bow, straight, straight)
    fused = fuse(paths, [])
    assert iou(fused.boxes_xyxy, straight + bow).min() > 0.95
    assert fused.expected_iou.min() > 0.9


def test_fuse_promises_least_where_nothing_agrees() -> None:
    count = 201
    apart = np.linspace(0, 600, count)[:, None] * [1, 0, 1, 0]
    straight = moved(count, 1.0)
    sideways = apart[:, [1, 0, 1, 0]]
    fused = fuse(Paths(straight + apart, straight - sideways[::-1], straight, straight), [])
    assert fused.expected_iou[100] < 0.5 < fused.expected_iou[2]


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


def seen_on(found: dict[int, list[Box]]) -> ClassDetections:
    """What was seen on the frames that were looked at."""
    numbers = [number for number, boxes in enumerate(found.values()) for _ in boxes]
    rows = [box.xyxy for boxes in found.values() for box in boxes]
    frames = np.array(list(found), np.int32)
    return ClassDetections.of(
        frames, np.array(numbers, np.intp), np.array(rows, np.float32).reshape(-1, 4)
    )


def test_raise_uncertainty_raises_the_uncertainty_where_a_detector_saw_nothing() -> None:
    boxes = doubted(7, [0, 0, 0.9, 0])
    (less_sure,) = raise_uncertainty([boxes], seen_on({7: [SQUARE], 8: [], 9: [], 30: []}))
    assert less_sure.uncertainty.tolist() == pytest.approx([0, 0.5, 0.9, 0])
    assert boxes.uncertainty.tolist() == pytest.approx([0, 0, 0.9, 0])


def test_raise_uncertainty_is_the_share_that_the_best_detection_leaves_open() -> None:
    beside, wide = Box(5, 0, 15, 10), Box(0, 0, 20, 10)  # IoU 1/3 and 1/2
    (less_sure,) = raise_uncertainty(
        [doubted(0, [0])], seen_on({0: [beside, wide, Box(90, 0, 99, 9)]})
    )
    assert less_sure.uncertainty.tolist() == pytest.approx([0.25])


def test_raise_uncertainty_counts_as_much_as_the_detector_is_worth() -> None:
    nothing = seen_on({0: []})
    (half,) = raise_uncertainty([doubted(0, [0.1])], nothing, 0.5)
    (none,) = raise_uncertainty([doubted(0, [0.1])], nothing, 0.0)
    assert half.uncertainty.tolist() == pytest.approx([0.25])
    assert none.uncertainty.tolist() == pytest.approx([0.1])


def test_raise_uncertainty_of_several_stretches_keeps_them_apart() -> None:
    stretches = [doubted(3, [0, 0]), doubted(0, []), doubted(4, [0, 0.75])]
    found = raise_uncertainty(stretches, seen_on({4: [], 5: [SQUARE]}))
    assert [each.start for each in found] == [3, 0, 4]
    assert [each.uncertainty.tolist() for each in found] == [[0, 0.5], [], [0.5, 0.75]]


def test_overlaps_are_those_of_every_pair_on_a_frame() -> None:
    rng = np.random.default_rng(7)
    corner = rng.uniform(0, 600, (4000, 2))
    rows = np.hstack([corner, corner + rng.uniform(1, 200, (4000, 2))])
    frames, mine = rng.integers(0, 60, 4000), slice(0, 1000)
    looked = np.arange(0, 60, 2)
    theirs = np.flatnonzero((frames % 2 == 0) & (np.arange(4000) >= 1000))
    seen = ClassDetections.of(looked, frames[theirs] // 2, rows[theirs])
    same = frames[mine][:, None] == frames[theirs][None]
    every = (iou(rows[mine][:, None], rows[theirs][None]) * same).max(1)
    expected = np.where(frames[mine] % 2 == 0, every, np.nan)
    np.testing.assert_allclose(seen.overlaps(frames[mine], rows[mine]), expected, rtol=1e-5)


def test_frames_that_were_never_looked_at_have_no_overlap() -> None:
    row = np.array([SQUARE.xyxy])
    assert np.isnan(seen_on({}).overlaps(np.array([3]), row)).all()
    assert np.isnan(seen_on({2: [SQUARE]}).overlaps(np.array([1, 3]), row.repeat(2, 0))).all()


def doubted(start: int, doubt: list[float]) -> DerivedBoxes:
    rows = np.array([SQUARE.xyxy] * len(doubt), np.float32).reshape(-1, 4)
    return DerivedBoxes(start, rows, np.array(doubt, np.float32))


def test_correction_of_a_stretch_is_where_half_of_its_doubt_and_length_lies_before() -> None:
    found = best_correction(doubted(11, [0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.5]))
    assert found
    assert found.frame == 16
    assert found.uncertainty == 0.5


def test_of_two_stretches_as_doubtful_in_all_the_longer_one_is_corrected_first() -> None:
    long = best_correction(doubted(1, [0.25, 0.5, 0.25, 0]))
    short = best_correction(doubted(11, [0.5, 0.5]))
    assert long and short
    assert long.weight > short.weight


def test_long_stretch_of_little_doubt_weighs_more_than_a_moment_of_much() -> None:
    long = best_correction(doubted(1, [0.01] * 100))
    short = best_correction(doubted(111, [1.0] * 5))
    assert long and short
    assert long.weight > short.weight


def test_sure_stretch_has_no_correction() -> None:
    assert best_correction(doubted(1, [])) is None
    assert best_correction(doubted(4, [0, 0])) is None
    assert best_correction(doubted(4, [0, 0.5]))
