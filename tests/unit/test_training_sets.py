"""What a choice of videos gives: frames, classes, parts, warnings, and what is refused."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tests.conftest import add_user
from tests.labelled import add_video, annotate, track
from tests.training_sets import frames_of, plan_of, preview, spec, used
from tpod_core import db
from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.annotations.reading import load_tracks
from tpod_core.errors import InvalidInput
from tpod_core.geometry import Box
from tpod_core.models import Role, User, Video, VideoState, saved_id
from tpod_core.propagation.gaps import gaps
from tpod_core.propagation.store import FilledGap, save
from tpod_core.services.annotations import KeyframeDoc, TrackDoc
from tpod_core.services.training_sets import Statistics, TrainingSetSpec
from tpod_core.training_sets.boxes import boxes_on
from tpod_core.training_sets.split import Split

HALF = {"val_fraction": 0.5, "guard_frames": 0}


# Which frames are taken


def test_frames_with_boxes_are_taken_where_nothing_is_fully_labelled(admin: User) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 10, 20), track("bus", 40, 42))
    wanted = spec(video.id, split=HALF)
    assert used(plan_of(admin, wanted)) == [*range(10, 20), 40, 41]
    sentence = preview(admin, wanted).warnings[-1]
    assert sentence.startswith('"Kitchen" has no fully labelled range: only its frames with boxes')


def test_fully_labelled_ranges_are_taken_alone_where_there_are_some(admin: User) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 10, 40), ranges=[(15, 25)])
    assert used(plan_of(admin, spec(video.id, split=HALF))) == list(range(15, 25))


def test_frames_with_boxes_outside_the_ranges_are_left_out_with_a_word_or_taken_if_asked_for(
    admin: User,
) -> None:
    video = add_video(admin, labels=["cup"])
    annotate(admin, video, track("cup", 10, 40), ranges=[(30, 50)])
    (sentence,) = preview(admin, spec(video.id, split=HALF)).warnings
    assert sentence.startswith('20 frames of "Kitchen" have boxes but lie outside')
    wanted = spec(video.id, split=HALF, sampling={"outside_ranges": True}, negatives={"ratio": 1})
    assert used(plan_of(admin, wanted)) == list(range(10, 50))
    found = preview(admin, wanted)
    assert found.warnings == ()
    assert found.statistics.videos[0].basis.endswith("and its other frames with boxes")


def test_chosen_ranges_go_before_fully_labelled_ones(admin: User) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 10, 40), ranges=[(15, 25)])
    wanted = TrainingSetSpec.model_validate(
        {"videos": [{"video_id": video.id, "ranges": [[30, 35], [0, 12]]}], "split": HALF}
    )
    assert used(plan_of(admin, wanted)) == [10, 11, 30, 31, 32, 33, 34]


def test_stride_counts_from_the_start_of_each_range(admin: User) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 0, 90), ranges=[(1, 10), (50, 55)])
    plan = plan_of(admin, spec(video.id, split=HALF, sampling={"stride": 4}))
    assert used(plan) == [1, 5, 9, 50, 54]


def test_keyframes_only_takes_frames_that_someone_fixed(admin: User) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 0, 40, step=10), ranges=[(0, 60)])
    plan = plan_of(admin, spec(video.id, split=HALF, sampling={"keyframes_only": True}))
    assert used(plan) == [0, 10, 20, 30]


@pytest.mark.parametrize(("ratio", "negatives"), [(0, 0), (0.25, 5), (1, 20), (10, 40)], ids=str)
def test_negatives_come_by_ratio_and_from_fully_labelled_ranges_only(
    admin: User, ratio: float, negatives: int
) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 0, 20), ranges=[(0, 60)])
    wanted = spec(video.id, split=HALF, negatives={"ratio": ratio})
    assert preview(admin, wanted).statistics.negatives.total == negatives
    assert set(used(plan_of(admin, wanted))) <= set(range(60))


def test_a_box_of_a_class_that_is_not_chosen_makes_no_positive(admin: User) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 0, 20), track("bus", 20, 40))
    plan = plan_of(admin, spec(video.id, labels=["bus"], split=HALF))
    assert used(plan) == list(range(20, 40))


# Classes


def test_classes_are_the_labels_with_boxes_in_the_order_of_the_list(admin: User) -> None:
    video = add_video(admin, labels=["bus", "cat", "cup"])
    annotate(admin, video, track("cup", 0, 20), track("bus", 0, 20))
    found = preview(admin, spec(video.id, split=HALF))
    assert [row.name for row in found.statistics.classes] == ["bus", "cup"]
    assert '"cat" has no box in the chosen frames and is left out.' in found.warnings


def test_classes_asked_for_keep_their_order_even_without_boxes(admin: User) -> None:
    video = add_video(admin, labels=["bus", "cat", "cup"])
    annotate(admin, video, track("cup", 0, 20), track("bus", 0, 20))
    found = preview(admin, spec(video.id, labels=["cat", "cup"], split=HALF))
    assert [(row.name, row.boxes.total) for row in found.statistics.classes] == [
        ("cat", 0),
        ("cup", 20),
    ]
    assert found.warnings[0].startswith('"cat" has no box in the chosen frames.')


@pytest.mark.parametrize(
    ("labels", "field", "sentence"),
    [
        (["cup", "cup"], "labels[1]", '"cup" is there twice'),
        (["cup", " cup "], "labels[1]", '"cup" is there twice'),
        (["cup", "Cup"], "labels[1]", '"cup" and "Cup" read as the same name'),
        (["cup", "dog"], "labels[1]", 'label "dog"'),
        (["cup", " "], "labels[1]", "needs a name"),
        ([], "labels", "at least one label"),
        (None, "labels", '"cup" and "Cup" read as the same name'),
    ],
    ids=["twice", "trimmed", "case", "unknown", "empty", "none", "by default"],
)
def test_class_names_that_clash_are_refused(
    admin: User, labels: list[str] | None, field: str, sentence: str
) -> None:
    videos = [add_video(admin, name, [name]) for name in ("cup", "Cup")]
    for video in videos:
        annotate(admin, video, track(video.name, 0, 20))
    with pytest.raises(InvalidInput, match=sentence) as refused:
        preview(admin, spec(*(video.id for video in videos), labels=labels))
    assert refused.value.field == field


# Training and validation


def test_one_video_is_split_into_a_block_with_a_guard_on_both_sides(admin: User) -> None:
    video = add_video(admin, frame_count=1000)
    annotate(admin, video, track("cup", 0, 500), track("bus", 500, 999), ranges=[(0, 1000)])
    wanted = spec(
        video.id,
        split={"method": "by_block", "guard_frames": 30},
        negatives={"ratio": 1},
        seed=3,
    )
    plan = plan_of(admin, wanted)
    val, train = frames_of(plan, 0, Split.VAL), frames_of(plan, 0, Split.TRAIN)
    assert len(val) == 200
    assert val == list(range(val[0], val[-1] + 1))
    assert min(abs(t - v) for t in train for v in (val[0], val[-1])) == 31
    assert len(train) == 1000 - 200 - 60


def test_a_block_holds_every_class_where_one_can(admin: User) -> None:
    video = add_video(admin, frame_count=1000)
    annotate(admin, video, track("cup", 0, 600), track("bus", 590, 999), ranges=[(0, 1000)])
    for seed in range(10):
        found = preview(admin, spec(video.id, seed=seed)).statistics
        assert all(row.boxes.val and row.boxes.train for row in found.classes), f"seed {seed}"


@pytest.mark.parametrize(
    ("frame_count", "guard"), [(1000, 10), (60, 6)], ids=["a second", "a tenth of the stretch"]
)
def test_guard_is_by_default_a_second_or_a_tenth(admin: User, frame_count: int, guard: int) -> None:
    video = add_video(admin, frame_count=frame_count)
    annotate(admin, video, track("cup", 0, frame_count - 1), ranges=[(0, frame_count)])
    (row,) = preview(admin, spec(video.id, negatives={"ratio": 1})).statistics.videos
    assert row.guard_frames == guard


def test_two_videos_are_split_by_video(admin: User) -> None:
    videos = [add_video(admin, f"v{number}") for number in range(2)]
    ids = [video.id for video in videos]
    for video in videos:
        annotate(admin, video, track("cup", 0, 50))
    found = preview(admin, spec(*ids)).statistics
    assert found.split.method == "by_video"
    assert sorted((row.frames.train, row.frames.val) for row in found.videos) == [(0, 50), (50, 0)]


def test_by_video_comes_near_the_share_that_was_asked_for(admin: User) -> None:
    videos = [add_video(admin, f"v{number}") for number in range(10)]
    ids = [video.id for video in videos]
    for number, video in enumerate(videos):
        annotate(admin, video, track("cup", 0, 10 + 9 * number))
    for seed in range(5):
        found = preview(admin, spec(*ids, seed=seed, split={"val_fraction": 0.3})).statistics
        assert found.split.val_fraction == pytest.approx(0.3, abs=0.05)


def test_by_video_keeps_every_class_in_both_parts_where_it_can(admin: User) -> None:
    videos = [add_video(admin, f"v{number}") for number in range(6)]
    ids = [video.id for video in videos]
    for number, video in enumerate(videos):
        annotate(admin, video, track("cup" if number < 2 else "bus", 0, 50))
    for seed in range(10):
        found = preview(admin, spec(*ids, seed=seed)).statistics
        assert all(row.boxes.val and row.boxes.train for row in found.classes), f"seed {seed}"


def test_locked_videos_are_exactly_the_validation_part(admin: User) -> None:
    videos = [add_video(admin, f"v{number}") for number in range(4)]
    ids = [video.id for video in videos]
    for video in videos:
        annotate(admin, video, track("cup", 0, 20))
    found = preview(admin, spec(*ids, split={"val_videos": [ids[2]]})).statistics
    assert [row.frames.val for row in found.videos] == [0, 0, 20, 0]


def test_no_frame_is_in_both_parts(admin: User) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 0, 99), ranges=[(0, 100)])
    plan = plan_of(admin, spec(video.id))
    assert not set(frames_of(plan, 0, Split.TRAIN)) & set(frames_of(plan, 0, Split.VAL))


def test_the_same_seed_gives_the_same_plan_and_another_one_another(admin: User) -> None:
    video = add_video(admin, frame_count=1000)
    annotate(admin, video, track("cup", 0, 999), ranges=[(0, 1000)])
    blocks = [
        tuple(frames_of(plan_of(admin, spec(video.id, seed=seed)), 0, Split.VAL))
        for seed in [0, 0, *range(1, 12)]
    ]
    assert blocks[0] == blocks[1]
    assert len(set(blocks)) > 1


# Statistics and warnings


def test_statistics_count_boxes_of_each_class_and_part(admin: User) -> None:
    videos = [add_video(admin, name) for name in ("Kitchen", "Garden")]
    annotate(admin, videos[0], track("cup", 0, 30), track("cup", 10, 20, x=100))
    annotate(admin, videos[1], track("cup", 0, 5), track("bus", 3, 8), ranges=[(0, 10)])
    wanted = spec(
        *(video.id for video in videos),
        split={"val_videos": [videos[1].id]},
        negatives={"ratio": 10},
    )
    found = preview(admin, wanted).statistics
    assert [(row.name, row.boxes.train, row.boxes.val) for row in found.classes] == [
        ("cup", 40, 5),
        ("bus", 0, 5),
    ]
    assert [(row.frames.train, row.frames.val) for row in found.classes] == [(30, 5), (0, 5)]
    assert (found.frames.train, found.frames.val, found.negatives.val) == (30, 10, 2)
    assert found.videos[1].val_spans == ((0, 10),)
    assert found.videos[0].revision == 1


def test_statistics_come_back_from_json(admin: User) -> None:
    import json
    from dataclasses import asdict

    video = add_video(admin)
    annotate(admin, video, track("cup", 0, 50))
    found = preview(admin, spec(video.id)).statistics
    assert Statistics.from_json(json.loads(json.dumps(asdict(found)))) == found


def test_a_class_missing_in_one_part_is_a_warning(admin: User) -> None:
    videos = [add_video(admin, name) for name in ("Kitchen", "Garden")]
    annotate(admin, videos[0], track("cup", 0, 30), track("bus", 0, 30), ranges=[(0, 30)])
    annotate(admin, videos[1], track("cup", 0, 30), ranges=[(0, 30)])
    for val_video, expected in zip(videos, ("training", "validation"), strict=True):
        wanted = spec(*(v.id for v in videos), split={"val_videos": [val_video.id]})
        (sentence,) = preview(admin, wanted).warnings
        assert sentence.startswith(f'"bus" has no box in {expected}:')


def test_the_same_file_in_both_parts_is_a_warning(admin: User) -> None:
    videos = [add_video(admin, name, ["cup"]) for name in ("Kitchen", "Garden")]
    for video in videos:
        annotate(admin, video, track("cup", 0, 30), ranges=[(0, 30)])
    with db.transaction() as session:
        session.merge(videos[1]).sha256 = videos[0].sha256
    (sentence,) = preview(admin, spec(*(video.id for video in videos))).warnings
    assert "are the same file" in sentence


def test_boxes_held_still_to_the_end_are_a_warning(admin: User) -> None:
    video = add_video(admin, labels=["cup"])
    forgotten = TrackDoc(None, "cup", (KeyframeDoc(30, Box(0, 0, 20, 20)),))
    annotate(admin, video, track("cup", 0, 80), forgotten, ranges=[(0, 100)])
    (sentence,) = preview(admin, spec(video.id)).warnings
    assert "1 box is held still" in sentence and "frame 30" in sentence


def lose(video: Video, track_id: int, key_frame: int, lost_from: int) -> None:
    """Store that tracking forward from a key frame lost the object."""
    frames = lost_from - key_frame - 1
    boxes = DerivedBoxes(
        key_frame + 1,
        np.tile(np.float32([0, 0, 20, 20]), (frames, 1)),
        np.zeros(frames, np.float32),
    )
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        keyframes = load_tracks(session, saved_id(video))[track_id].ordered()
        (gap,) = (gap for gap in gaps(keyframes, row) if gap.left.frame == key_frame)
        save(session, saved_id(video), FilledGap(gap, gap.stop, "", boxes))


def test_lost_boxes_are_in_no_set_and_no_count(admin: User) -> None:
    video = add_video(admin, labels=["cup"])
    forgotten = TrackDoc(None, "cup", (KeyframeDoc(10, Box(0, 0, 20, 20)),))
    (made,) = annotate(admin, video, forgotten).tracks
    assert made.id is not None
    assert used(plan_of(admin, spec(video.id, split=HALF))) == list(range(10, 100))
    lose(video, made.id, 10, lost_from=30)
    assert used(plan_of(admin, spec(video.id, split=HALF))) == list(range(10, 30))
    found = preview(admin, spec(video.id, split=HALF))
    assert found.statistics.boxes.total == 20
    assert any("1 track is lost before the end (first at frame 30)" in s for s in found.warnings)
    assert not any("held still" in sentence for sentence in found.warnings)


def test_lost_box_on_a_fully_labelled_frame_is_no_label(admin: User) -> None:
    video = add_video(admin, labels=["cup"])
    forgotten = TrackDoc(None, "cup", (KeyframeDoc(10, Box(0, 0, 20, 20)),))
    (made,) = annotate(admin, video, forgotten, ranges=[(10, 60)]).tracks
    assert made.id is not None
    lose(video, made.id, 10, lost_from=30)
    plan = plan_of(admin, spec(video.id, split=HALF, negatives={"ratio": 10}))
    assert used(plan) == list(range(10, 60))
    (source,) = (each.source for each in plan.videos)
    on_frames = boxes_on(source, plan.class_ids, range(10, 60))
    assert [len(boxes) for boxes in on_frames] == [1] * 20 + [0] * 30


def test_loss_outside_the_chosen_ranges_needs_no_word(admin: User) -> None:
    video = add_video(admin, labels=["cup"])
    forgotten = TrackDoc(None, "cup", (KeyframeDoc(10, Box(0, 0, 20, 20)),))
    (made,) = annotate(admin, video, forgotten).tracks
    assert made.id is not None
    lose(video, made.id, 10, lost_from=30)
    wanted = {"videos": [{"video_id": video.id, "ranges": [[10, 30]]}], "split": HALF}
    assert preview(admin, TrainingSetSpec.model_validate(wanted)).warnings == ()


# What cannot be built


@pytest.mark.parametrize(
    ("wishes", "field", "sentence"),
    [
        ({"split": {"method": "by_video"}}, "split.method", "cannot be split by video"),
        ({"split": {"val_videos": [1]}}, "split.val_videos", "No box is left for training"),
        ({"split": {"val_videos": [9]}}, "split.val_videos[0]", "not among the videos"),
        (
            {"split": {"val_videos": [1], "method": "by_block"}},
            "split.val_videos",
            "not by block",
        ),
        ({"split": {"guard_frames": 500}}, "split", "No box is left for training"),
        ({"sampling": {"stride": 1000}}, "split", "No box is left for validation"),
        ({"labels": ["bus"]}, "videos", "no boxes in the chosen frames"),
        (
            {"videos": [{"video_id": 1}, {"video_id": 1}]},
            "videos[1].video_id",
            "chosen twice",
        ),
        ({"videos": [{"video_id": 77}]}, "videos[0].video_id", "no video 77"),
        (
            {"videos": [{"video_id": 1, "ranges": [[0, 5], [5, 101]]}]},
            "videos[0].ranges[1]",
            "Kitchen: the range of frames 5 to 100 does not lie in a video of 100 frames",
        ),
        ({"videos": [{"video_id": 1, "ranges": [[5, 5]]}]}, "videos[0].ranges[0]", "5 to 5"),
        ({"videos": [{"video_id": 1, "ranges": []}]}, "videos[0].ranges", "at least one range"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value,
)
def test_what_cannot_be_built_is_refused_with_field_and_cause(
    admin: User, wishes: dict[str, Any], field: str, sentence: str
) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 0, 50))
    wanted = TrainingSetSpec.model_validate({"videos": [{"video_id": video.id}], **wishes})
    with pytest.raises(InvalidInput, match=sentence) as refused:
        preview(admin, wanted)
    assert refused.value.field == field


@pytest.mark.parametrize(
    "wishes",
    [
        {"videos": []},
        {"sampling": {"stride": 0}},
        {"split": {"val_fraction": 0}},
        {"split": {"val_fraction": 1}},
        {"split": {"guard_frames": -1}},
        {"negatives": {"ratio": -0.1}},
        {"negatives": {"background_crops": -1}},
        {"sampling": {"near_duplicate_distance": 65}},
        {"image_size": 0},
        {"split": {"method": "random"}},
        {"spilt": {}},
    ],
    ids=str,
)
def test_a_value_out_of_range_is_no_choice(wishes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        TrainingSetSpec.model_validate({"videos": [{"video_id": 1}], **wishes})


def test_a_video_that_is_not_ready_is_refused(admin: User) -> None:
    video = add_video(admin, state=VideoState.PROCESSING)
    with pytest.raises(InvalidInput, match="not ready") as refused:
        preview(admin, spec(video.id))
    assert refused.value.field == "videos[0].video_id"


def test_a_video_of_someone_else_is_as_if_it_did_not_exist(admin: User, member: User) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 0, 50))
    with pytest.raises(InvalidInput, match="no video"):
        preview(member, spec(video.id))
    assert preview(add_user("chief", Role.ADMIN), spec(video.id)).statistics.boxes.total
