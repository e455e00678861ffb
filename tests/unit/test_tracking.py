"""Boxes between human boxes on scenes whose truth is known, because they are made here."""

import math
from pathlib import Path

import numpy as np
import pytest

from benchmarks._tracks import fit, linear, sequence
from tests.moving_scene import Grey, MovingScene, texture
from tests.unwatched import Unwatched
from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.errors import JobCancelled
from tpod_core.geometry import Box, iou
from tpod_core.tracking.frame_window import CHUNK_FRAMES, FrameWindow
from tpod_core.tracking.segment_tracking import track_segments
from tpod_core.tracking.segments import Segment

LAST = 60


def around(frame: int) -> tuple[float, float]:
    """Half a circle: straight lines between its ends miss all of it."""
    angle = math.pi * frame / LAST
    return 160 - 90 * math.cos(angle), 70 + 90 * math.sin(angle)


def across(frame: int) -> tuple[float, float]:
    return 60.0 + 3 * frame, 120.0


def between(scene: MovingScene, left: int, right: int) -> Segment:
    return Segment(scene.anchor(left), scene.anchor(right), right)


def onward(scene: MovingScene, stop: int) -> Segment:
    return Segment(scene.anchor(0), None, stop)


def filled(scene: MovingScene, segment: Segment, budget_bytes: int = 1 << 28) -> DerivedBoxes:
    ((done, boxes),) = track_segments(scene, [segment], Unwatched(), budget_bytes)
    assert done == segment
    return boxes


def fits(scene: MovingScene, boxes: DerivedBoxes) -> list[float]:
    return [
        iou(scene.box(frame), box)
        for frame in range(boxes.start, boxes.start + len(boxes))
        if (box := boxes.box_at(frame))
    ]


def straight_fits(scene: MovingScene, segment: Segment) -> list[float]:
    ends = np.array([segment.left.box.xyxy, scene.box(segment.stop).xyxy])
    span = segment.stop - segment.left.frame
    return [
        iou(scene.box(frame), Box(*(ends[0] + (ends[1] - ends[0]) * frame / span)))
        for frame in range(1, span)
    ]


def test_propagate_follows_a_curve_that_straight_lines_miss() -> None:
    scene = MovingScene(around)
    segment = between(scene, 0, LAST)
    boxes = filled(scene, segment)
    assert (boxes.start, len(boxes)) == (1, LAST - 1)
    assert np.mean(straight_fits(scene, segment)) < 0.3
    assert min(fits(scene, boxes)) > 0.8
    assert boxes.uncertainty.max() < 0.5


def test_propagate_goes_straight_and_unsure_without_texture() -> None:
    scene = MovingScene(around, plain=True)
    segment = between(scene, 0, LAST)
    boxes = filled(scene, segment)
    for frame in (15, 30, 45):
        share = frame / LAST
        ends = scene.box(0), scene.box(LAST)
        expected = Box(
            *(a + (b - a) * share for a, b in zip(ends[0].xyxy, ends[1].xyxy, strict=True))
        )
        box = boxes.box_at(frame)
        assert box and iou(box, expected) > 0.9
    assert boxes.uncertainty[20:40].min() > 0.5


def test_propagate_is_least_sure_where_the_object_is_covered() -> None:
    covered = range(25, 35)

    def cover(frame: int, image: Grey) -> Grey:
        if frame not in covered:
            return image
        hidden = image.copy()
        hidden[:, 110:210] = texture(240, 100, seed=7)
        return hidden

    scene = MovingScene(lambda n: (100.0 + 2 * n, 120.0), edit=cover)
    boxes = filled(scene, between(scene, 0, LAST))
    worst = boxes.start + int(boxes.uncertainty.argmax())
    assert worst in covered
    assert min(fits(scene, boxes)) > 0.35 and np.mean(fits(scene, boxes)) > 0.85


def test_propagate_is_unsure_at_a_scene_cut() -> None:
    def cut(frame: int, image: Grey) -> Grey:
        return texture(240, 320, seed=5) if 30 <= frame < 40 else image

    scene = MovingScene(around, edit=cut)
    boxes = filled(scene, between(scene, 0, LAST))
    elsewhere = np.r_[boxes.uncertainty[:20], boxes.uncertainty[45:]]
    assert boxes.uncertainty[29:39].mean() > elsewhere.mean() + 0.2


def test_propagate_onward_stops_when_the_object_leaves() -> None:
    scene = MovingScene(lambda n: (200.0 + 3 * n, 120.0))
    boxes = filled(scene, onward(scene, 120))
    # Its middle crosses the edge of the frame on frame 40.
    assert 25 <= len(boxes) <= 55


def test_propagate_onward_stops_when_the_object_is_covered_for_good() -> None:
    def cover(frame: int, image: Grey) -> Grey:
        if frame < 40:
            return image
        hidden = image.copy()
        hidden[60:180] = texture(120, 320, seed=9)
        return hidden

    scene = MovingScene(lambda n: (60.0 + n, 120.0), edit=cover)
    boxes = filled(scene, onward(scene, 120))
    assert 35 <= len(boxes) <= 45
    assert min(fits(scene, boxes)[:35]) > 0.8


def test_propagate_onward_goes_to_the_end_while_it_is_sure() -> None:
    scene = MovingScene(lambda n: (60.0 + 2 * n, 120.0))
    boxes = filled(scene, onward(scene, 80))
    assert len(boxes) == 79
    assert min(fits(scene, boxes)) > 0.8
    assert (np.diff(boxes.uncertainty) > -0.5).all() and boxes.uncertainty[-1] > 0.05


def test_propagate_gives_the_same_in_a_small_window() -> None:
    scene = MovingScene(around)
    segment = between(scene, 0, LAST)
    whole, in_parts = filled(scene, segment), filled(scene, segment, budget_bytes=1)
    np.testing.assert_allclose(whole.boxes_xyxy, in_parts.boxes_xyxy, atol=0.5)
    np.testing.assert_allclose(whole.uncertainty, in_parts.uncertainty, atol=0.05)


def test_propagate_loses_only_the_frames_that_do_not_decode() -> None:
    broken = frozenset(range(20, 24))
    scene = MovingScene(around, broken=broken)
    boxes = filled(scene, between(scene, 0, LAST))
    assert all(boxes.uncertainty_at(frame) == 1 for frame in broken)
    assert len(boxes) == LAST - 1
    assert min(fits(scene, boxes)) > 0.6
    first, last = boxes.boxes_xyxy[18], boxes.boxes_xyxy[23]
    np.testing.assert_allclose(boxes.boxes_xyxy[20], first + (last - first) * 2 / 5, atol=0.01)


def test_propagate_goes_straight_where_a_human_frame_does_not_decode() -> None:
    scene = MovingScene(across, broken=frozenset({0}))
    boxes = filled(scene, between(scene, 0, 40))
    assert (boxes.uncertainty == 1).all()
    assert min(fits(scene, boxes)) > 0.99


def test_propagate_ends_at_once_when_cancelled() -> None:
    class Cancelled(Unwatched):
        def check(self) -> None:
            raise JobCancelled("A person asked for it.")

    scene = MovingScene(around)
    with pytest.raises(JobCancelled):
        list(track_segments(scene, [between(scene, 0, LAST)], Cancelled()))
    assert len(scene.read_frames) <= CHUNK_FRAMES


def test_propagate_decodes_each_frame_once_for_all_tracks() -> None:
    scene = MovingScene(around)
    pieces = [between(scene, 0, 25), between(scene, 25, LAST), between(scene, 10, 50)]
    done = dict(track_segments(scene, pieces, Unwatched()))
    assert set(done) == set(pieces)
    assert sorted(scene.read_frames) == list(range(LAST + 1))


def test_propagate_reports_progress_up_to_the_end() -> None:
    told: list[float] = []

    class Listening(Unwatched):
        def progress(self, fraction: float, message: str) -> None:
            told.append(fraction)

    scene = MovingScene(around)
    list(track_segments(scene, [between(scene, 0, LAST)], Listening()))
    assert told == sorted(told) and told[-1] > 0.7


def test_propagate_has_nothing_to_do_between_neighbours() -> None:
    scene = MovingScene(around)
    assert len(filled(scene, between(scene, 4, 5))) == 0
    assert list(track_segments(scene, [], Unwatched())) == []


def test_window_keeps_its_budget_however_long_the_video() -> None:
    scene = MovingScene(around)
    budget = 3 * CHUNK_FRAMES * 320 * 240
    window = FrameWindow(scene, {0}, budget)
    for chunk in range(8):
        window.load(chunk, 8 * CHUNK_FRAMES)
        assert window.size_bytes <= budget
    assert window.capacity_frames == 3 * CHUNK_FRAMES


def test_window_keeps_two_chunks_whatever_they_take() -> None:
    window = FrameWindow(MovingScene(around), {0}, budget_bytes=1)
    for chunk in range(3):
        window.load(chunk, 8 * CHUNK_FRAMES)
    assert [window.holds(chunk) for chunk in range(3)] == [False, True, True]
    assert window.capacity_frames == 2 * CHUNK_FRAMES


def test_window_lets_go_of_the_chunk_that_was_looked_at_longest_ago() -> None:
    window = FrameWindow(MovingScene(around), {0}, budget_bytes=1)
    window.load(0, 8 * CHUNK_FRAMES)
    window.load(2, 8 * CHUNK_FRAMES)
    window.get(1)
    window.load(4, 8 * CHUNK_FRAMES)
    assert [window.holds(chunk) for chunk in (0, 2, 4)] == [True, False, True]


def test_window_sees_no_movement_of_a_still_camera() -> None:
    scene = MovingScene(lambda n: (100.0, 120.0))
    window = FrameWindow(scene, {0})
    window.load(0, CHUNK_FRAMES)
    np.testing.assert_allclose(window.get(9).motion, np.eye(2, 3), atol=0.02)


def test_propagate_carries_a_real_runner_through_a_shaking_camera(shared_data: Path) -> None:
    video = sequence(shared_data / "dev" / "video_gt" / "jogging")
    runner = video.objects[0]
    left, right = runner.anchor(122), runner.anchor(222)
    ((_, boxes),) = track_segments(video, [Segment(left, right, 222)], Unwatched())
    truth = runner.truth[123:222]
    plain = linear(runner.truth, [0, 122, 222, len(runner.truth) - 1])[123:222]
    assert fit(plain, truth).mean() < 0.5
    assert fit(boxes.boxes_xyxy.astype(float), truth).mean() > 0.8
