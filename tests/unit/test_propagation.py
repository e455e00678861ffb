"""Boxes between key frames, as CVAT draws them; numbers by hand."""

import pytest

from tpod_core.annotations.document import KeyframeDoc
from tpod_core.annotations.interpolation import LINEAR, derive, derive_at, spans
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
