"""A detector that went over a video makes derived boxes less sure where it disagrees."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests import fake_propagation
from tests.detectors import add_trained_detector, play
from tests.fake_propagation import OFFSET_PX
from tests.jobs import run_job
from tests.labelled import add_video, give_file
from tests.unwatched import Unwatched
from tpod_core import db
from tpod_core.detectors.protocol import Detection
from tpod_core.geometry import Box
from tpod_core.jobs import running
from tpod_core.models import Detector, Job, User, Video
from tpod_core.propagation.updating import fill_all
from workers import prelabel_video, review_video

FRAMES = 60
CUP, BUS = 0, 1
START, STOP = 10, 40
CUP_BOX, BUS_BOX = [10.0, 20.0, 40.0, 60.0], [100.0, 20.0, 140.0, 60.0]
SHOWN_CUP = Box(10, 20 + OFFSET_PX, 40, 60 + OFFSET_PX)
"""Where the stand-in for propagation has the cup between its key frames."""

UNTESTED = 19
"""A stride that meets no key frame."""

LOST = range(32, 40)
"""Frames on which the detector does not see the cup; propagation is rather sure there."""


def mostly(frame: int) -> Sequence[Detection]:
    """The cup where it is labelled, but for ``LOST``; no bus ever."""
    box = Box(*CUP_BOX) if frame in (START, STOP) else SHOWN_CUP
    visible = START <= frame <= STOP and frame not in LOST
    return [Detection(box, 0.9, CUP)] if visible else []


@pytest.fixture
def video(home: Path, admin: User, monkeypatch: pytest.MonkeyPatch) -> Video:
    """A cup and a bus with two key frames each, and propagated boxes between them."""
    fake_propagation.install(monkeypatch)
    add_trained_detector(home, admin, labels=("cup", "bus"), recommended_confidence=0.4)
    made = add_video(admin)
    give_file(made, FRAMES)
    return made


@pytest.fixture
def client(api: TestClient, video: Video) -> TestClient:
    label(api, source="manual")
    return api


def label(client: TestClient, source: str) -> None:
    """Put the tracks there, with key frames of ``source``, and have their gaps filled."""
    tracks = [
        {
            "label": label,
            "keyframes": [
                {"frame": START, "box": box, "source": source},
                {"frame": STOP, "box": box, "source": source},
                {"frame": STOP + 1, "box": box, "outside": True},
            ],
        }
        for label, box in (("cup", CUP_BOX), ("bus", BUS_BOX))
    ]
    revision = client.get("/videos/1/annotations").json()["revision"]
    document = {"revision": revision, "tracks": tracks}
    assert client.put("/videos/1/annotations", json=document).status_code == 200
    fill_all(1, Unwatched(), db.transaction)


Run = Callable[..., Job]


def work(client: TestClient, url: str, run: Any, wish: dict[str, Any]) -> Job:
    answer = client.post(url, json=wish)
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["id"]
    return run_job(job_id, run)


def prelabel(client: TestClient, **wish: Any) -> Job:
    return work(client, "/videos/1/prelabel", prelabel_video.run, {"detector_id": 1} | wish)


def review(client: TestClient, **wish: Any) -> Job:
    wish = {"video_id": 1, "stride": 1} | wish
    return work(client, "/detectors/1/review", review_video.run, wish)


def unsure(client: TestClient) -> dict[int, list[float]]:
    """How unsure each track is on ``START < n < STOP``."""
    tracks = client.get("/videos/1/propagation").json()["tracks"]
    return {track["track_id"]: track["segments"][0]["uncertainty"] for track in tracks}


BY_ITSELF = [round(1 - abs(2 * (n - START) / (STOP - START) - 1), 2) for n in range(START, STOP)]
BOTH_JOBS = pytest.mark.parametrize("run", [prelabel, review])


def where_lost(values: Sequence[float]) -> list[float]:
    return [max(value, 0.5) if START + n in LOST else value for n, value in enumerate(values)]


@BOTH_JOBS
def test_box_that_the_detector_did_not_see_is_less_sure(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    play(monkeypatch, mostly)
    cup, bus = unsure(client).values()
    assert cup == bus == pytest.approx(BY_ITSELF[1:], abs=0.01)
    seen = client.get("/videos/1/propagation").headers["ETag"]
    job = run(client)
    assert job.state == "succeeded", job.message
    again = client.get("/videos/1/propagation", headers={"If-None-Match": seen})
    assert again.status_code == 200
    assert unsure(client)[1] == pytest.approx(where_lost(BY_ITSELF)[1:], abs=0.01)


def test_worst_of_equally_unsure_tracks_is_the_one_that_the_detector_did_not_see(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cup_or_key_frame(frame: int) -> Sequence[Detection]:
        on_key_frame = Detection(Box(*BUS_BOX), 0.9, BUS)
        return [on_key_frame] if frame in (START, STOP) else [Detection(SHOWN_CUP, 0.9, CUP)]

    play(monkeypatch, cup_or_key_frame)
    assert client.get("/videos/1/propagation").json()["worst"]["track_id"] == 1
    review(client)
    assert client.get("/videos/1/propagation").json()["worst"]["track_id"] == 2


def test_label_that_the_detector_does_not_know_is_untouched(
    home: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "detectors" / "1" / "model" / "labels.txt").write_text("cup\nmug\n")
    play(monkeypatch, lambda frame: [])
    review(client, stride=UNTESTED)
    cup, bus = (unsure(client)[number] for number in (1, 2))
    assert bus == pytest.approx(BY_ITSELF[1:], abs=0.01)
    assert cup[2 * UNTESTED - START - 1] == pytest.approx(0.5)


@BOTH_JOBS
def test_detector_that_never_finds_what_people_draw_says_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    play(monkeypatch, mostly)
    run(client)
    assert unsure(client)[2] == pytest.approx(BY_ITSELF[1:], abs=0.01)


def test_detector_that_finds_half_of_what_people_draw_counts_half(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, lambda frame: [Detection(Box(*CUP_BOX), 0.9, CUP)] if frame == START else [])
    review(client)
    assert unsure(client)[1][0] == pytest.approx(0.25, abs=0.01)


def test_detector_that_no_key_frame_has_tested_counts(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, lambda frame: [])
    review(client, stride=UNTESTED)
    expected = [*BY_ITSELF]
    for frame in (UNTESTED, 2 * UNTESTED):
        expected[frame - START] = max(expected[frame - START], 0.5)
    assert list(unsure(client).values()) == [pytest.approx(expected[1:], abs=0.01)] * 2


@pytest.mark.parametrize("source", ["detected", "tracked"])
def test_key_frames_that_nobody_drew_are_no_test_of_a_detector(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    label(client, source)
    play(monkeypatch, lambda frame: [])
    review(client)
    assert [min(values) for values in unsure(client).values()] == [0.5, 0.5]


@BOTH_JOBS
def test_weak_detection_speaks_for_the_box_whatever_confidence_was_asked_for(
    home: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    play(monkeypatch, lambda frame: [Detection(SHOWN_CUP, 0.21, CUP)])
    assert run(client, confidence=0.95).state == "succeeded"
    assert list(home.glob("videos/1/looks-1.npz"))
    assert unsure(client)[1] == pytest.approx(BY_ITSELF[1:], abs=0.01)


@BOTH_JOBS
def test_run_that_is_cancelled_leaves_nothing(
    home: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setattr(running, "CHECK_INTERVAL_S", 0.0)

    def cancel_midway(frame: int) -> Sequence[Detection]:
        if frame == 30:
            for job in client.get("/jobs").json()["results"]:
                client.post(f"/jobs/{job['id']}/cancel")
        return []

    play(monkeypatch, cancel_midway)
    assert run(client).state == "cancelled"
    assert not list(home.glob("videos/1/looks-*"))
    assert unsure(client)[1] == pytest.approx(BY_ITSELF[1:], abs=0.01)


@BOTH_JOBS
def test_run_whose_detector_is_deleted_leaves_nothing(
    home: Path, client: TestClient, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    def delete_midway(frame: int) -> Sequence[Detection]:
        if frame == 30:
            with db.transaction() as session:
                session.delete(session.get_one(Detector, 1))
        return []

    play(monkeypatch, delete_midway)
    assert run(client).state == "failed"
    assert not list(home.glob("videos/1/looks-*"))


def test_key_frames_stay_sure(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, lambda frame: [])
    review(client)
    (track, _) = client.get("/videos/1/propagation").json()["tracks"]
    assert [(each["start"], each["stop"]) for each in track["segments"]] == [(START + 1, STOP)]
