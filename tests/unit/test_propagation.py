"""Boxes between key frames, as CVAT draws them; numbers by hand."""

import numpy as np
import pytest

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.annotations.document import KeyframeDoc
from tpod_core.annotations.interpolation import LINEAR, LOST, derive, derive_at, lost_spans, spans
from tpod_core.geometry import Box

START = KeyframeDoc(10, Box(0, 0, 10, 10))
END = KeyframeDoc(20, Box(100, 50, 130, 80))
GONE = KeyframeDoc(20, Box(100, 50, 130, 80), outside=True)
BACK = KeyframeDoc(30, Box(0, 0, 10, 10), occluded=True)


def test_derive_halfway_is_the_mean_of_both_key_frames() -> None:
    (shown, derived), *_ = derive([START, END], [15])
    assert shown.box == Box(50, 25, 70, 45)
    assert derived


def test_derive_on_a_key_frame_is_that_key_frame() -> None:
    assert list(derive([START, END], [10, 20])) == [(START, None), (END, None)]


def test_derive_before_the_first_key_frame_gives_no_box() -> None:
    assert list(derive([START], range(10))) == []


def test_derive_after_the_last_key_frame_holds_its_box() -> None:
    (shown, derived), *_ = derive([START], [5000])
    assert (shown.box, derived) == (START.box, LINEAR)


def test_derive_moves_towards_an_outside_key_frame_and_ends_there() -> None:
    shown = {keyframe.frame: keyframe.box for keyframe, _ in derive([START, GONE], range(15, 25))}
    assert sorted(shown) == [15, 16, 17, 18, 19]
    assert shown[15] == Box(50, 25, 70, 45)


def test_derive_from_an_outside_key_frame_to_the_next_gives_no_box() -> None:
    frames = [keyframe.frame for keyframe, _ in derive([START, GONE, BACK], range(18, 33))]
    assert frames == [18, 19, 30, 31, 32]


def test_derive_takes_occluded_from_the_key_frame_before() -> None:
    shown = {keyframe.frame: keyframe.occluded for keyframe, _ in derive([START, BACK], [29, 31])}
    assert shown == {29: False, 31: True}


def test_derive_at_agrees_with_derive_over_every_frame() -> None:
    keyframes = [START, GONE, BACK]
    whole = {keyframe.frame: keyframe for keyframe, _ in derive(keyframes, range(40))}
    assert {frame: derive_at(keyframes, frame) for frame in range(40)} == {
        frame: whole.get(frame) for frame in range(40)
    }


def test_derive_of_frames_with_gaps_agrees_with_every_frame() -> None:
    keyframes = [START, GONE, BACK, KeyframeDoc(35, Box(5, 5, 20, 20))]
    whole = dict(zip(*_split(derive(keyframes, range(60))), strict=True))
    gaps = [0, 3, 11, 19, 20, 33, 35, 59]
    sparse = dict(zip(*_split(derive(keyframes, gaps)), strict=True))
    assert sparse == {frame: whole[frame] for frame in gaps if frame in whole}


def _split(shown):  # type: ignore[no-untyped-def]
    pairs = list(shown)
    return [keyframe.frame for keyframe, _ in pairs], pairs


@pytest.mark.parametrize(
    ("keyframes", "expected"),
    [
        pytest.param([START], [(10, 100)], id="held to the end"),
        pytest.param([START, END], [(10, 20), (20, 100)], id="one per key frame"),
        pytest.param([START, GONE, BACK], [(10, 20), (30, 100)], id="gap while outside"),
        pytest.param([KeyframeDoc(100, START.box)], [], id="after the last frame"),
    ],
)
def test_spans_are_the_stretches_with_a_box(
    keyframes: list[KeyframeDoc], expected: list[tuple[int, int]]
) -> None:
    assert list(spans(keyframes, 100)) == expected


# Where tracking from the last key frame has ended.


def tracked(start: int, count: int) -> bytes:
    boxes = np.tile(np.float32([5, 5, 15, 15]), (count, 1))
    return DerivedBoxes(start, boxes, np.full(count, 0.5, np.float32)).to_bytes()


def test_box_beyond_the_tracked_ones_is_lost_where_the_object_was_seen_last() -> None:
    derived = {10: tracked(11, 4)}
    shown = {each.frame: (each.box, how) for each, how in derive([START], range(20), derived)}
    assert sorted(shown) == list(range(10, 20))
    assert [shown[frame][1].lost for frame in range(11, 17)] == [False] * 4 + [True] * 2
    assert shown[15] == (Box(5, 5, 15, 15), LOST)
    assert LOST.uncertainty == 1


def test_object_lost_at_once_leaves_the_key_frame_s_box() -> None:
    (shown, how), *_ = derive([START], [11], {10: tracked(11, 0)})
    assert (shown.box, how) == (START.box, LOST)


def test_straight_line_has_no_probable_end() -> None:
    assert {how for _, how in derive([START, END], range(11, 60)) if how} == {LINEAR}
    assert not LINEAR.lost and LINEAR.uncertainty is None


def test_box_after_a_person_confirms_it_is_not_lost() -> None:
    confirmed = KeyframeDoc(30, Box(5, 5, 15, 15))
    derived = {10: tracked(11, 4), 30: tracked(31, 6)}
    lost = [
        each.frame for each, how in derive([START, confirmed], range(40), derived) if how == LOST
    ]
    assert lost == [*range(15, 30), 37, 38, 39]


@pytest.mark.parametrize(
    ("keyframes", "derived", "boxes", "lost"),
    [
        pytest.param([START], {}, [(10, 100)], [], id="not tracked"),
        pytest.param([START], {10: tracked(11, 89)}, [(10, 100)], [], id="tracked to the end"),
        pytest.param([START], {10: tracked(11, 4)}, [(10, 15)], [(15, 100)], id="lost"),
        pytest.param([START], {10: tracked(11, 0)}, [(10, 11)], [(11, 100)], id="lost at once"),
        pytest.param(
            [START, GONE], {10: tracked(11, 4)}, [(10, 15)], [(15, 20)], id="lost before its end"
        ),
        pytest.param(
            [START, END], {10: tracked(11, 200)}, [(10, 20), (20, 100)], [], id="tracked too far"
        ),
    ],
)
def test_spans_leave_lost_boxes_out(
    keyframes: list[KeyframeDoc],
    derived: dict[int, bytes],
    boxes: list[tuple[int, int]],
    lost: list[tuple[int, int]],
) -> None:
    assert list(spans(keyframes, 100, derived)) == boxes
    assert list(lost_spans(keyframes, 100, derived)) == lost
    sure = [each.frame for each, how in derive(keyframes, range(100), derived) if how != LOST]
    assert sure == [frame for start, stop in boxes for frame in range(start, stop)]
