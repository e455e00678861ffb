"""Detections joined to tracks: who is who, and raw boxes kept."""

from collections.abc import Callable

import numpy as np
import pytest

from tpod_core.detectors.protocol import Detection
from tpod_core.geometry import Box
from tpod_core.inference.association import Association, DetectedTrack

Path = Callable[[int], Box | None]


@pytest.fixture(autouse=True)
def installation(home: object) -> None:
    """Ultralytics writes its settings into the data directory."""


def to_the_right(frame: int) -> Box:
    return Box(10 + 4 * frame, 50, 60 + 4 * frame, 110)


def to_the_left(frame: int) -> Box:
    return Box(500 - 4 * frame, 150, 560 - 4 * frame, 230)


def associate(
    *objects: tuple[Path, int, float], frames: range = range(60), patience: int = 10
) -> list[DetectedTrack]:
    """``objects`` are paths, classes and scores."""
    association = Association(confidence=0.5, patience=patience)
    for frame in frames:
        association.add(
            frame,
            [
                Detection(box, score, class_id)
                for path, class_id, score in objects
                if (box := path(frame))
            ],
        )
    return association.tracks()


def seen_in(path: Path, *ranges: range) -> Path:
    return lambda frame: path(frame) if any(frame in each for each in ranges) else None


def test_two_objects_that_pass_each_other_are_two_tracks_from_first_to_last_frame() -> None:
    first, second = associate((to_the_right, 0, 0.9), (to_the_left, 0, 0.8))
    assert [frame for frame, _ in first.detections] == list(range(60))
    for track, path, score in ((first, to_the_right, 0.9), (second, to_the_left, 0.8)):
        assert {found.box for _, found in track.detections} == {path(n) for n in range(60)}
        assert track.score == pytest.approx(score)


def test_boxes_are_the_raw_ones_not_the_smoothed() -> None:
    random = np.random.default_rng(3)
    jitter = {n: random.normal(0, 2, 4) for n in range(60)}

    def shaking(frame: int) -> Box:
        return Box(*(np.array(to_the_right(frame).xyxy) + jitter[frame]).tolist())

    [track] = associate((shaking, 0, 0.9))
    assert [found.box for _, found in track.detections] == [
        shaking(frame) for frame, _ in track.detections
    ]


def test_classes_are_never_joined_even_in_the_same_place() -> None:
    tracks = associate((to_the_right, 0, 0.9), (to_the_right, 1, 0.9))
    assert sorted(track.class_id for track in tracks) == [0, 1]
    assert all(
        {found.class_id for _, found in each.detections} == {each.class_id} for each in tracks
    )


def test_object_that_is_away_for_a_moment_stays_the_same() -> None:
    [track] = associate((seen_in(to_the_right, range(20), range(26, 60)), 0, 0.9))
    assert [frame for frame, _ in track.detections] == [*range(20), *range(26, 60)]


def test_object_that_is_away_for_longer_than_patience_is_another() -> None:
    tracks = associate((seen_in(to_the_right, range(20), range(40, 60)), 0, 0.9), patience=5)
    assert [track.detections[0][0] for track in tracks] == [0, 40]


def test_weak_detections_keep_a_track_but_begin_none() -> None:
    def strength(frame: int) -> float:
        return 0.9 if frame < 30 else 0.3

    association = Association(confidence=0.5, patience=10)
    for frame in range(60):
        association.add(
            frame,
            [
                Detection(to_the_right(frame), strength(frame), 0),
                Detection(to_the_left(frame), 0.4, 0),
            ],
        )
    [track] = association.tracks()
    assert [frame for frame, _ in track.detections] == list(range(60))


def test_frames_that_were_left_out_keep_their_numbers() -> None:
    [track] = associate((to_the_right, 0, 0.9), frames=range(0, 60, 2))
    assert [frame for frame, _ in track.detections] == list(range(0, 60, 2))


def test_nothing_detected_is_no_track() -> None:
    assert associate((lambda frame: None, 0, 0.9)) == []
