"""Gaps between key frames: which there are, how they get filled, and when that is forgotten."""

from dataclasses import replace

import numpy as np
import pytest
from sqlmodel import select

from tests import fake_propagation
from tests.fake_propagation import FORWARD_FRAMES, OFFSET_PX, FakePropagation
from tests.labelled import add_video, give_file
from tests.unit.test_annotations import boxes, document, edit, take_back
from tests.unwatched import Unwatched
from tpod_core import db
from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.annotations.reading import load_tracks
from tpod_core.errors import Conflict, JobCancelled, JobStopped
from tpod_core.geometry import Box
from tpod_core.models import DerivedSegment, KeyframeSource, User, Video, saved_id
from tpod_core.propagation import planning, store, updating
from tpod_core.propagation.gaps import FORWARD_LENGTHS, Gap, gaps
from tpod_core.propagation.updating import fill_all
from tpod_core.services import annotations
from tpod_core.services.annotations import (
    EndTrack,
    FrameBox,
    HideBox,
    KeyframeDoc,
    PutBox,
    RemoveKeyframe,
    SetOccluded,
    SplitTrack,
)
from tpod_core.tracking.missing_boxes import fill_missing_boxes
from tpod_core.tracking.segments import Anchor, Segment
from tpod_core.video.reader import VideoReader

FRAMES = 100
LEFT, RIGHT = Box(10, 20, 40, 60), Box(70, 20, 100, 60)
pytestmark = pytest.mark.usefixtures("queue")


@pytest.fixture
def propagation(monkeypatch: pytest.MonkeyPatch) -> FakePropagation:
    return fake_propagation.install(monkeypatch)


@pytest.fixture
def video(admin: User, propagation: FakePropagation) -> Video:
    """160 x 96 pixels, with a real file."""
    made = add_video(admin)
    give_file(made, FRAMES)
    return made


def two_key_frames(admin: User, video: Video) -> int:
    (track_id,) = edit(admin, video, PutBox(10, LEFT, "cup")).track_ids
    edit(admin, video, PutBox(30, RIGHT, track_id=track_id))
    return track_id


def fill(video: Video) -> None:
    fill_all(saved_id(video), Unwatched(), db.transaction)


def box_on(video: Video, frame: int) -> FrameBox:
    (found,) = boxes(video, frame, frame + 1)[frame]
    return found


def rows() -> list[DerivedSegment]:
    with db.read_session() as session:
        return list(session.exec(select(DerivedSegment)))


# Which gaps there are


def keyframe(frame: int, *, outside: bool = False, tracked: bool = False) -> KeyframeDoc:
    source = KeyframeSource.TRACKED if tracked else KeyframeSource.MANUAL
    return KeyframeDoc(frame, LEFT, outside, source=source)


@pytest.mark.parametrize(
    ("keyframes", "expected"),
    [
        ([keyframe(5)], [(5, None, 100)]),
        ([keyframe(5), keyframe(9)], [(5, 9, 9), (9, None, 100)]),
        ([keyframe(5), keyframe(6)], [(6, None, 100)]),
        ([keyframe(99)], []),
        ([keyframe(5), keyframe(9, outside=True)], [(5, None, 9)]),
        ([keyframe(5), keyframe(9, outside=True, tracked=True)], [(5, 9, 9)]),
        ([keyframe(5), keyframe(9, outside=True), keyframe(20)], [(5, None, 9), (20, None, 100)]),
    ],
    ids=[
        "after the only one",
        "between and after",
        "neighbours leave none",
        "the last frame leaves none",
        "an end set on a line is no anchor",
        "an end set on a tracked box is one",
        "none while the object is away",
    ],
)
def test_gaps_lie_between_boxes(
    keyframes: list[KeyframeDoc], expected: list[tuple[int, int | None, int]]
) -> None:
    found = [
        (g.left.frame, g.right and g.right.frame, g.stop)
        for g in gaps(keyframes, of_length(FRAMES))
    ]
    assert found == expected


def of_length(frame_count: int) -> Video:
    return Video(owner_id=1, name="", frame_count=frame_count)


def gap(left: KeyframeDoc, right: KeyframeDoc | None, stop: int = 0) -> Gap:
    return Gap(left, right, right.frame if right else stop, 0)


def test_fingerprint_tells_every_change_of_a_box_or_frame_and_no_other() -> None:
    before = gap(keyframe(5), keyframe(9))
    moved = replace(keyframe(9), box=Box(10, 20, 40, 60.000001))
    others = [
        gap(keyframe(5), moved),
        gap(keyframe(5), keyframe(8)),
        gap(keyframe(5), None, 9),
        gap(replace(keyframe(5), box=moved.box), keyframe(9)),
    ]
    assert len({before.fingerprint, *(each.fingerprint for each in others)}) == 5
    flagged = gap(replace(keyframe(5), occluded=True), keyframe(9, tracked=True))
    assert flagged.fingerprint == before.fingerprint


def test_forward_gaps_of_any_length_share_their_fingerprint() -> None:
    assert gap(keyframe(5), None, 50).fingerprint == gap(keyframe(5), None, 99).fingerprint


def test_a_forward_gap_is_reached_in_growing_steps_up_to_a_bound() -> None:
    endless, requested_stop, reaches = gap(keyframe(0), None, 10**6), 0, []
    while (following := endless.next_requested_stop(requested_stop)) > requested_stop:
        reaches.append(following - 1)
        requested_stop = following
    assert reaches == list(FORWARD_LENGTHS)


def test_context_is_the_nearest_box_of_the_track_on_either_side() -> None:
    keyframes = [keyframe(10 * n, outside=n == 4) for n in range(20)]
    between = next(g for g in gaps(keyframes, of_length(500)) if g.left.frame == 100)
    context = [anchor.frame for anchor in between.segment(110, keyframes).context]
    assert context == [90, 120]


# The door for what an algorithm finds


def found(*values: list[float], start: int = 11) -> DerivedBoxes:
    table = np.array(values, np.float32).reshape(-1, 5)
    return DerivedBoxes(start, table[:, :4], table[:, 4])


BETWEEN = Segment(Anchor(10, Box(0, 0, 10, 10)), Anchor(14, Box(40, 0, 50, 10)), 14)
FORWARD = Segment(Anchor(10, Box(0, 0, 10, 10)), None, 14)


def test_made_whole_keeps_what_is_right() -> None:
    given = found(*[[1.0 * n, 2, 30 + n, 40, 0.25 * n] for n in range(3)])
    whole = fill_missing_boxes(given, BETWEEN, (100, 100))
    assert np.array_equal(whole.boxes_xyxy, given.boxes_xyxy)
    assert np.array_equal(whole.uncertainty, given.uncertainty)


@pytest.mark.parametrize(
    "row",
    [
        [200, 0, 220, 10, 0.1],
        [5, 5, 5.5, 20, 0.1],
        [float("nan"), 0, 10, 10, 0.1],
        [0, 0, 10, 10, float("nan")],
    ],
    ids=["outside the frame", "a sliver", "no number", "unsure of being unsure"],
)
def test_made_whole_puts_a_straight_line_where_a_box_is_none(row: list[float]) -> None:
    whole = fill_missing_boxes(
        found([1, 1, 20, 20, 0], row, [3, 3, 20, 20, 0]), BETWEEN, (100, 100)
    )
    assert whole.box_at(12) == Box(20, 0, 30, 10)
    assert whole.uncertainty.tolist() == [0, 1, 0]


def test_made_whole_fills_up_to_the_right_anchor_but_not_forward() -> None:
    short = found([1, 1, 20, 20, 0])
    assert len(fill_missing_boxes(short, BETWEEN, (100, 100))) == 3
    assert len(fill_missing_boxes(short, FORWARD, (100, 100))) == 1
    assert len(fill_missing_boxes(found(), FORWARD, (100, 100))) == 0


# Filling


def test_filled_gaps_show_their_boxes_and_how_unsure_they_are(admin: User, video: Video) -> None:
    track_id = two_key_frames(admin, video)
    assert box_on(video, 20).source == "linear"
    fill(video)
    assert box_on(video, 20) == FrameBox(
        track_id, "cup", Box(40, 20 + OFFSET_PX, 70, 60 + OFFSET_PX), "visual", False, False, 1.0
    )
    assert box_on(video, 30).source == "manual"
    assert box_on(video, 31).source == "visual"


def test_a_box_is_held_and_lost_where_tracking_ended_by_itself(admin: User, video: Video) -> None:
    two_key_frames(admin, video)
    fill(video)
    last, held = box_on(video, 30 + FORWARD_FRAMES), box_on(video, 31 + FORWARD_FRAMES)
    assert (last.source, held.source, held.uncertainty) == ("visual", "linear", 1)
    assert (last.lost, held.lost) == (False, True)
    assert held.box == last.box


def test_boxes_between_detections_stay_on_the_line_that_was_true_to_what_was_seen(
    admin: User, video: Video
) -> None:
    detected = KeyframeSource.DETECTED
    (track_id,) = edit(admin, video, PutBox(10, LEFT, "cup", source=detected)).track_ids
    edit(admin, video, PutBox(30, RIGHT, track_id=track_id, source=detected))
    fill(video)
    assert [box_on(video, frame).box for frame in (11, 20)] == [
        Box(13, 20, 43, 60),
        Box(40, 20, 70, 60),
    ]
    # The pixels say 3 px lower, on boxes 40 px high; halfway they are wholly unsure.
    doubts = [box_on(video, frame).uncertainty for frame in (11, 20)]
    assert doubts == pytest.approx([1 - 37 / 43, 1], abs=1 / 255)
    edit(admin, video, PutBox(30, RIGHT, track_id=track_id))
    fill(video)
    assert box_on(video, 20).box == Box(40, 20 + OFFSET_PX, 70, 60 + OFFSET_PX)


def test_windows_show_the_same_propagated_boxes_as_the_whole(admin: User, video: Video) -> None:
    two_key_frames(admin, video)
    fill(video)
    whole = boxes(video, 0, FRAMES)
    for start, stop in [(0, 11), (20, 21), (29, 32), (30, 31), (71, 99)]:
        assert boxes(video, start, stop) == {n: whole[n] for n in range(start, stop)}


def test_nothing_is_asked_for_twice(
    admin: User, video: Video, propagation: FakePropagation
) -> None:
    two_key_frames(admin, video)
    fill(video)
    asked = len(propagation.asked)
    fill(video)
    assert len(propagation.asked) == asked == 2


def test_boxes_of_another_context_are_used_and_found_anew(
    admin: User, video: Video, propagation: FakePropagation
) -> None:
    track_id = two_key_frames(admin, video)
    edit(admin, video, PutBox(50, LEFT, track_id=track_id))
    fill(video)
    edit(admin, video, PutBox(80, LEFT, track_id=track_id))
    assert [box_on(video, n).source for n in (20, 40, 60)] == ["visual", "visual", "linear"]
    propagation.asked.clear()
    fill(video)
    assert [(s.left.frame, s.stop) for s in propagation.asked] == [(50, 80), (80, 100), (30, 50)]
    fill(video)
    assert len(propagation.asked) == 3


def test_a_moved_key_frame_throws_away_both_sides_and_nothing_else(
    admin: User, video: Video, propagation: FakePropagation
) -> None:
    track_id = two_key_frames(admin, video)
    edit(admin, video, PutBox(50, LEFT, track_id=track_id))
    fill(video)
    edit(admin, video, PutBox(50, RIGHT, track_id=track_id))
    assert [box_on(video, n).source for n in (20, 40, 60)] == ["visual", "linear", "linear"]
    propagation.asked.clear()
    fill(video)
    assert [(s.left.frame, s.stop) for s in propagation.asked][:2] == [(30, 50), (50, 100)]


def test_undo_finds_the_boxes_again_at_once(
    admin: User, video: Video, propagation: FakePropagation
) -> None:
    track_id = two_key_frames(admin, video)
    fill(video)
    before = boxes(video, 0, FRAMES)
    for taken_back in (
        PutBox(20, LEFT, track_id=track_id),
        RemoveKeyframe(track_id, 30),
        annotations.DeleteTrack(track_id),
        SplitTrack(track_id, 15),
    ):
        edit(admin, video, taken_back)
        fill(video)
        take_back(annotations.undo, admin, video)
        assert boxes(video, 0, FRAMES) == before


def test_unused_segments_are_bounded(
    admin: User, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "KEPT_UNUSED", 3)
    track_id = two_key_frames(admin, video)
    for left in range(5):
        edit(admin, video, PutBox(30, Box(70 + left, 20, 100, 60), track_id=track_id))
        fill(video)
    assert len(rows()) == 2 + 3
    assert box_on(video, 20).source == "visual"


def test_tracks_with_equal_key_frames_share_their_boxes(
    admin: User, video: Video, propagation: FakePropagation
) -> None:
    two_key_frames(admin, video)
    two_key_frames(admin, video)
    fill(video)
    assert len(propagation.asked) == 2
    assert [b.source for b in boxes(video, 20, 21)[20]] == ["visual"] * 2


def test_forward_tracking_goes_on_until_it_is_unsure(
    admin: User, video: Video, propagation: FakePropagation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tpod_core.propagation.gaps.FORWARD_LENGTHS", (10, 30, 60))
    edit(admin, video, PutBox(10, LEFT, "cup"))
    fill(video)
    assert [s.stop for s in propagation.asked] == [21, 41, 71]
    assert len(rows()) == 1
    assert box_on(video, 10 + FORWARD_FRAMES).source == "visual"


def test_an_end_set_where_the_box_was_held_leaves_the_tracked_boxes_as_they_are(
    admin: User, video: Video, propagation: FakePropagation
) -> None:
    track_id = two_key_frames(admin, video)
    fill(video)
    before = boxes(video, 0, 80)
    edit(admin, video, EndTrack(track_id, 80))
    assert boxes(video, 0, 80) == before
    fill(video)
    assert boxes(video, 0, 80) == before
    assert len(propagation.asked) == 2


def test_a_long_video_is_filled_in_rounds(
    admin: User, video: Video, propagation: FakePropagation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updating, "BATCH_FRAMES", 25)
    track_id = two_key_frames(admin, video)
    edit(admin, video, PutBox(60, LEFT, track_id=track_id), PutBox(80, LEFT, track_id=track_id))
    told: list[float] = []
    watch = Unwatched()
    monkeypatch.setattr(watch, "progress", lambda share, message: told.append(share), raising=False)
    fill_all(saved_id(video), watch, db.transaction)
    assert [(s.left.frame, s.stop) for s in propagation.asked] == [
        (10, 30),
        (30, 60),
        (60, 80),
        (80, 100),
    ]
    assert told == sorted(told)
    assert told[-1] == pytest.approx(67 / 86)


# Edits that fix a derived box take the propagated one


def test_acts_on_a_derived_frame_take_the_propagated_box(admin: User, video: Video) -> None:
    track_id = two_key_frames(admin, video)
    fill(video)
    shown = {n: box_on(video, n).box for n in (15, 20, 21, 25)}
    edit(
        admin,
        video,
        SetOccluded(track_id, 15, True),
        HideBox(track_id, 20),
        EndTrack(track_id, 25),
    )
    (kept,) = document(video).tracks
    fixed = {k.frame: (k.box, k.source) for k in kept.keyframes}
    assert fixed[15] == (shown[15], KeyframeSource.TRACKED)
    assert sorted(fixed) == [10, 15, 20, 21, 25]


def test_split_on_a_derived_frame_takes_the_propagated_box(admin: User, video: Video) -> None:
    track_id = two_key_frames(admin, video)
    fill(video)
    shown = box_on(video, 20).box
    (new_id,) = edit(admin, video, SplitTrack(track_id, 20)).track_ids
    later = next(t for t in document(video).tracks if t.id == new_id)
    assert later.keyframes[0] == KeyframeDoc(20, shown, source=KeyframeSource.TRACKED)


def test_an_act_after_another_in_one_batch_sees_what_that_left(admin: User, video: Video) -> None:
    track_id = two_key_frames(admin, video)
    fill(video)
    edit(admin, video, PutBox(20, LEFT, track_id=track_id), SetOccluded(track_id, 15, True))
    (kept,) = document(video).tracks
    assert next(k.box for k in kept.keyframes if k.frame == 15) == LEFT


# While people go on, and when things break


def test_work_on_a_gap_that_went_is_dropped_and_planned_anew(
    admin: User, video: Video, propagation: FakePropagation
) -> None:
    track_id = two_key_frames(admin, video)

    def a_person_moves_the_box(segment: Segment) -> None:
        propagation.before_each = lambda segment: None
        edit(admin, video, PutBox(30, LEFT, track_id=track_id))

    propagation.before_each = a_person_moves_the_box
    fill(video)
    assert box_on(video, 20).box.y1 == LEFT.y1 + OFFSET_PX
    assert [s.right and s.right.box for s in propagation.asked[:2]] == [RIGHT, LEFT]


def test_work_goes_on_while_a_person_labels_elsewhere(
    admin: User, video: Video, propagation: FakePropagation
) -> None:
    two_key_frames(admin, video)

    def a_person_labels_elsewhere(segment: Segment) -> None:
        propagation.before_each = lambda segment: None
        edit(admin, video, PutBox(50, LEFT, "bus"))

    propagation.before_each = a_person_labels_elsewhere
    fill(video)
    assert [(s.left.frame, s.stop) for s in propagation.asked] == [(10, 30), (30, 100), (50, 100)]


def test_a_result_that_no_longer_fits_is_not_shown(
    admin: User, video: Video, propagation: FakePropagation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updating, "CHECK_INTERVAL_S", 3600.0)
    track_id = two_key_frames(admin, video)
    propagation.before_each = lambda segment: (
        edit(
            admin,
            video,
            PutBox(30, Box(70, 20, 100 + len(propagation.asked), 60), track_id=track_id),
        )
        and None
    )
    with db.read_session() as session:
        row = session.get_one(Video, video.id)
        tasks = planning.open_tasks(session, row, load_tracks(session, saved_id(video)).values())
    updating.fill(saved_id(video), tasks[:1], Unwatched(), db.transaction)
    assert box_on(video, 20).source == "linear"


def test_a_deleted_video_ends_the_work(
    admin: User, video: Video, propagation: FakePropagation
) -> None:
    two_key_frames(admin, video)

    def a_person_deletes_it(segment: Segment) -> None:
        with db.transaction() as session:
            session.delete(session.get_one(Video, video.id))

    propagation.before_each = a_person_deletes_it
    with pytest.raises(JobStopped, match="deleted"):
        fill(video)
    assert rows() == []


def test_cancelling_keeps_what_was_found(
    admin: User, video: Video, propagation: FakePropagation
) -> None:
    two_key_frames(admin, video)

    def cancel_the_second(segment: Segment) -> None:
        if len(propagation.asked) == 2:
            raise JobCancelled("Cancelled.")

    propagation.before_each = cancel_the_second
    with pytest.raises(JobCancelled):
        fill(video)
    assert [row.start for row in rows()] == [10]


def test_a_video_without_its_file_says_so(admin: User, propagation: FakePropagation) -> None:
    bare = add_video(admin, "Bare")
    edit(admin, bare, PutBox(10, LEFT, "cup"))
    with pytest.raises(Conflict, match="no frames yet"):
        fill(bare)


def test_a_stretch_that_cannot_be_read_is_told_on_the_video(
    admin: User, video: Video, propagation: FakePropagation, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_key_frames(admin, video)

    def broken(reader: VideoReader, frame_index: int) -> None:
        raise Conflict(f"Frame {frame_index} does not decode.")

    def read_and_go_on(frames, segments, watch):  # type: ignore[no-untyped-def]
        for segment in segments:
            with pytest.raises(Conflict):
                list(frames.read(segment.left.frame, segment.stop))
            yield from propagation(frames, [segment], watch)

    monkeypatch.setattr(VideoReader, "decoded", broken)
    monkeypatch.setattr(updating, "track_segments", read_and_go_on)
    fill(video)
    fill(video)
    with db.read_session() as session:
        (warning,) = session.get_one(Video, video.id).warnings
    assert warning.startswith("Frame 10 cannot be read any more")
    assert box_on(video, 20).source == "visual"
