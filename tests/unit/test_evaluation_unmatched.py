"""Detections that no label explains, grouped to one for each thing."""

from pathlib import Path

from tpod_core.detectors.protocol import Detection
from tpod_core.evaluation import matching
from tpod_core.evaluation.scoring import Gathered
from tpod_core.evaluation.unmatched_detections import (
    MAX_GAP_FRAMES,
    UnmatchedDetection,
    group,
    max_gap_of,
    unmatched_in,
)
from tpod_core.formats import yolo
from tpod_core.geometry import Box

PLACE, ELSEWHERE = Box(0, 0, 100, 100), Box(200, 200, 300, 300)


def seen(frame: int, score: float, box: Box = PLACE, label: str = "cup") -> UnmatchedDetection:
    return UnmatchedDetection(1, frame, label, box, score)


def test_thing_seen_on_neighbouring_frames_is_one_finding_where_it_is_surest() -> None:
    moved = Box(20, 0, 120, 100)
    [found] = group([seen(0, 0.5), seen(1, 0.8, moved), seen(2, 0.6, Box(40, 0, 140, 100))], 30)
    assert found == UnmatchedDetection(1, 1, "cup", moved, 0.8, frames=3)


def test_things_apart_are_findings_of_their_own_worst_first() -> None:
    found = group(
        [
            seen(0, 0.5),
            seen(0, 0.6, ELSEWHERE),
            seen(0, 0.7, label="bus"),
            seen(100, 0.9),
            UnmatchedDetection(2, 0, "cup", PLACE, 0.8),
        ],
        30,
    )
    assert [one.score for one in found] == [0.9, 0.8, 0.7, 0.6, 0.5]


def test_two_boxes_on_one_frame_are_two_things() -> None:
    assert len(group([seen(0, 0.9), seen(0, 0.8, Box(5, 0, 105, 100))], 30)) == 2


def test_thing_may_be_out_of_sight_for_as_long_as_the_reach() -> None:
    assert len(group([seen(0, 0.9), seen(30, 0.8)], 30)) == 1
    assert len(group([seen(0, 0.9), seen(31, 0.8)], 30)) == 2


def test_max_gap_grows_with_the_distance_of_the_processed_frames() -> None:
    assert max_gap_of(range(0, 100, 4)) == MAX_GAP_FRAMES
    assert max_gap_of(range(0, 1000, 50)) == 150
    assert max_gap_of([7]) == MAX_GAP_FRAMES


def test_validation_part_gives_what_is_on_no_label_of_its_class() -> None:
    answers = Gathered(("cup", "bus"))
    for frame in range(3):
        found = [
            Detection(PLACE, 0.9, 0),
            Detection(Box(10, 0, 110, 100), 0.8, 0),
            Detection(PLACE, 0.7, 1),
            Detection(ELSEWHERE, 0.3, 0),
        ]
        path = Path(yolo.image_path("val", 4, frame))
        answers.add(path, matching.labelled([(0, PLACE)]), matching.detected(found))
    answers.add(Path("holiday.jpg"), matching.labelled([]), matching.detected(found))
    [found_on_bus] = unmatched_in(answers, 0.5)
    assert (found_on_bus.video_id, found_on_bus.label, found_on_bus.frames) == (4, "bus", 3)
