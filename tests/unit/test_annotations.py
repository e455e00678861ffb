"""The annotation service on a real database: revisions, conflicts, undo, boxes of any frame."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlmodel import col, select

from tests import statements
from tests.labelled import add_video, annotate, track
from tpod_core import db
from tpod_core.annotations.history import Step, next_undo_and_redo
from tpod_core.errors import Conflict, EditConflict, InvalidInput
from tpod_core.geometry import Box
from tpod_core.models import Edit, Keyframe, Track, User, Video, VideoLabel
from tpod_core.services import annotations
from tpod_core.services.annotations import (
    AddLabel,
    AnnotationDoc,
    DeleteTrack,
    EditOp,
    EditResult,
    FrameBox,
    HideBox,
    KeyframeDoc,
    MarkRange,
    PutBox,
    RelabelTrack,
    TrackDoc,
    UndoResult,
    documents,
)

BOX = Box(10, 20, 60, 80)


@pytest.fixture
def video(admin: User) -> Video:
    return add_video(admin)


def edit(user: User, video: Video, *edits: EditOp, seen: int | None = None) -> EditResult:
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        seen = row.revision if seen is None else seen
        return annotations.apply_edits(session, user, row, edits, seen)


def document(video: Video) -> AnnotationDoc:
    with db.read_session() as session:
        return annotations.get_document(session, session.get_one(Video, video.id))


def boxes(video: Video, start: int, stop: int) -> dict[int, list[FrameBox]]:
    with db.read_session() as session:
        return annotations.boxes_in(session, session.get_one(Video, video.id), start, stop)


def take_back(act: Callable[..., UndoResult], user: User, video: Video) -> UndoResult:
    with db.transaction() as session:
        return act(session, user, session.get_one(Video, video.id))


def content(video: Video) -> tuple[tuple[TrackDoc, ...], tuple[tuple[int, int], ...]]:
    found = document(video)
    return found.tracks, found.ranges


def test_document_reads_back_what_was_written(admin: User, video: Video) -> None:
    keyframes = (
        KeyframeDoc(3, BOX, occluded=True),
        KeyframeDoc(9, Box(0.125, 0.25, 33.3, 44.4), outside=True),
    )
    annotate(admin, video, TrackDoc(None, "cup", keyframes), ranges=[(50, 60), (0, 10), (10, 20)])
    found = document(video)
    assert found.revision == 1
    assert [label.name for label in found.labels] == ["cup", "bus"]
    assert [(t.label, t.keyframes) for t in found.tracks] == [("cup", keyframes)]
    assert found.ranges == ((0, 20), (50, 60))


def test_replacing_keeps_the_ids_of_tracks_that_stay(admin: User, video: Video) -> None:
    first, second = annotate(admin, video, track("cup", 0, 5), track("bus", 5, 9)).tracks
    after = annotate(admin, video, second, track("cup", 7, 8))
    assert [t.id for t in after.tracks] == [second.id, max(first.id or 0, second.id or 0) + 1]


def test_apply_edits_returns_the_ids_of_the_new_tracks_in_order(admin: User, video: Video) -> None:
    result = edit(admin, video, PutBox(1, BOX, "bus"), MarkRange(0, 5), PutBox(2, BOX, "cup"))
    found = {t.id: t.label for t in document(video).tracks}
    assert [found[track_id] for track_id in result.track_ids] == ["bus", "cup"]
    assert result.revision == 1


def test_label_names_match_in_any_unicode_spelling(admin: User) -> None:
    video = add_video(admin, labels=["caf\u00e9"])
    edit(admin, video, PutBox(1, BOX, " cafe\u0301 "))
    assert document(video).tracks[0].label == "caf\u00e9"


def test_label_that_reads_the_same_is_the_one_in_the_list(admin: User) -> None:
    video = add_video(admin, labels=["cup", "می\u200cخواهم"])
    edit(admin, video, AddLabel("CUP"), PutBox(1, BOX, "CUP"), PutBox(2, BOX, "میخواهم"))
    found = document(video)
    assert [label.name for label in found.labels] == ["cup", "می\u200cخواهم"]
    assert [track.label for track in found.tracks] == ["cup", "می\u200cخواهم"]


def test_label_from_before_the_rules_can_still_be_used(admin: User) -> None:
    video = add_video(admin, labels=["exe\u202egpj"])
    edit(admin, video, PutBox(1, BOX, "exe\u202egpj"))
    assert document(video).tracks[0].label == "exe\u202egpj"


def test_an_edit_of_a_revision_that_never_was_is_a_conflict(admin: User, video: Video) -> None:
    with pytest.raises(EditConflict, match=r"Revision 9 .* not known"):
        edit(admin, video, PutBox(3, BOX, "bus"), seen=9)


def test_a_refused_edit_leaves_no_trace(admin: User, video: Video) -> None:
    with pytest.raises(InvalidInput):
        edit(admin, video, PutBox(1, BOX, "cup"), PutBox(2, BOX, "dog"))
    with db.read_session() as session:
        assert session.exec(select(Track)).all() == []
        assert session.exec(select(Edit)).all() == []
    assert document(video).revision == 0


def test_an_edit_that_changes_nothing_is_no_step(admin: User, video: Video) -> None:
    (track_id,) = edit(admin, video, PutBox(1, BOX, "cup")).track_ids
    assert edit(admin, video, PutBox(1, BOX, track_id=track_id)) == EditResult(1, ())
    take_back(annotations.undo, admin, video)
    assert document(video).tracks == ()


def test_a_video_without_frames_cannot_be_labelled_yet(admin: User) -> None:
    video = add_video(admin, frame_count=0)
    with pytest.raises(Conflict, match="import"):
        edit(admin, video, PutBox(0, BOX, "cup"))


def test_a_track_of_another_video_cannot_be_touched(admin: User, video: Video) -> None:
    other = add_video(admin, "Garden")
    (track_id,) = edit(admin, other, PutBox(1, BOX, "cup")).track_ids
    with pytest.raises(InvalidInput, match="no track"):
        edit(admin, video, DeleteTrack(track_id))


@pytest.mark.parametrize("seed", range(3))
def test_undo_and_redo_walk_through_every_state(admin: User, video: Video, seed: int) -> None:
    states = [content(video)]
    ids = edit(admin, video, PutBox(1, BOX, "cup"), PutBox(50, BOX, "bus")).track_ids
    states.append(content(video))
    steps: list[list[EditOp]] = [
        [PutBox(20, Box(0, 0, 9, 9), track_id=ids[0]), MarkRange(0, 30)],
        [HideBox(ids[0], 10), RelabelTrack(ids[1], "cup")],
        [DeleteTrack(ids[seed % 2])],
        [MarkRange(40, 50)],
    ]
    for step in steps:
        edit(admin, video, *step)
        states.append(content(video))
    for state in reversed(states[:-1]):
        take_back(annotations.undo, admin, video)
        assert content(video) == state
    for state in states[1:]:
        take_back(annotations.redo, admin, video)
        assert content(video) == state
    take_back(annotations.undo, admin, video)
    assert content(video) == states[-2]


def test_replacing_reads_no_new_key_frame_back_and_deletes_none(admin: User, video: Video) -> None:
    tracks = [track("cup", 0, 50, x=25.0 * number, step=10) for number in range(25)]
    with statements.listed() as ran:
        annotate(admin, video, *tracks)
    of_keyframes = [statement for statement in ran if "keyframes" in statement]
    reads = [statement for statement in of_keyframes if statement.startswith("SELECT")]
    writes = [statement for statement in of_keyframes if not statement.startswith("SELECT")]
    assert len(reads) == 2, "what was there before, and whether the first tracks leave a gap"
    assert [statement.split()[0] for statement in writes] == ["INSERT"]


def test_replacing_answers_what_is_read_afterwards(admin: User, video: Video) -> None:
    beyond = TrackDoc(None, "cup", (KeyframeDoc(9, Box(600, -5, 700, 90)), KeyframeDoc(2, BOX)))
    first, second = annotate(admin, video, beyond, track("bus", 0, 9)).tracks
    answer = annotate(admin, video, track("cup", 1, 4), second, first, ranges=[(5, 9), (0, 5)])
    assert answer == document(video)
    assert answer.tracks[0].keyframes[1].box == Box(600, 0, 640, 90)


def test_undo_of_a_document_that_adds_changes_and_deletes(admin: User, video: Video) -> None:
    kept, gone = annotate(admin, video, track("cup", 0, 9), track("bus", 0, 9, x=50)).tracks
    before = content(video)
    changed = replace(kept, label="bus", keyframes=track("bus", 3, 12, x=7).keyframes)
    annotate(admin, video, changed, track("cup", 20, 30), ranges=[(0, 10)])
    after = content(video)
    assert gone.id not in {one.id for one in after[0]}
    for act, expected in [(annotations.undo, before), (annotations.redo, after)] * 2:
        take_back(act, admin, video)
        assert content(video) == expected


def test_undo_after_replacing_brings_back_the_same_track_ids(admin: User, video: Video) -> None:
    before = annotate(admin, video, track("cup", 0, 5), track("bus", 5, 9), ranges=[(0, 9)])
    annotate(admin, video, track("bus", 1, 2))
    take_back(annotations.undo, admin, video)
    assert content(video) == (before.tracks, before.ranges)


def test_a_new_edit_ends_the_chance_to_redo(admin: User, video: Video) -> None:
    edit(admin, video, PutBox(1, BOX, "cup"))
    take_back(annotations.undo, admin, video)
    edit(admin, video, MarkRange(0, 5))
    with pytest.raises(Conflict, match="nothing to redo"):
        take_back(annotations.redo, admin, video)


def test_undo_without_a_step_says_so(admin: User, video: Video) -> None:
    with pytest.raises(Conflict, match="nothing left to undo"):
        take_back(annotations.undo, admin, video)


def test_undo_that_needs_a_label_that_left_the_list_says_which(admin: User, video: Video) -> None:
    (track_id,) = edit(admin, video, PutBox(1, BOX, "bus")).track_ids
    edit(admin, video, DeleteTrack(track_id))
    with db.transaction() as session:
        session.delete(session.exec(select(VideoLabel).order_by(col(VideoLabel.id).desc())).first())
    with pytest.raises(Conflict, match='"bus"'):
        take_back(annotations.undo, admin, video)


def test_the_log_forgets_steps_that_are_too_old(
    admin: User, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tpod_core.annotations.log.KEPT_STEPS", 2 * 3)
    for frame in range(10):
        edit(admin, video, PutBox(frame, BOX, "cup"))
    for _ in range(3):
        take_back(annotations.undo, admin, video)
    assert len(document(video).tracks) == 10 - 3
    with db.read_session() as session:
        assert len(session.exec(select(Edit)).all()) == 2 * 3


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ([], (None, None)),
        ([Step(1, None), Step(2, None)], (2, None)),
        ([Step(1, None), Step(2, None), Step(3, 2)], (1, 3)),
        ([Step(1, None), Step(2, None), Step(3, 2), Step(4, 1)], (None, 4)),
        ([Step(1, None), Step(2, 1), Step(3, 2)], (3, None)),
        ([Step(1, None), Step(2, 1), Step(3, None)], (3, None)),
        ([Step(5, 4), Step(6, None)], (6, None)),
        ([Step(5, 4)], (None, None)),
    ],
    ids=["empty", "edits", "undo", "two undos", "redo", "edit after undo", "cut", "cut undo"],
)
def test_next_undo_and_redo_follow_the_log(
    log: list[Step], expected: tuple[int | None, int | None]
) -> None:
    assert next_undo_and_redo(log) == expected


def test_boxes_of_a_frame_tell_where_they_come_from(admin: User, video: Video) -> None:
    edit(admin, video, PutBox(10, Box(0, 0, 10, 10), "cup"))
    (track_id,) = (t.id for t in document(video).tracks)
    edit(admin, video, PutBox(20, Box(100, 0, 110, 10), track_id=track_id, occluded=True))
    found = boxes(video, 15, 16)[15] + boxes(video, 20, 21)[20]
    assert found == [
        FrameBox(track_id or 0, "cup", Box(50, 0, 60, 10), "linear", False, False),
        FrameBox(track_id or 0, "cup", Box(100, 0, 110, 10), "manual", True, True),
    ]


def test_boxes_of_every_window_agree_with_the_whole_video(admin: User, video: Video) -> None:
    annotate(
        admin, video, track("cup", 0, 40, step=7), track("bus", 30, 35), track("cup", 60, 99, x=50)
    )
    whole = boxes(video, 0, 100)
    assert list(whole) == list(range(100))
    for start, stop in [(0, 1), (35, 36), (39, 41), (34, 61), (98, 100), (41, 59), (7, 8)]:
        assert boxes(video, start, stop) == {n: whole[n] for n in range(start, stop)}


def test_boxes_on_some_frames_are_read_part_by_part(
    admin: User, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(admin, video, PutBox(10, BOX, "cup"), PutBox(40, BOX, "bus"))
    whole = boxes(video, 0, 100)
    frames = [0, 9, 10, 25, 40, 41, 99]
    monkeypatch.setattr(documents, "_FRAMES_AT_ONCE", 3)
    with db.read_session() as session, statements.listed() as asked:
        row = session.get_one(Video, video.id)
        found = annotations.each_boxes_on(session, row, frames)
        first = [next(found) for _ in range(3)]
        so_far = len(asked)
        assert first + list(found) == [(frame, whole[frame]) for frame in frames]
    assert len(asked) > so_far, "the later frames are not read before they are needed"


def test_deleting_a_video_takes_its_tracks_and_log_along(admin: User, video: Video) -> None:
    edit(admin, video, PutBox(1, BOX, "cup"))
    with db.transaction() as session:
        session.delete(session.get_one(Video, video.id))
    with db.read_session() as session:
        assert [session.exec(select(table)).all() for table in (Track, Keyframe, Edit)] == [[]] * 3
