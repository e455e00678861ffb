"""What a person is told to look at before a set is built, and where."""

import pytest

from tests.labelled import add_video, annotate, track
from tests.training_sets import preview, spec
from tpod_core.geometry import Box
from tpod_core.models import User, Video
from tpod_core.services.annotations import KeyframeDoc, TrackDoc
from tpod_core.services.training_sets import Findings, PreflightFinding

SPLIT = {"val_fraction": 0.2}


def boxed(label: str, *places: tuple[int, Box], stop: int = 99) -> TrackDoc:
    """A track with a key frame at each of ``places``, gone from ``stop`` on."""
    keyframes = [KeyframeDoc(frame, box) for frame, box in places]
    return TrackDoc(None, label, (*keyframes, KeyframeDoc(stop, places[-1][1], outside=True)))


def square(side: float, x: float = 100, y: float = 100) -> Box:
    return Box(x, y, x + side, y + side)


def findings(user: User, video: Video, **wishes: object) -> Findings:
    return preview(user, spec(video.id, **{"split": SPLIT} | wishes)).findings


def of_kind(found: Findings, kind: str) -> list[PreflightFinding]:
    return [each for each in found.listed if each.kind == kind]


@pytest.fixture
def video(admin: User) -> Video:
    """640 x 360 pixels, 100 frames, 10 a second."""
    return add_video(admin)


def test_a_sound_video_has_only_the_finding_that_it_is_the_only_one(
    admin: User, video: Video
) -> None:
    annotate(admin, video, boxed("cup", (0, square(60)), (50, square(80))), ranges=[(0, 100)])
    assert [each.kind for each in findings(admin, video).listed] == ["one_video"]


def test_a_finding_links_to_its_frame_in_the_labelling_screen(admin: User, video: Video) -> None:
    annotate(admin, video, boxed("cup", (7, square(6))), ranges=[(0, 100)])
    (tiny,) = of_kind(findings(admin, video), "tiny_box")
    assert tiny.link == f"/labeling?video={video.id}&frame=7"
    assert tiny.track_id == 1 and tiny.severity == "warning"
    assert tiny.sentence.startswith("“cup” at frame 7 of “Kitchen” is 6×6 pixels")


@pytest.mark.parametrize(
    ("box", "image_size", "is_tiny"),
    [
        pytest.param(Box(9, 9, 16.9, 99), 640, True, id="7.9 px wide"),
        pytest.param(Box(9, 9, 17.1, 99), 640, False, id="8.1 px wide"),
        pytest.param(Box(9, 9, 17.1, 99), 320, True, id="4 px wide in small pictures"),
        pytest.param(Box(9, 9, 14, 99), 1280, False, id="10 px wide in large pictures"),
        pytest.param(Box(9, 9, 24, 24), 1280, True, id="225 px, under 0.1 % of the frame"),
        pytest.param(Box(9, 9, 25, 24), 1280, False, id="240 px, over 0.1 % of the frame"),
    ],
)
def test_a_box_is_tiny_by_its_side_in_training_or_its_share_of_the_frame(
    admin: User, video: Video, box: Box, image_size: int, is_tiny: bool
) -> None:
    annotate(admin, video, boxed("cup", (0, box)), ranges=[(0, 100)])
    found = findings(admin, video, image_size=image_size)
    assert bool(of_kind(found, "tiny_box")) is is_tiny


def test_a_track_is_named_once_at_its_smallest_box(admin: User, video: Video) -> None:
    annotate(
        admin,
        video,
        boxed("cup", (0, square(7)), (10, square(5)), (11, square(40)), stop=40),
        ranges=[(0, 100)],
    )
    (tiny,) = of_kind(findings(admin, video), "tiny_box")
    assert tiny.frame_index == 10
    assert "on 10 more frames" in tiny.sentence


@pytest.mark.parametrize(
    ("box", "touches"),
    [
        (Box(0.5, 50, 80, 90), True),
        (Box(50, 50, 639.5, 90), True),
        (Box(50, 0, 80, 90), True),
        (Box(50, 50, 80, 360), True),
        (Box(2, 2, 638, 358), False),
    ],
    ids=["left", "right", "top", "bottom", "none"],
)
def test_a_box_at_the_edge_is_a_note(admin: User, video: Video, box: Box, touches: bool) -> None:
    annotate(admin, video, boxed("cup", (0, box)), ranges=[(0, 100)])
    assert [each.severity for each in of_kind(findings(admin, video), "edge_box")] == (
        ["note"] if touches else []
    )


@pytest.mark.parametrize(
    ("label", "box", "is_duplicate"),
    [
        pytest.param("cup", Box(102, 100, 162, 160), True, id="same class"),
        pytest.param("bus", Box(102, 100, 162, 160), False, id="another class"),
        pytest.param("cup", Box(110, 100, 170, 160), False, id="IoU of 0.71"),
    ],
)
def test_two_boxes_of_a_class_on_one_object_are_a_warning(
    admin: User, video: Video, label: str, box: Box, is_duplicate: bool
) -> None:
    between = boxed("bus", (0, square(90, 300)))
    cup, other = boxed("cup", (0, square(60))), boxed(label, (20, box))
    annotate(admin, video, cup, between, other, ranges=[(0, 100)])
    found = of_kind(findings(admin, video), "duplicate_boxes")
    assert [(each.frame_index, each.track_id) for each in found] == (
        [(20, 3)] if is_duplicate else []
    )


@pytest.mark.parametrize(
    ("frames", "sides", "jumps"),
    [
        pytest.param((10, 11), (50, 70), True, id="area doubles in one frame"),
        pytest.param((10, 11), (50, 60), False, id="area grows by 1.44 in one frame"),
        pytest.param((11, 12), (70, 50), True, id="shrinks"),
        pytest.param((10, 20), (50, 100), False, id="quadruples in a second"),
        pytest.param((10, 20), (50, 130), True, id="times 6.8 in a second"),
    ],
)
def test_a_jump_in_size_between_key_frames_is_a_warning(
    admin: User, video: Video, frames: tuple[int, int], sides: tuple[int, int], jumps: bool
) -> None:
    places = [(frame, square(side)) for frame, side in zip(frames, sides, strict=True)]
    annotate(admin, video, boxed("cup", *places), ranges=[(0, 100)])
    found = of_kind(findings(admin, video), "size_jump")
    assert [each.frame_index for each in found] == ([frames[1]] if jumps else [])


def test_no_jump_where_the_object_was_away_in_between(admin: User, video: Video) -> None:
    away = TrackDoc(
        None,
        "cup",
        (
            KeyframeDoc(0, square(50)),
            KeyframeDoc(10, square(50), outside=True),
            KeyframeDoc(11, square(150)),
            KeyframeDoc(60, square(150), outside=True),
        ),
    )
    annotate(admin, video, away, ranges=[(0, 100)])
    assert of_kind(findings(admin, video), "size_jump") == []


def test_few_boxes_of_a_class_are_a_warning_at_the_first_of_them(admin: User, video: Video) -> None:
    annotate(admin, video, track("cup", 0, 99), track("bus", 30, 49), ranges=[(0, 100)])
    (few,) = of_kind(findings(admin, video, split={"guard_frames": 0}), "few_boxes")
    assert "“bus” has only 19 boxes" in few.sentence
    assert (few.frame_index, few.track_id) == (30, 2)


def test_a_class_of_one_video_alone_is_a_warning_there(admin: User, video: Video) -> None:
    other = add_video(admin, "Garden")
    annotate(admin, video, track("cup", 0, 99), ranges=[(0, 100)])
    annotate(admin, other, track("cup", 0, 99), track("bus", 40, 80), ranges=[(0, 100)])
    found = preview(admin, spec(video.id, other.id)).findings
    (one,) = of_kind(found, "one_video")
    assert "“bus” is only in “Garden”" in one.sentence
    assert (one.video_id, one.frame_index) == (other.id, 40)


def test_unlabelled_stretches_are_named_longest_first(admin: User, video: Video) -> None:
    annotate(admin, video, track("cup", 20, 40), ranges=[(60, 95)])
    wide = {"outside_ranges": True}
    found = of_kind(findings(admin, video, sampling=wide), "unlabelled")
    assert [(each.frame_index, each.severity) for each in found] == [(0, "note"), (40, "note")]
    assert "Frames 0 to 19 of “Kitchen” are not labelled" in found[0].sentence


def test_unlabelled_stretches_are_looked_for_in_the_chosen_ranges_alone(
    admin: User, video: Video
) -> None:
    annotate(admin, video, track("cup", 20, 99))
    wanted = spec(video.id, split=SPLIT)
    (only,) = (each.model_copy(update={"ranges": ((5, 99),)}) for each in wanted.videos)
    found = preview(admin, wanted.model_copy(update={"videos": (only,)})).findings
    assert [each.frame_index for each in of_kind(found, "unlabelled")] == [5]


def test_problems_come_first_and_each_kind_is_capped_but_counted(admin: User, video: Video) -> None:
    boxes = [boxed("cup", (0, square(6, 10 + 20 * n))) for n in range(25)]
    annotate(admin, video, *boxes, ranges=[(0, 100)])
    found = findings(admin, video, sampling={"stride": 2}, negatives={"ratio": 1})
    assert len(of_kind(found, "tiny_box")) == 20
    assert found.counts["tiny_box"] == 25  # type: ignore[index]
    leaky = preview(admin, spec(video.id, split={"guard_frames": 0})).findings
    assert leaky.listed[0].kind == "leakage"
