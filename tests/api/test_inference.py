"""Detectors at work over HTTP: one image, and an annotated copy of a video."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.conftest import Api, add_user
from tests.detectors import ANSWER_IN_INPUT, SIDE_PX, add_trained_detector
from tests.jobs import run_job
from tests.labelled import FILE_WH, add_video, give_file, give_large_file
from tests.odd_pictures import ODD_PICTURES
from tests.unit.test_video_pictures import image_file
from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.inference import trained_model
from tpod_core.jobs import running
from tpod_core.models import Detector, DetectorState, Job, Label, Role, User, Video
from workers import annotate_video

FRAMES = 12


@pytest.fixture
def video(admin: User) -> Video:
    made = add_video(admin)
    give_file(made, FRAMES)
    return made


def infer(client: TestClient, content: bytes, detector_id: int = 1, **form: Any) -> Any:
    files = {"image": ("photo.png", content)}
    return client.post(f"/detectors/{detector_id}/infer", files=files, data=form)


def work(job_id: int) -> Job:
    """Run an annotate job once, as a worker would."""
    return run_job(job_id, annotate_video.run)


def annotate(client: TestClient, **wish: Any) -> int:
    answer = client.post("/detectors/1/annotate", json={"video_id": 1} | wish)
    assert answer.status_code == 202, answer.text
    job_id: int = answer.json()["id"]
    return job_id


def frames_of(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def test_boxes_come_in_pixels_of_the_image_with_its_size_and_the_time(
    api: TestClient, detector: Detector
) -> None:
    body = infer(api, image_file(wh=(160, 120))).json()
    assert body["boxes"] == [{"label": "cup", "score": 0.9, "box": [25, 25, 75, 75]}]
    assert (body["width"], body["height"]) == (160, 120)
    assert 0 < body["latency_ms"] < 10_000


def test_image_is_looked_at_upright(api: TestClient, detector: Detector) -> None:
    body = infer(api, image_file("JPEG", wh=(120, 160), orientation=6)).json()
    assert (body["width"], body["height"]) == (160, 120)
    assert body["boxes"][0]["box"] == [25, 25, 75, 75]


@pytest.mark.parametrize("name", ODD_PICTURES)
def test_odd_image_has_its_boxes_inside(api: TestClient, detector: Detector, name: str) -> None:
    content, wh = ODD_PICTURES[name]
    answer = infer(api, content)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["width"], body["height"]) == wh
    for found in body["boxes"]:
        left, top, right, bottom = found["box"]
        assert 0 <= left < right <= wh[0] and 0 <= top < bottom <= wh[1]


def test_field_may_be_called_file(api: TestClient, detector: Detector) -> None:
    answer = api.post("/detectors/1/infer", files={"file": ("a.png", image_file())})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "count"),
    [
        ({"confidence": "0.95"}, 0),
        ({"confidence": "0.5"}, 1),
        ({"labels": ["bus stop"]}, 0),
        ({"labels": ["bus stop", "cup"]}, 1),
    ],
    ids=str,
)
def test_confidence_and_labels_filter(
    api: TestClient, detector: Detector, form: dict[str, Any], count: int
) -> None:
    assert len(infer(api, image_file(), **form).json()["boxes"]) == count


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"confidence": "1.5"}, "confidence"),
        ({"confidence": "high"}, "confidence"),
        ({"labels": ["dog"]}, "labels"),
    ],
    ids=str,
)
def test_impossible_wish_names_its_field(
    api: TestClient, detector: Detector, form: dict[str, Any], field: str
) -> None:
    answer = infer(api, image_file(), **form)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


def test_what_is_no_image_is_415(api: TestClient, detector: Detector) -> None:
    answer = infer(api, b"not an image")
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "not_an_image")


def test_form_without_an_image_is_422(api: TestClient, detector: Detector) -> None:
    for answer in (
        api.post("/detectors/1/infer", data={"confidence": "0.5"}),
        api.post("/detectors/1/infer", json={}),
    ):
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, "image")


def test_too_large_image_is_413_before_it_is_read(
    api: TestClient, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_MAX_IMAGE_BYTES", "1000")
    get_settings.cache_clear()
    assert infer(api, bytes(100_000)).status_code == 413
    assert infer(api, bytes(1001)).status_code == 413


def test_request_that_hides_its_length_is_refused(api: TestClient, detector: Detector) -> None:
    answer = api.post("/detectors/1/infer", content=iter([b"some", b"thing"]))
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "Content-Length")


def test_detector_without_a_model_is_409(api: TestClient, detector: Detector, video: Video) -> None:
    with db.transaction() as session:
        session.get_one(Detector, detector.id).state = DetectorState.TRAINING
    assert infer(api, image_file()).status_code == 409
    assert api.post("/detectors/1/annotate", json={"video_id": 1}).status_code == 409


def test_video_of_another_is_404(
    installation: Api, api: TestClient, detector: Detector, video: Video
) -> None:
    stranger = add_user("stranger", Role.USER)
    with db.transaction() as session:
        session.get_one(Detector, detector.id).owner_id = stranger.id or 0
    asked = installation.client("stranger").post("/detectors/1/annotate", json={"video_id": 1})
    assert asked.status_code == 404


def test_annotated_copy_has_every_frame_with_boxes_in_the_label_s_colour(
    api: TestClient, detector: Detector, video: Video
) -> None:
    with db.transaction() as session:
        label = session.get_one(Label, 1)
        assert label.name == "cup"
        label.color = "#00ff00"
    job_id = annotate(api, confidence=0.5)
    assert api.get(f"/detectors/1/annotated/{job_id}").status_code == 202
    assert work(job_id).state == "succeeded"
    answer = api.get(f"/detectors/1/annotated/{job_id}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    path = get_settings().data_dir / "made.mp4"
    path.write_bytes(answer.content)
    pictures = frames_of(path)
    assert len(pictures) == FRAMES
    assert pictures[0].shape[:2][::-1] == FILE_WH
    for picture in pictures:  # the left edge of the box at 25, 12.5 to 75, 62.5
        blue, green, red = picture[45:60, 24:26].reshape(-1, 3).mean(axis=0)
        assert green > 150 > max(blue, red)


def test_annotated_copy_shows_its_frames_at_the_times_of_the_video(
    api: TestClient, detector: Detector, admin: User
) -> None:
    def variable(number: int) -> Fraction:
        return Fraction(number, 30) if number < 6 else Fraction(number)

    give_file(add_video(admin), FRAMES, time_of=variable)
    job_id = annotate(api)
    assert work(job_id).state == "succeeded"
    path = get_settings().data_dir / "made.mp4"
    path.write_bytes(api.get(f"/detectors/1/annotated/{job_id}").content)
    with av.open(str(path)) as container:
        shown = [frame.time for frame in container.decode(video=0)]
    assert shown == pytest.approx([float(variable(n)) for n in range(FRAMES)], abs=1e-3)


def test_annotated_copy_of_a_huge_frame_is_scaled_down_with_its_boxes(
    api: TestClient, admin: User, detector: Detector
) -> None:
    give_large_file(add_video(admin), 1, (65_500, 1000))
    job_id = annotate(api)
    done = work(job_id)
    assert done.state == "succeeded", done.message
    path = get_settings().data_dir / "made.mp4"
    path.write_bytes(api.get(f"/detectors/1/annotated/{job_id}").content)
    [picture] = frames_of(path)
    assert picture.shape == (250, 16_384, 3)
    left, right = (round(x / SIDE_PX * 16_384) for x in ANSWER_IN_INPUT[::2])
    drawn = np.flatnonzero((picture > 100).any(axis=(0, 2)))  # the frame itself is black
    assert left - 4 <= drawn[0] <= left + 4 <= right - 4 <= drawn[-1] <= right + 4


def test_copy_that_the_encoder_refuses_says_so_in_a_sentence(
    api: TestClient, admin: User, detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotate_video, "MAX_VIDEO_SIDE_PX", 10**9)
    give_large_file(add_video(admin), 1, (16_386, 16))
    done = work(annotate(api))
    assert done.state == "failed"
    assert done.message.startswith("No video can be written of frames of 16,386 × 16 pixels")


def test_copy_s_job_says_which_names_it_shows_as_numbers(
    api: TestClient, home: Path, admin: User, video: Video
) -> None:
    add_trained_detector(home, admin, labels=("cup", "\ue000"))
    assert work(annotate(api)).result["legend"] == ["#2: \ue000"]


def test_annotated_copy_is_served_in_ranges(
    api: TestClient, detector: Detector, video: Video
) -> None:
    job_id = annotate(api)
    work(job_id)
    answer = api.get(f"/detectors/1/annotated/{job_id}", headers={"Range": "bytes=4-7"})
    assert (answer.status_code, answer.content) == (206, b"ftyp")


def test_classes_that_are_not_wanted_are_not_drawn(
    api: TestClient, detector: Detector, video: Video
) -> None:
    plain, drawn = annotate(api, labels=["bus stop"]), annotate(api, labels=["cup"])
    directory = get_settings().data_dir / "videos" / "1"
    work(plain)
    [path] = directory.glob("annotated-*.mp4")
    before = frames_of(path)[0]
    work(drawn)
    [path] = directory.glob("annotated-*.mp4")
    assert np.abs(frames_of(path)[0].astype(int) - before).max() > 100


def test_newer_copy_takes_the_older_one_s_place(
    api: TestClient, detector: Detector, video: Video
) -> None:
    first = annotate(api, confidence=0.5)
    work(first)
    second = annotate(api, confidence=0.6)
    work(second)
    answer = api.get(f"/detectors/1/annotated/{first}")
    assert answer.status_code == 404
    assert "newer one" in answer.json()["error"]["message"]
    assert api.get(f"/detectors/1/annotated/{second}").status_code == 200


def test_copies_for_other_detectors_stay_until_these_are_deleted(
    home: Path, api: TestClient, admin: User, detector: Detector, video: Video
) -> None:
    other = add_trained_detector(home, admin, name="Buses")
    work(annotate(api))
    body = {"video_id": 1}
    kept = api.post(f"/detectors/{other.id}/annotate", json=body).json()["id"]
    work(kept)
    assert len(list((home / "videos" / "1").glob("annotated-*"))) == 2
    api.delete("/detectors/1")
    work(api.post(f"/detectors/{other.id}/annotate", json=body).json()["id"])
    assert len(list((home / "videos" / "1").glob("annotated-*"))) == 1


def test_same_wish_asked_twice_is_one_job(
    api: TestClient, detector: Detector, video: Video
) -> None:
    assert annotate(api, confidence=0.5) == annotate(api, confidence=0.5)
    assert annotate(api, confidence=0.5) != annotate(api, confidence=0.6)


def test_cancel_leaves_no_file_and_says_so(
    home: Path, api: TestClient, detector: Detector, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CHECK_INTERVAL_S", 0.0)
    job_id = annotate(api)
    whole = trained_model.TrainedModel.detect

    def cancel_then_look(*args: Any) -> Any:
        api.post(f"/jobs/{job_id}/cancel")
        return whole(*args)

    monkeypatch.setattr(trained_model.TrainedModel, "detect", cancel_then_look)
    assert work(job_id).state == "cancelled"
    assert list((home / "videos" / "1").glob("annotated*")) == []
    assert api.get(f"/detectors/1/annotated/{job_id}").status_code == 409


@pytest.mark.parametrize("gone", ["detector", "video"])
def test_job_whose_detector_or_video_was_deleted_fails_in_plain_words(
    api: TestClient, detector: Detector, video: Video, gone: str
) -> None:
    job_id = annotate(api)
    assert api.delete(f"/{gone}s/1").status_code == 204
    job = work(job_id)
    assert job.state == "failed"
    assert f"The {gone} was deleted while this waited" in job.message


def test_class_that_vanished_fails_the_job_in_plain_words(
    api: TestClient, detector: Detector, video: Video
) -> None:
    job_id = annotate(api, labels=["cup"])
    with db.transaction() as session:
        session.get_one(Detector, detector.id).labels = ["mug", "bus stop"]
    job = work(job_id)
    assert (job.state, job.message) == (
        "failed",
        "Cups does not know cup. It finds: mug, bus stop.",
    )


def test_other_job_is_no_annotated_copy(api: TestClient, detector: Detector) -> None:
    with db.transaction() as session:
        owner = session.get_one(Detector, 1).owner_id
        session.add(Job(kind="import-video", queue="default", detector_id=1, owner_id=owner))
    assert api.get("/detectors/1/annotated/1").status_code == 404
