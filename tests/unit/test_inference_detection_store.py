"""What detectors saw in a video, kept beside it: the file, and which of several is heard."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.detectors import add_trained_detector
from tests.labelled import add_video
from tpod_core import db
from tpod_core.detectors.protocol import Detection
from tpod_core.geometry import Box
from tpod_core.inference import detection_store
from tpod_core.inference.video_detections import MAX_PER_FRAME, DetectionRecorder, VideoDetections
from tpod_core.models import Detector, User, Video
from tpod_core.propagation.class_detections import ClassDetections
from tpod_core.services import videos
from tpod_core.storage import get_storage

CUP, BUS = 0, 1
LEFT, RIGHT = Box(0, 0, 10, 10), Box(50, 0, 60, 10)


@pytest.fixture
def video(owner: User) -> Video:
    return add_video(owner)


@pytest.fixture
def detector(home: Path, owner: User) -> Detector:
    return add_trained_detector(home, owner, labels=("cup", "bus"))


def noted(
    found: Mapping[int, Sequence[Detection]], labels: Sequence[str] = ("cup", "bus")
) -> VideoDetections:
    book = DetectionRecorder.for_model(labels, recommended_confidence=0.4)
    for frame, detections in found.items():
        book.add(frame, detections)
    return book.detections()


def keep(
    video: Video, detector: Detector, found: VideoDetections, at_ns: int | None = None
) -> Path:
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        detection_store.save(session, row, session.get_one(Detector, detector.id), found)
    path = get_storage().path(f"videos/{video.id}/looks-{detector.id}.npz")
    if at_ns is not None:
        os.utime(path, ns=(at_ns, at_ns))
    return path


def heard(video: Video, *labels: str) -> dict[str, ClassDetections]:
    with db.read_session() as session:
        return detection_store.load_by_label(session, session.get_one(Video, video.id), labels)


def tag(video: Video) -> str:
    with db.read_session() as session:
        return detection_store.state_tag(session, session.get_one(Video, video.id))


def test_file_gives_back_what_was_seen(video: Video, detector: Detector) -> None:
    seen = {0: [Detection(LEFT, 0.9, CUP), Detection(RIGHT, 0.5, BUS)], 6: [], 12: []}
    path = keep(video, detector, noted(seen | {18: [Detection(RIGHT, 0.7, CUP)]}))
    again = VideoDetections.read(path)
    assert again.labels == ("cup", "bus")
    assert again.frames.tolist() == [0, 6, 12, 18]
    assert again.counts.tolist() == [2, 0, 0, 1]
    assert again.boxes.tolist() == [list(box.xyxy) for box in (LEFT, RIGHT, RIGHT)]
    assert again.class_ids.tolist() == [CUP, BUS, CUP]


def test_label_has_its_own_boxes_and_every_frame(video: Video, detector: Detector) -> None:
    both = [Detection(RIGHT, 0.9, CUP), Detection(LEFT, 0.8, CUP), Detection(LEFT, 0.7, BUS)]
    keep(video, detector, noted({3: both, 5: []}))
    seen = heard(video, "cup", "bus", "dog")
    assert sorted(seen) == ["bus", "cup"]
    assert seen["cup"].boxes.tolist() == [list(LEFT.xyxy), list(RIGHT.xyxy)]
    assert seen["bus"].frames.tolist() == [3, 5]
    assert seen["bus"].boxes.tolist() == [list(LEFT.xyxy)]


def test_weak_detections_count_down_to_half_of_the_recommended_confidence() -> None:
    found = noted({0: [Detection(LEFT, 0.2, CUP), Detection(RIGHT, 0.19, CUP)]})
    assert found.boxes.tolist() == [list(LEFT.xyxy)]


def test_no_more_than_the_surest_of_a_frame_are_kept() -> None:
    many = [Detection(Box(x, 0, x + 5, 5), 0.9, CUP) for x in range(300)]
    found = noted({0: many, 1: many[:1]})
    assert found.counts.tolist() == [MAX_PER_FRAME, 1]
    assert found.boxes[:MAX_PER_FRAME, 0].tolist() == list(range(MAX_PER_FRAME))


def test_newer_run_of_a_detector_takes_the_place_of_the_older(
    video: Video, detector: Detector
) -> None:
    keep(video, detector, noted({0: [Detection(LEFT, 0.9, CUP)], 1: []}), at_ns=1)
    before = tag(video)
    keep(video, detector, noted({7: []}))
    assert heard(video, "cup")["cup"].frames.tolist() == [7]
    assert tag(video) != before


def test_of_several_detectors_the_last_that_knows_the_label_is_heard(
    home: Path, owner: User, video: Video, detector: Detector
) -> None:
    other = add_trained_detector(home, owner, name="Cups only", labels=("cup",))
    keep(video, detector, noted({0: []}), at_ns=1_000)
    keep(video, other, noted({5: []}, ("cup",)), at_ns=2_000)
    assert {n: s.frames.tolist() for n, s in heard(video, "cup", "bus").items()} == {
        "cup": [5],
        "bus": [0],
    }


def test_deleted_detector_is_not_heard_and_its_file_goes_at_the_next_run(
    home: Path, owner: User, video: Video, detector: Detector
) -> None:
    gone = add_trained_detector(home, owner, name="Gone", labels=("cup",))
    path = keep(video, gone, noted({5: []}, ("cup",)))
    before = tag(video)
    with db.transaction() as session:
        session.delete(session.get_one(Detector, gone.id))
    assert heard(video, "cup") == {}
    assert tag(video) != before
    keep(video, detector, noted({0: []}))
    assert not path.exists()
    assert heard(video, "cup")["cup"].frames.tolist() == [0]


def test_what_was_seen_goes_with_the_video(video: Video, detector: Detector) -> None:
    path = keep(video, detector, noted({0: []}))
    with db.transaction() as session:
        videos.delete(session, session.get_one(Video, video.id))
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"PK not a zip", None], ids=["empty", "other", "cut"])
def test_damaged_file_is_left_out(video: Video, detector: Detector, content: bytes | None) -> None:
    path = keep(video, detector, noted({0: [Detection(LEFT, 0.9, CUP)]}))
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    assert heard(video, "cup") == {}


def test_video_that_no_detector_looked_at_has_no_witness(video: Video) -> None:
    assert heard(video, "cup") == {}
    assert tag(video) == "0"


def test_file_of_a_long_video_stays_small(video: Video, detector: Detector) -> None:
    three = [Detection(LEFT, 0.9, CUP)] * 3
    path = keep(video, detector, noted(dict.fromkeys(range(10_000), three)))
    assert path.stat().st_size < 70 * 10_000
    assert len(heard(video, "cup")["cup"].boxes) == 30_000
