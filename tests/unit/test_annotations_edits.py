"""Edits on tracks as values: what each act does to the boxes that a person sees."""

import pytest

from tpod_core.annotations.document import KeyframeDoc, TrackState
from tpod_core.annotations.edits import Annotations, Edited, apply
from tpod_core.annotations.interpolation import derive
from tpod_core.annotations.operations import (
    ClearRange,
    DeleteTrack,
    EditOp,
    EndTrack,
    HideBox,
    MarkRange,
    PutBox,
    RelabelTrack,
    RemoveKeyframe,
    SetOccluded,
)
from tpod_core.annotations.validator import AnnotationValidator
from tpod_core.errors import InvalidInput
from tpod_core.geometry import Box

DOOR = AnnotationValidator(100, (640, 360), {"cup": 1, "bus": 2}, frozenset({"cup", "bus", "cat"}))
MOVING = TrackState(
    1,
    {
        0: KeyframeDoc(0, Box(0, 0, 10, 10)),
        40: KeyframeDoc(40, Box(400, 0, 410, 10)),
        60: KeyframeDoc(60, Box(600, 0, 610, 10)),
    },
)
BEFORE = Annotations({7: MOVING})


def edited(*edits: EditOp, before: Annotations = BEFORE) -> Edited:
    return apply(before, edits, DOOR)


def the_new_track(after: Edited) -> TrackState:
    (state,) = after.new_tracks.values()
    return state


def boxes(annotations: Annotations | Edited, track_id: int = 7) -> dict[int, Box]:
    return boxes_of(annotations.tracks[track_id])


def boxes_of(state: TrackState) -> dict[int, Box]:
    keyframes = state.ordered()
    return {shown.frame: shown.box for shown, _ in derive(keyframes, range(DOOR.frame_count))}


def assert_same(found: dict[int, Box], expected: dict[int, Box]) -> None:
    assert found.keys() == expected.keys()
    for frame, box in found.items():
        assert box.xyxy == pytest.approx(expected[frame].xyxy), f"frame {frame}"


def test_put_box_without_a_track_makes_a_new_one() -> None:
    after = edited(PutBox(5, Box(1, 2, 30, 40), "cup"))
    assert the_new_track(after) == TrackState(1, {5: KeyframeDoc(5, Box(1, 2, 30, 40))})
    assert after.tracks[7] == MOVING


def test_put_box_on_a_derived_frame_adds_a_key_frame() -> None:
    after = boxes(edited(PutBox(20, Box(0, 100, 10, 110), track_id=7)))
    assert after[20] == Box(0, 100, 10, 110)
    assert after[10] == Box(0, 50, 10, 60)


def test_put_box_is_clipped_to_the_frame() -> None:
    after = edited(PutBox(5, Box(-20, 300, 30, 500), "cup"))
    assert the_new_track(after).keyframes[5].box == Box(0, 300, 30, 360)


@pytest.mark.parametrize(
    "box",
    [
        pytest.param(Box(0, 0, 4.9, 50), id="narrow"),
        pytest.param(Box(637, 0, 700, 50), id="narrow once clipped"),
        pytest.param(Box(700, 0, 800, 50), id="beside the frame"),
        pytest.param(Box(50, 50, 10, 10), id="corners exchanged"),
        pytest.param(Box(0, 0, float("nan"), 50), id="not a number"),
        pytest.param(Box(0, 0, float("inf"), 50), id="infinite"),
    ],
)
def test_put_box_refuses_a_bad_box_and_names_it(box: Box) -> None:
    with pytest.raises(InvalidInput) as refused:
        edited(MarkRange(0, 1), PutBox(5, box, "cup"))
    assert refused.value.field == "ops[1].box"


def test_hide_box_takes_one_frame_and_leaves_every_other_as_it_was() -> None:
    before, after = boxes(BEFORE), boxes(edited(HideBox(7, 20)))
    assert 20 not in after
    assert_same(after, {f: box for f, box in before.items() if f != 20})


def test_hide_box_on_a_key_frame_leaves_every_other_frame_as_it_was() -> None:
    before, after = boxes(BEFORE), boxes(edited(HideBox(7, 40)))
    assert_same(after, {f: box for f, box in before.items() if f != 40})


def test_hide_box_on_the_last_frame_of_the_video_ends_the_track_there() -> None:
    assert max(boxes(edited(HideBox(7, 99)))) == 98


def test_end_track_removes_every_later_box_and_no_earlier_one() -> None:
    before, after = boxes(BEFORE), boxes(edited(EndTrack(7, 50)))
    assert_same(after, {f: box for f, box in before.items() if f < 50})


def test_remove_keyframe_derives_the_frame_again() -> None:
    assert boxes(edited(RemoveKeyframe(7, 40)))[30] == Box(300, 0, 310, 10)
    assert boxes(edited(RemoveKeyframe(7, 60)))[99] == Box(400, 0, 410, 10)


@pytest.mark.parametrize(
    "edit", [RemoveKeyframe(7, 3), HideBox(7, 99), EndTrack(7, 3)], ids=lambda e: type(e).__name__
)
def test_the_only_box_of_a_track_is_never_taken_silently(edit: EditOp) -> None:
    frame = 99 if isinstance(edit, HideBox) else 3
    lone = Annotations({7: TrackState(1, {frame: KeyframeDoc(frame, Box(0, 0, 10, 10))})})
    with pytest.raises(InvalidInput, match="Delete the track instead"):
        edited(edit, before=lone)


def test_delete_track_removes_it_whole() -> None:
    assert edited(DeleteTrack(7)).tracks == {}


def test_relabel_track_keeps_its_boxes() -> None:
    after = edited(RelabelTrack(7, "bus"))
    assert after.tracks[7].label_id == 2
    assert boxes(after) == boxes(BEFORE)


def test_set_occluded_holds_until_the_next_key_frame() -> None:
    keyframes = edited(SetOccluded(7, 50, True)).tracks[7].ordered()
    occluded = [shown.frame for shown, _ in derive(keyframes, range(100)) if shown.occluded]
    assert occluded == list(range(50, 60))


def test_marked_ranges_that_touch_become_one() -> None:
    assert edited(MarkRange(0, 10), MarkRange(20, 30), MarkRange(10, 20)).ranges == ((0, 30),)


def test_clear_range_cuts_a_hole() -> None:
    assert edited(MarkRange(0, 30), ClearRange(10, 20)).ranges == ((0, 10), (20, 30))


@pytest.mark.parametrize(
    ("edit", "field", "sentence"),
    [
        (PutBox(100, Box(0, 0, 9, 9), "cup"), "ops[0].frame", "frames 0 to 99"),
        (PutBox(-1, Box(0, 0, 9, 9), "cup"), "ops[0].frame", "no frame -1"),
        (PutBox(1, Box(0, 0, 9, 9), track_id=70), "ops[0].track_id", "no track 70"),
        (HideBox(70, 1), "ops[0].track_id", "no track 70"),
        (RemoveKeyframe(7, 41), "ops[0].frame", "no key frame 41"),
        (RelabelTrack(7, "dog"), "ops[0].label", 'no label "dog"'),
        (RelabelTrack(7, "cat"), "ops[0].label", "not in this video's list"),
        (MarkRange(10, 10), "ops[0].stop", "a start before the stop"),
        (MarkRange(0, 101), "ops[0].stop", "between 0 and 100"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_edit_that_cannot_be_done_names_its_field(
    edit: EditOp, field: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput, match=sentence) as refused:
        edited(edit)
    assert refused.value.field == field
