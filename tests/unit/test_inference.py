"""Running a published model: over a picture, over frames of a video, loaded once."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.detectors import add_trained_detector, publish_model
from tests.labelled import add_video, give_file
from tests.training_sets import CUP_BOX
from tpod_core import db
from tpod_core.errors import Conflict, JobCancelled
from tpod_core.geometry import Box
from tpod_core.inference import trained_model
from tpod_core.inference.trained_model import detect_in_frames, open_model
from tpod_core.models import Detector, DetectorState, User, Video
from tpod_core.video.source import frame_source

PICTURE = np.zeros((120, 160, 3), np.uint8)


@dataclass
class Watched:
    """Cancels at the given look, and keeps what it was told."""

    cancel_at: int = 0
    fractions: list[float] = field(default_factory=list)
    looks: int = 0

    def check(self) -> None:
        self.looks += 1
        if self.looks == self.cancel_at:
            raise JobCancelled("Cancelled.")

    def progress(self, fraction: float, message: str) -> None:
        self.fractions.append(fraction)


def test_detections_are_in_the_picture_s_own_pixels(detector: Detector) -> None:
    model = open_model(detector)
    result = model.detect(PICTURE, 0.5)
    [found] = result.detections
    assert found.box == CUP_BOX
    assert found.score == pytest.approx(0.9)
    assert model.labels[found.class_id] == "cup"
    assert result.latency_ms > 0


def test_confidence_leaves_out_what_is_below_it(detector: Detector) -> None:
    assert open_model(detector).detect(PICTURE, 0.95).detections == ()


def test_without_a_confidence_the_recommended_one_counts(home: Path, owner: User) -> None:
    detector = add_trained_detector(home, owner, recommended_confidence=0.95)
    model = open_model(detector)
    assert model.recommended_confidence == 0.95
    assert model.detect(PICTURE).detections == ()


def test_box_that_lies_in_the_padding_alone_is_no_detection(home: Path, owner: User) -> None:
    detector = add_trained_detector(home, owner, answer=(10, 0, 30, 6))
    assert open_model(detector).detect(PICTURE, 0.5).detections == ()


def test_model_is_loaded_once_until_it_is_published_anew(home: Path, detector: Detector) -> None:
    first = open_model(detector)
    assert open_model(detector) is first
    publish_model(home, detector, answer=(0, 8, 20, 28))
    [found] = open_model(detector).detect(PICTURE, 0.5).detections
    assert found.box == Box(0, 0, 50, 50)


def test_few_models_stay_loaded(home: Path, owner: User) -> None:
    trained_model._loaded.cache_clear()
    many = [add_trained_detector(home, owner) for _ in range(trained_model.MODELS_KEPT + 1)]
    first = open_model(many[0])
    for each in many[1:]:
        open_model(each)
    assert open_model(many[0]) is not first


def test_one_model_looks_at_one_picture_at_a_time(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_model(detector)
    inside, most = 0, 0
    gate = threading.Barrier(3)

    def slow(image: object, confidence: float | None) -> list[dict[str, object]]:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        threading.Event().wait(0.02)
        inside -= 1
        return []

    monkeypatch.setattr(model._exported, "detect", slow)

    def look() -> None:
        gate.wait(5)
        model.detect(PICTURE)

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert most == 1


def test_untrained_detector_is_refused(detector: Detector) -> None:
    detector.state = DetectorState.TRAINING
    with pytest.raises(Conflict, match="no model yet"):
        open_model(detector)


def test_missing_files_are_named(home: Path, detector: Detector) -> None:
    (home / "detectors" / str(detector.id) / "model" / "model.onnx").unlink()
    with pytest.raises(Conflict, match="missing from the disk"):
        open_model(detector)


@pytest.mark.parametrize("name", ["model.onnx", "detector.json"])
def test_damaged_files_are_named(home: Path, detector: Detector, name: str) -> None:
    (home / "detectors" / str(detector.id) / "model" / name).write_bytes(b"garbage" * 9)
    with pytest.raises(Conflict, match="damaged"):
        open_model(detector)


def _video(owner: User) -> Video:
    video = add_video(owner)
    give_file(video, 12)
    with db.read_session() as session:
        return session.get_one(Video, video.id)


def test_frames_are_looked_at_in_order_with_their_numbers(detector: Detector, owner: User) -> None:
    watched = Watched()
    with frame_source(_video(owner)).open() as reader:
        found = list(detect_in_frames(open_model(detector), reader, range(1, 12, 5), 0.5, watched))
    assert [frame for frame, _ in found] == [1, 6, 11]
    # Scaled by 0.4 to 64 x 38, which begins 13 px down in the square: (18 - 13) / 0.4 = 12.5.
    assert {result.detections[0].box for _, result in found} == {Box(25, 12.5, 75, 62.5)}
    assert watched.fractions == [1 / 3, 2 / 3, 1]


def test_cancel_ends_the_look_at_the_next_frame(detector: Detector, owner: User) -> None:
    watched = Watched(cancel_at=2)
    seen = []
    with frame_source(_video(owner)).open() as reader, pytest.raises(JobCancelled):
        for frame, _ in detect_in_frames(open_model(detector), reader, range(12), 0.5, watched):
            seen.append(frame)
    assert seen == [0]
