"""Merging, splitting and accepting tracks: as values, and through the log and back."""

from dataclasses import replace

import pytest
from sqlmodel import select

from tests.labelled import add_video, annotate, track
from tests.unit.test_annotations import content, document, edit, take_back
from tests.unit.test_annotations_edits import (
    BEFORE,
    DOOR,
    MOVING,
    boxes,
    boxes_of,
    edited,
    the_new_track,
)
from tpod_core import db
from tpod_core.annotations.document import TrackState
from tpod_core.annotations.edits import Annotations
from tpod_core.errors import InvalidInput
from tpod_core.geometry import Box
from tpod_core.models import Edit, KeyframeSource, User, Video
from tpod_core.services import annotations
from tpod_core.services.annotations import (
    AcceptTracks,
    AddTrack,
    EditOp,
    EndTrack,
    HideBox,
    KeyframeDoc,
    MergeTracks,
    PutBox,
    SetOccluded,
    SplitTrack,
    TrackDoc,
)
from tpod_core.training_sets.labelled_videos import load_labelled_video

BOX = Box(10, 20, 60, 80)
ENDED = TrackState(1, {0: KeyframeDoc(0, BOX), 20: KeyframeDoc(20, BOX, outside=True)})
LATER = TrackState(2, {50: KeyframeDoc(50, BOX), 60: KeyframeDoc(60, BOX, outside=True)})
LONE = TrackState(2, {30: KeyframeDoc(30, BOX)})


@pytest.fixture
def video(admin: User) -> Video:
    return add_video(admin)


def merged(first: TrackState, second: TrackState) -> TrackState:
    before = Annotations({7: first, 9: second})
    after = edited(MergeTracks(7, 9), before=before).tracks
    assert after == edited(MergeTracks(7, 9), before=before).tracks
    assert list(after) == [7]
    return after[7]


def frames_of(state: TrackState) -> set[int]:
    return set(boxes(Annotations({7: state})))


def test_merge_keeps_the_gap_after_an_end() -> None:
    state = merged(ENDED, LATER)
    assert frames_of(state) == {*range(20), *range(50, 60)}
    assert state.label_id == ENDED.label_id


def test_merge_into_the_later_track_gives_the_same_boxes() -> None:
    assert merged(LATER, ENDED).keyframes == merged(ENDED, LATER).keyframes


def test_merge_bridges_where_the_earlier_track_had_not_ended() -> None:
    going_on = TrackState(1, {0: KeyframeDoc(0, BOX)})
    assert frames_of(merged(going_on, LATER)) == set(range(60))


def test_merge_begins_where_the_earlier_ended_on_the_same_frame() -> None:
    at_once = TrackState(2, {20: KeyframeDoc(20, BOX), 60: KeyframeDoc(60, BOX, outside=True)})
    assert frames_of(merged(ENDED, at_once)) == set(range(60))


def test_merge_drops_an_end_on_the_way_of_the_other() -> None:
    around = TrackState(2, {10: KeyframeDoc(10, BOX), 40: KeyframeDoc(40, BOX, outside=True)})
    assert frames_of(merged(ENDED, around)) == set(range(40))


def test_merge_keeps_an_end_beyond_a_box_that_is_merely_held() -> None:
    assert frames_of(merged(LATER, LONE)) == set(range(30, 60))


def test_merge_of_boxes_on_the_same_frames_names_them() -> None:
    other = TrackState(1, {frame: KeyframeDoc(frame, BOX) for frame in range(0, 100, 10)})
    with pytest.raises(InvalidInput, match="key frame on frames 0, 40, 60") as refused:
        edited(MergeTracks(7, 9), before=Annotations({7: MOVING, 9: other}))
    assert refused.value.field == "ops[0].other_id"


def test_merge_of_many_boxes_on_the_same_frames_names_some() -> None:
    dense = TrackState(1, {frame: KeyframeDoc(frame, BOX) for frame in range(9)})
    with pytest.raises(InvalidInput, match="frames 0, 1, 2, 3, 4 and 4 more"):
        merged(dense, dense)


@pytest.mark.parametrize("proposed", [(True, True), (True, False), (False, True)])
def test_merge_with_an_accepted_track_is_accepted(proposed: tuple[bool, bool]) -> None:
    state = merged(replace(ENDED, proposed=proposed[0]), replace(LATER, proposed=proposed[1]))
    assert state.proposed is all(proposed)


def test_split_gives_two_tracks_with_the_same_boxes_on_every_frame() -> None:
    before, after = boxes(BEFORE), edited(SplitTrack(7, 50))
    first, second = boxes(after, 7), boxes_of(the_new_track(after))
    assert (set(first), set(second)) == (set(range(50)), set(range(50, 100)))
    whole = first | second
    assert all(whole[f].xyxy == pytest.approx(before[f].xyxy) for f in before)
    assert the_new_track(after).label_id == MOVING.label_id


def test_split_on_a_key_frame_gives_it_to_the_second_track() -> None:
    after = edited(SplitTrack(7, 40))
    assert the_new_track(after).keyframes == {f: k for f, k in MOVING.keyframes.items() if f >= 40}


def test_split_then_merge_is_the_same_boxes_again() -> None:
    parts = edited(SplitTrack(7, 50))
    assert boxes_of(merged(parts.tracks[7], the_new_track(parts))) == boxes(BEFORE)


@pytest.mark.parametrize("frame", [0, 30], ids=["its first box", "gone there"])
def test_split_where_nothing_is_left_is_refused(frame: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        edited(SplitTrack(7, frame), before=Annotations({7: ENDED}))
    assert refused.value.field == "ops[0].frame"


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (MergeTracks(7, 7), "other_id"),
        (MergeTracks(7, 70), "other_id"),
        (MergeTracks(70, 7), "track_id"),
        (SplitTrack(70, 5), "track_id"),
        (SplitTrack(7, 100), "frame"),
        (HideBox(7, 100), "frame"),
        (EndTrack(7, 100), "frame"),
        (SetOccluded(7, 100, True), "frame"),
        (AcceptTracks((7, 70)), "track_ids[1]"),
        (AddTrack(TrackDoc(None, "dog", (KeyframeDoc(1, BOX),))), "track.label"),
        (AddTrack(TrackDoc(None, "cup", (KeyframeDoc(100, BOX),))), "track.keyframes[0].frame"),
        (AddTrack(TrackDoc(None, "cup", (KeyframeDoc(1, BOX),), True, 1.5)), "track.score"),
    ],
    ids=str,
)
def test_what_cannot_be_done_names_its_field(edit: EditOp, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        edited(edit)
    assert refused.value.field == f"ops[0].{field}"


def test_a_box_put_by_hand_accepts_a_proposed_track() -> None:
    before = Annotations({7: replace(MOVING, proposed=True, score=0.7)})
    assert not edited(PutBox(5, BOX, track_id=7), before=before).tracks[7].proposed


def test_a_box_that_a_machine_puts_does_not_accept() -> None:
    before = Annotations({7: replace(MOVING, proposed=True, score=0.7)})
    by_machine = PutBox(5, BOX, track_id=7, source=KeyframeSource.DETECTED)
    assert edited(by_machine, before=before).tracks[7].proposed


def test_new_tracks_are_numbered_in_the_order_of_their_making() -> None:
    after = edited(PutBox(1, BOX, "bus"), SplitTrack(7, 50), PutBox(2, BOX, "cup"))
    numbered = after.with_new_ids([11, 12, 13]).tracks
    assert [numbered[n].label_id for n in (11, 12, 13)] == [DOOR.label_ids["bus"], 1, 1]


def test_proposed_tracks_are_in_the_document_and_in_no_training_set(
    admin: User, video: Video
) -> None:
    keyframes = (KeyframeDoc(3, BOX, source=KeyframeSource.DETECTED),)
    edit(admin, video, AddTrack(TrackDoc(None, "cup", keyframes, True, 0.8)))
    (found,) = document(video).tracks
    assert (found.proposed, found.score, found.keyframes) == (True, 0.8, keyframes)
    with db.read_session() as session:
        row = session.get_one(Video, video.id)
        assert annotations.boxes_in(session, row, 3, 4)[3][0].proposed
        assert load_labelled_video(session, row).tracks == {}
    edit(admin, video, AcceptTracks((found.id or 0,)))
    with db.read_session() as session:
        accepted = load_labelled_video(session, session.get_one(Video, video.id))
    assert list(accepted.tracks) == [found.id]


def test_undo_and_redo_know_merges_splits_and_verdicts(admin: User, video: Video) -> None:
    proposal = TrackDoc(None, "bus", (KeyframeDoc(80, BOX),), proposed=True, score=0.5)
    made = annotate(admin, video, track("cup", 0, 20), track("bus", 40, 60), proposal)
    first, second, proposed = (made.id or 0 for made in made.tracks)
    steps: list[EditOp] = [
        MergeTracks(first, second),
        SplitTrack(first, 50),
        AcceptTracks((proposed,)),
        MergeTracks(proposed, first),
    ]
    states = [content(video)]
    for step in steps:
        edit(admin, video, step)
        states.append(content(video))
    for act, expected in ((annotations.undo, states[-2::-1]), (annotations.redo, states[1:])):
        for state in expected:
            take_back(act, admin, video)
            assert content(video) == state


def test_a_step_logged_by_the_first_release_is_taken_back(admin: User, video: Video) -> None:
    (made,) = annotate(admin, video, track("cup", 0, 20)).tracks
    edit(admin, video, PutBox(5, BOX, track_id=made.id))
    with db.transaction() as session:
        for step in session.exec(select(Edit).where(Edit.video_id == video.id)):
            step.before, step.after = (_as_first_released(p) for p in (step.before, step.after))
    take_back(annotations.undo, admin, video)
    assert document(video).tracks == (made,)


def _as_first_released(part: dict) -> dict:  # type: ignore[type-arg]
    tracks = {
        number: entry and {k: v for k, v in entry.items() if k in ("label_id", "keyframes")}
        for number, entry in part["tracks"].items()
    }
    return part | {"tracks": tracks}
