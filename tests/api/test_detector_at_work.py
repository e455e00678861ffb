"""Detectors at work with real workers: a model is run, associated, drawn, and written down."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.browser.annotator import import_video
from tests.detectors import add_trained_detector
from tests.live import Server, installation_of, wait_for
from tests.synthetic import make_video
from tpod_core.models import saved_id

FRAMES = 45


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with closing(server.api()) as signed_in:
        yield signed_in


@pytest.fixture
def detector_id(server: Server) -> int:
    """A trained detector beside the running app: one object, always in the same place."""
    with installation_of(server) as owner:
        return saved_id(add_trained_detector(server.home, owner, labels=("cup", "bus")))


@pytest.mark.slow
def test_video_is_pre_labelled_and_drawn_by_real_workers(
    client: httpx.Client, detector_id: int, tmp_path: Path
) -> None:
    path = make_video(tmp_path / "kitchen.mp4", FRAMES, (160, 120))
    video_id = import_video(client, path, ["cup"])
    wish = {"detector_id": detector_id, "labels": ["cup"]}
    job = client.post(f"/videos/{video_id}/prelabel", json=wish).raise_for_status().json()
    ended = wait_for(client, f"/jobs/{job['id']}", lambda b: b["finished"] is not None)
    assert ended["state"] == "succeeded", ended
    [track] = client.get(f"/videos/{video_id}/annotations").json()["tracks"]
    assert (track["proposed"], track["score"]) == (True, 0.9)
    assert [each["frame"] for each in track["keyframes"]] == [0, FRAMES - 1]
    assert track["keyframes"][0]["box"] == [25, 25, 75, 75]

    at_work = f"/detectors/{detector_id}"
    body = {"video_id": video_id}
    job = client.post(f"{at_work}/annotate", json=body).raise_for_status().json()
    ended = wait_for(client, f"/jobs/{job['id']}", lambda b: b["finished"] is not None)
    assert ended["state"] == "succeeded", ended
    copy = client.get(f"{at_work}/annotated/{job['id']}")
    assert (copy.status_code, copy.content[4:8]) == (200, b"ftyp")
    frame = client.get(f"/videos/{video_id}/frames/7").content
    look = client.post(f"{at_work}/infer", files={"image": ("frame.jpg", frame)})
    assert look.json()["boxes"][0]["box"] == [25, 25, 75, 75]
