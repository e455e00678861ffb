"""Refused detections on frames that are not fully labelled: learnt from their boxes alone."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.fake_queue import ListQueue
from tests.labelled import FILE_WH, add_video, annotate, give_file, track
from tests.synthetic import numbered_image
from tests.training_sets import add_finding, built, plan_of, preview, spec, used
from tpod_core import db
from tpod_core.formats.yolo import ManifestFrame, read_manifest
from tpod_core.geometry import Box
from tpod_core.models import Detector, User, Verdict, Video
from tpod_core.services import detectors, training_set_files
from tpod_core.services import videos as videos_service
from tpod_core.services.annotations import KeyframeDoc, TrackDoc
from tpod_core.training_sets.frames import Basis, FrameSelection
from tpod_core.training_sets.labelled_videos import LabelledVideo
from tpod_core.training_sets.masked_frames import MaskedFrame
from tpod_core.training_sets.spec import SplitMethod, SplitSpec
from tpod_core.training_sets.split import Split, training_side

HALF = {"val_fraction": 0.5, "guard_frames": 0}
FOUND_XYWH = (100, 10, 20, 20)


@pytest.fixture
def video(admin: User) -> Video:
    """A cup on the first 20 of 100 frames, fully labelled up to frame 60."""
    made = add_video(admin)
    annotate(admin, made, track("cup", 0, 20), ranges=[(0, 60)])
    return made


def masked(user: User, *videos: Video, **wishes: object) -> list[MaskedFrame]:
    """The masked frames of the last of ``videos`` in a set of them."""
    wanted = spec(*(each.id for each in videos), **{"split": HALF, **wishes})
    return list(plan_of(user, wanted).videos[-1].masked)


# What is learnt from a refusal


def test_refusal_outside_the_fully_labelled_ranges_is_learnt_from_its_box_alone(
    admin: User, video: Video
) -> None:
    add_finding(video, 77, Verdict.NEGATIVE)
    plan = plan_of(admin, spec(video.id, split=HALF))
    assert 77 not in used(plan)
    assert plan.videos[0].masked == (MaskedFrame(77, (FOUND_XYWH,)),)


def test_refusal_on_a_fully_labelled_frame_is_learnt_from_the_whole_frame(
    admin: User, video: Video
) -> None:
    add_finding(video, 47, Verdict.NEGATIVE)
    plan = plan_of(admin, spec(video.id, split=HALF, negatives={"ratio": 0}))
    assert 47 in used(plan)
    assert plan.videos[0].masked == ()


def test_masked_frames_are_counted_apart_from_the_frames_without_objects(
    admin: User, video: Video
) -> None:
    wanted = spec(video.id, split=HALF, negatives={"ratio": 0})
    before = preview(admin, wanted).statistics
    for frame in (77, 88):
        add_finding(video, frame, Verdict.NEGATIVE)
    after = preview(admin, wanted).statistics
    assert (before.masked_frames, after.masked_frames) == (0, 2)
    assert replace(after, masked_frames=0) == before


@pytest.mark.parametrize("verdict", [Verdict.OPEN, Verdict.IGNORE, Verdict.MISSED_LABEL])
def test_other_verdicts_mask_no_frame(admin: User, video: Video, verdict: Verdict) -> None:
    add_finding(video, 77, verdict)
    assert masked(admin, video) == []


def test_only_pixels_that_lie_wholly_in_the_box_are_shown(admin: User, video: Video) -> None:
    add_finding(video, 77, Verdict.NEGATIVE, Box(100.4, 10.6, 120.5, 30.2))
    add_finding(video, 78, Verdict.NEGATIVE, Box(630.5, -3, 650, 20))
    add_finding(video, 79, Verdict.NEGATIVE, Box(100.2, 10, 100.9, 30))
    assert masked(admin, video) == [
        MaskedFrame(77, ((101, 11, 19, 19),)),
        MaskedFrame(78, ((631, 0, 9, 20),)),
    ]


def test_refusals_on_one_frame_are_one_picture(admin: User, video: Video) -> None:
    for x in (300, 200, 200):
        add_finding(video, 77, Verdict.NEGATIVE, Box(x, 10, x + 20, 30))
    assert masked(admin, video) == [MaskedFrame(77, ((200, 10, 20, 20), (300, 10, 20, 20)))]


def test_refusal_counts_after_its_detector_was_deleted(admin: User, video: Video) -> None:
    refusals = [add_finding(video, frame, Verdict.NEGATIVE) for frame in (47, 77)]
    wanted = spec(video.id, split=HALF, negatives={"ratio": 0})
    before = plan_of(admin, wanted)
    with db.transaction() as session:
        for detector in refusals:
            detectors.delete(session, session.get_one(Detector, detector.id))
    after = plan_of(admin, wanted)
    assert used(after) == used(before)
    assert after.videos[0].masked == before.videos[0].masked != ()


# What may be an object is not shown


@pytest.mark.parametrize(("x", "shown"), [(119, False), (120, True)], ids=["touching", "beside"])
def test_box_that_touches_a_derived_box_of_any_label_is_left_out(
    admin: User, video: Video, x: float, shown: bool
) -> None:
    box = Box(x, 10, x + 20, 30)
    bus = TrackDoc(None, "bus", (KeyframeDoc(70, box), KeyframeDoc(90, box, outside=True)))
    annotate(admin, video, track("cup", 0, 20), bus, ranges=[(0, 60)])
    add_finding(video, 77, Verdict.NEGATIVE)
    assert len(masked(admin, video, labels=["cup"])) == shown


@pytest.mark.parametrize("other", [Verdict.OPEN, Verdict.MISSED_LABEL])
@pytest.mark.parametrize(("x", "shown"), [(119, False), (120, True)], ids=["touching", "beside"])
def test_box_that_touches_what_may_be_an_object_is_left_out(
    admin: User, video: Video, other: Verdict, x: float, shown: bool
) -> None:
    add_finding(video, 77, Verdict.NEGATIVE)
    add_finding(video, 77, other, Box(x, 10, x + 20, 30))
    assert len(masked(admin, video)) == shown


def test_frame_that_is_in_the_set_as_a_whole_is_not_masked_too(admin: User) -> None:
    video = add_video(admin)
    annotate(admin, video, track("cup", 0, 20))
    for frame in (5, 25):
        add_finding(video, frame, Verdict.NEGATIVE)
    assert [each.frame for each in masked(admin, video)] == [25]


def test_chosen_ranges_bound_the_masked_frames(admin: User, video: Video) -> None:
    for frame in (69, 70):
        add_finding(video, frame, Verdict.NEGATIVE)
    ranges = [{"video_id": video.id, "ranges": [[0, 70]]}]
    assert [each.frame for each in masked(admin, video, videos=ranges)] == [69]


# Training and validation


def side_of(
    method: SplitMethod, splits: list[Split], guard: int = 0, held_out: bool = False
) -> list[int]:
    """The frames of 10 that training may show, of a video whose frames 2, 4, 5 and 8 are chosen."""
    source = LabelledVideo(1, "v", "s", 1, 10, (64, 36), 10, (), {}, (), held_out)
    counts = np.ones((4, 1), dtype=np.int32)
    chosen = FrameSelection(source, Basis.CHOSEN, np.array([2, 4, 5, 8]), counts)
    given = np.array(splits, dtype=np.int8)
    allowed: list[int] = np.flatnonzero(
        training_side(chosen, given, SplitSpec(), method, guard)
    ).tolist()
    return allowed


BLOCK = [Split.TRAIN, Split.VAL, Split.VAL, Split.TRAIN]


def test_training_side_leaves_out_the_validation_block_and_its_guard() -> None:
    assert side_of(SplitMethod.BY_BLOCK, BLOCK) == [0, 1, 2, 3, 6, 7, 8, 9]
    assert side_of(SplitMethod.BY_BLOCK, BLOCK, guard=1) == [0, 1, 2, 7, 8, 9]


def test_training_side_is_the_whole_video_or_nothing_when_videos_are_held_out() -> None:
    assert side_of(SplitMethod.BY_VIDEO, [Split.VAL] * 4) == []
    assert side_of(SplitMethod.BY_VIDEO, [Split.TRAIN] * 4) == list(range(10))


def test_training_side_has_nothing_of_a_locked_video() -> None:
    assert side_of(SplitMethod.BY_BLOCK, [Split.TRAIN] * 4, held_out=True) == []


def test_unlabelled_video_gives_its_refused_boxes_to_training(admin: User, video: Video) -> None:
    garden = add_video(admin, "Garden")
    add_finding(garden, 5, Verdict.NEGATIVE)
    assert [each.frame for each in masked(admin, video, garden)] == [5]
    warnings = preview(admin, spec(video.id, garden.id, split=HALF)).warnings
    assert (
        '"Garden" gives only refused detections: nothing is labelled where it was chosen.'
        in warnings
    )


def test_held_out_video_without_frames_gives_nothing_to_training(admin: User, video: Video) -> None:
    garden = add_video(admin, "Garden")
    add_finding(garden, 5, Verdict.NEGATIVE)
    street = add_video(admin, "Street")
    annotate(admin, street, track("cup", 0, 20))
    held = {"val_videos": [street.id, garden.id]}
    assert masked(admin, video, street, garden, split=held) == []
    with db.transaction() as session:
        videos_service.hold_out(session, session.get_one(Video, garden.id), True)
    assert masked(admin, video, garden) == []


def test_masked_frame_of_a_validation_video_s_file_is_a_leak(admin: User, video: Video) -> None:
    garden = add_video(admin, "Garden")
    street = add_video(admin, "Street")
    annotate(admin, street, track("cup", 0, 20), ranges=[(0, 100)])
    with db.transaction() as session:
        session.get_one(Video, garden.id).sha256 = street.sha256
    add_finding(garden, 5, Verdict.NEGATIVE)
    wanted = spec(
        video.id,
        garden.id,
        street.id,
        split={"val_videos": [street.id]},
        negatives={"ratio": 10},
    )
    found = preview(admin, wanted)
    leakage = found.statistics.split.leakage
    assert leakage is not None
    assert (leakage.frames, leakage.within_frames) == (16, 10)  # frames 0 to 15
    assert any('"Garden" and "Street" are the same file' in each for each in found.warnings)


# The files


@pytest.fixture
def filmed(admin: User, queue: ListQueue) -> Video:
    """20 frames of a file, of which 10 are fully labelled."""
    made = add_video(admin)
    give_file(made, 20)
    annotate(admin, made, track("cup", 0, 9), ranges=[(0, 10)])
    return made


def masked_in(directory: Path) -> list[ManifestFrame]:
    return [frame for frame in read_manifest(directory).frames if frame.shown]


def read(directory: Path, frame: ManifestFrame) -> NDArray[np.int_]:
    picture = cv2.imread(str(directory / frame.image))
    assert picture is not None
    return picture.astype(int)


def test_set_shows_nothing_but_the_refused_box_of_a_frame_not_fully_labelled(
    admin: User, filmed: Video
) -> None:
    # Whole blocks of a JPEG, so that the box and the grey do not run into each other.
    add_finding(filmed, 15, Verdict.NEGATIVE, Box(64, 32, 96, 64))
    _, directory = built(admin, filmed, split=HALF)
    beyond = [frame for frame in read_manifest(directory).frames if frame.frame_index >= 10]
    assert [(frame.frame_index, frame.shown) for frame in beyond] == [(15, ((64, 32, 32, 32),))]
    picture = read(directory, beyond[0])
    is_outside = np.ones(picture.shape[:2], dtype=bool)
    is_outside[32:64, 64:96] = False
    assert np.abs(picture[is_outside] - 114).max() <= 8


def test_set_shows_the_refused_box_as_it_was_without_a_label(admin: User, filmed: Video) -> None:
    add_finding(filmed, 15, Verdict.NEGATIVE, Box(64, 32, 96, 64))
    _, directory = built(admin, filmed, split=HALF)
    [frame] = masked_in(directory)
    assert (frame.split, frame.boxes, (frame.width, frame.height)) == ("train", 0, FILE_WH)
    assert frame.image == f"images/train/v{filmed.id}_000015_masked.jpg"
    assert (directory / frame.label_file).read_bytes() == b""
    truth = numbered_image(15, FILE_WH)[32:64, 64:96].astype(int)
    shown = read(directory, frame)[32:64, 64:96]
    assert float(np.abs(shown - truth).mean()) < 16
    assert float(np.abs(shown - 114).mean()) > 16


def test_refusal_changes_the_hash_and_adds_one_picture(admin: User, filmed: Video) -> None:
    before, _ = built(admin, filmed, split=HALF)
    add_finding(filmed, 15, Verdict.NEGATIVE, Box(64, 32, 96, 64))
    after, _ = built(admin, filmed, split=HALF)
    again, _ = built(admin, filmed, split=HALF)
    assert before.content_hash != after.content_hash == again.content_hash
    frames = training_set_files.diff(before, after).frames
    assert (frames.added, frames.removed, frames.relabelled, frames.moved) == (1, 0, 0, 0)


def test_another_box_on_the_same_frame_is_another_picture(admin: User, filmed: Video) -> None:
    add_finding(filmed, 15, Verdict.NEGATIVE, Box(64, 32, 96, 64))
    before, _ = built(admin, filmed, split=HALF)
    add_finding(filmed, 15, Verdict.NEGATIVE, Box(0, 32, 32, 64))
    after, _ = built(admin, filmed, split=HALF)
    assert before.content_hash != after.content_hash
    frames = training_set_files.diff(before, after).frames
    assert (frames.added, frames.removed) == (1, 1)


def test_progress_counts_the_masked_frames(admin: User, video: Video) -> None:
    wanted = spec(video.id, split=HALF)
    before = plan_of(admin, wanted).picture_count()
    add_finding(video, 77, Verdict.NEGATIVE)
    assert plan_of(admin, wanted).picture_count() == before + 1
