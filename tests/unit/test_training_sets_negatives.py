"""Pictures without objects: background crops, and frames on which a detection was refused."""

import cv2
import numpy as np
import pytest

from tests.fake_queue import ListQueue
from tests.labelled import FILE_WH, add_video, annotate, give_file, track
from tests.synthetic import numbered_image
from tests.training_sets import add_finding, built, frames_of, plan_of, preview, spec, used
from tpod_core.annotations.interpolation import derive_at
from tpod_core.formats.yolo import read_manifest
from tpod_core.geometry import Box
from tpod_core.models import User, Verdict, Video
from tpod_core.training_sets.plan import Plan
from tpod_core.training_sets.split import Split

HALF = {"val_fraction": 0.5, "guard_frames": 0}


def crops_meeting_boxes(plan: Plan) -> int:
    """How many crops touch a box of any label."""
    return sum(
        shown is not None
        and shown.box.x1 < crop.left + crop.width
        and shown.box.x2 > crop.left
        and shown.box.y1 < crop.top + crop.height
        and shown.box.y2 > crop.top
        for video in plan.videos
        for crop in video.crops
        for state in video.source.tracks.values()
        for shown in [derive_at(state.ordered(), crop.frame)]
    )


# Background crops


def test_there_are_no_crops_unless_they_are_asked_for(admin: User) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 0, 99), ranges=[(0, 100)])
    assert preview(admin, spec(video.id)).statistics.background_crops == 0


def test_crops_touch_no_box_of_any_label_and_come_from_training(admin: User) -> None:
    video = add_video(admin)
    annotate(
        admin, video, track("cup", 0, 99, x=300), track("bus", 0, 99, x=100), ranges=[(0, 100)]
    )
    wanted = spec(video.id, labels=["cup"], negatives={"background_crops": 1}, split=HALF)
    plan = plan_of(admin, wanted)
    crops = plan.videos[0].crops
    assert len(crops) == preview(admin, wanted).statistics.background_crops == 49
    assert crops_meeting_boxes(plan) == 0
    assert {crop.frame for crop in crops} <= set(frames_of(plan, 0, Split.TRAIN))
    for crop in crops:
        assert 0 <= crop.left <= crop.left + crop.width <= 640
        assert 0 <= crop.top <= crop.top + crop.height <= 360
    assert len({(crop.left, crop.top) for crop in crops}) > 40


def test_crops_come_only_from_fully_labelled_ranges(admin: User) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 0, 99), ranges=[(90, 100)])
    wanted = spec(
        video.id,
        negatives={"background_crops": 2},
        split=HALF,
        sampling={"outside_ranges": True},
    )
    plan = plan_of(admin, wanted)
    train = set(frames_of(plan, 0, Split.TRAIN))
    assert {crop.frame for crop in plan.videos[0].crops} <= train & set(range(90, 100))
    unlabelled = add_video(admin, "Garden")
    annotate(admin, unlabelled, track("cup", 0, 99))
    (planned,) = plan_of(
        admin, spec(unlabelled.id, negatives={"background_crops": 2}, split=HALF)
    ).videos
    assert planned.crops == ()


def test_a_full_frame_gives_no_crop(admin: User) -> None:
    from tpod_core.services.annotations import KeyframeDoc, TrackDoc

    video = add_video(admin)
    wall = TrackDoc(None, "cup", (KeyframeDoc(0, Box(0, 0, 640, 360)),))
    annotate(admin, video, wall, ranges=[(0, 100)])
    wanted = spec(video.id, negatives={"background_crops": 1}, split=HALF)
    assert preview(admin, wanted).statistics.background_crops == 0


def test_the_seed_decides_about_the_crops(admin: User) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 0, 99), ranges=[(0, 100)])
    drawn = [
        plan_of(admin, spec(video.id, negatives={"background_crops": 1}, split=HALF, seed=seed))
        .videos[0]
        .crops
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_crops_are_written_as_training_pictures_with_empty_labels(
    admin: User, queue: ListQueue
) -> None:
    video = add_video(admin)
    give_file(video, 20)
    annotate(admin, video, track("cup", 0, 19), ranges=[(0, 20)])
    _, directory = built(admin, video, negatives={"background_crops": 1}, split=HALF)
    crops = [frame for frame in read_manifest(directory).frames if frame.crop]
    assert len(crops) == 9
    for frame in crops:
        left, top, width, height = frame.crop or (0, 0, 0, 0)
        assert (frame.split, frame.boxes) == ("train", 0)
        assert (directory / frame.label_file).read_bytes() == b""
        picture = cv2.imread(str(directory / frame.image))
        assert picture is not None
        assert picture.shape[:2] == (height, width) == (frame.height, frame.width)
        truth = numbered_image(frame.frame_index, FILE_WH)
        cut = truth[top : top + height, left : left + width].astype(int)
        assert float(np.abs(picture.astype(int) - cut).mean()) < 16


# Hard negatives


@pytest.fixture
def video(admin: User) -> Video:
    """A cup on the first 20 of 100 frames, fully labelled up to frame 60."""
    made = add_video(admin)
    annotate(admin, made, track("cup", 0, 20), ranges=[(0, 60)])
    return made


def test_refused_detections_make_negatives_beyond_stride_and_ratio(
    admin: User, video: Video
) -> None:
    wanted = spec(video.id, split=HALF, negatives={"ratio": 0}, sampling={"stride": 10})
    assert used(plan_of(admin, wanted)) == [0, 10]
    for frame in (33, 47):
        add_finding(video, frame, Verdict.NEGATIVE)
    assert used(plan_of(admin, wanted)) == [0, 10, 33, 47]
    assert preview(admin, wanted).statistics.negatives.total == 2


def test_refused_detections_count_for_the_ratio(admin: User, video: Video) -> None:
    add_finding(video, 33, Verdict.NEGATIVE)
    wanted = spec(video.id, split=HALF, negatives={"ratio": 0.25})
    assert preview(admin, wanted).statistics.negatives.total == 5
    assert 33 in used(plan_of(admin, wanted))


@pytest.mark.parametrize("other", [Verdict.OPEN, Verdict.MISSED_LABEL])
def test_a_frame_that_may_show_an_object_is_no_negative(
    admin: User, video: Video, other: Verdict
) -> None:
    wanted = spec(video.id, split=HALF, negatives={"ratio": 0})
    add_finding(video, 47, Verdict.NEGATIVE)
    assert 47 in used(plan_of(admin, wanted))
    add_finding(video, 47, other)
    assert 47 not in used(plan_of(admin, wanted))


@pytest.mark.parametrize("verdict", [Verdict.OPEN, Verdict.IGNORE, Verdict.MISSED_LABEL])
def test_other_verdicts_add_no_frame(admin: User, video: Video, verdict: Verdict) -> None:
    add_finding(video, 47, verdict)
    wanted = spec(video.id, split=HALF, negatives={"ratio": 0})
    assert 47 not in used(plan_of(admin, wanted))


def test_chosen_ranges_bound_the_hard_negatives_too(admin: User, video: Video) -> None:
    for frame in (33, 47):
        add_finding(video, frame, Verdict.NEGATIVE)
    wanted = spec(video.id, split=HALF, negatives={"ratio": 0})
    (only,) = (each.model_copy(update={"ranges": ((0, 40),)}) for each in wanted.videos)
    assert used(plan_of(admin, wanted.model_copy(update={"videos": (only,)})))[-1] == 33


# Missed labels


def test_a_frame_on_which_a_label_is_missed_is_no_negative_until_it_has_its_box(
    admin: User, video: Video
) -> None:
    wanted = spec(video.id, labels=["cup"], split=HALF, negatives={"ratio": 10})
    add_finding(video, 47, Verdict.MISSED_LABEL)
    assert used(plan_of(admin, wanted)) == [n for n in range(60) if n != 47]
    annotate(admin, video, track("cup", 0, 20), track("bus", 47, 48, x=100), ranges=[(0, 60)])
    assert used(plan_of(admin, wanted)) == list(range(60))


def test_crops_touch_no_missed_label(admin: User) -> None:
    short = add_video(admin, "Short", frame_count=10)
    annotate(admin, short, track("cup", 0, 9), ranges=[(0, 10)])
    wanted = spec(short.id, negatives={"background_crops": 1}, split=HALF)
    assert preview(admin, wanted).statistics.background_crops > 0
    for frame in range(10):
        add_finding(short, frame, Verdict.MISSED_LABEL, Box(0, 0, 640, 360))
    assert preview(admin, wanted).statistics.background_crops == 0


def missed(user: User, video: Video) -> list[int]:
    found = preview(user, spec(video.id, split=HALF)).findings.listed
    return [each.frame_index for each in found if each.kind == "missed_label"]


def test_a_missed_label_is_a_finding_until_a_box_is_there(admin: User, video: Video) -> None:
    add_finding(video, 5, Verdict.MISSED_LABEL)
    add_finding(video, 30, Verdict.OPEN)
    assert missed(admin, video) == [5]
    annotate(admin, video, track("cup", 0, 20), track("cup", 3, 8, x=100), ranges=[(0, 60)])
    assert missed(admin, video) == []
