"""The main job without a browser, against a real server and its real workers."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.live import Server, wait_for
from tpod_core.services.demo.scene import FPS, SCENES, RenderedFrame, Scene, render
from tpod_core.video.writing import write_video


def tracks_of(scene: Scene, frames: list[RenderedFrame]) -> list[dict[str, Any]]:
    """One track per actor, a key frame on every frame: the truth itself."""
    return [
        {
            "label": actor.cutout.label,
            "keyframes": [
                {
                    "frame": index,
                    "box": list((frame.boxes[number] or last(frames, number, index)).xyxy),
                    "outside": frame.boxes[number] is None,
                    "occluded": False,
                    "source": "manual",
                }
                for index, frame in enumerate(frames)
            ],
        }
        for number, actor in enumerate(scene.actors)
    ]


def last(frames: list[RenderedFrame], number: int, index: int):  # type: ignore[no-untyped-def]
    """The nearest box of an actor that is out of sight at ``index``."""
    known = [i for i, frame in enumerate(frames) if frame.boxes[number]]
    return frames[min(known, key=lambda i: abs(i - index))].boxes[number]


def upload(client: httpx.Client, name: str, path: Path) -> int:
    video = client.post(
        "/videos", json={"name": name, "labels": [{"name": "bus"}, {"name": "person"}]}
    )
    assert video.status_code == 201, video.text
    video_id: int = video.json()["id"]
    with path.open("rb") as file:
        sent = client.post(f"/videos/{video_id}/data", files={"file": (path.name, file)})
    assert sent.status_code == 202, sent.text
    status = wait_for(
        client, f"/videos/{video_id}/status", lambda b: b["state"] in ("ready", "failed")
    )
    assert status["state"] == "ready", status
    return video_id


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with closing(server.api()) as signed_in:
        yield signed_in


@pytest.mark.slow
def test_video_in_detector_out_over_the_http_api(client: httpx.Client, tmp_path: Path) -> None:
    video_ids = []
    for scene in SCENES:
        frames = list(render(scene))[:72]
        path = tmp_path / f"{scene.name[-5:]}.mp4"
        write_video(path, (frame.image for frame in frames), FPS)
        video_id = upload(client, scene.name, path)
        video_ids.append(video_id)
        assert client.get(f"/videos/{video_id}").json()["frame_count"] == len(frames)
        document = client.get(f"/videos/{video_id}/annotations")
        written = client.put(
            f"/videos/{video_id}/annotations",
            json=document.json() | {"tracks": tracks_of(scene, frames), "ranges": [[0, 72]]},
            headers={"If-Match": document.headers["ETag"]},
        )
        assert written.status_code == 200, written.text
        shown = client.get(f"/videos/{video_id}/boxes", params={"frame": 30}).json()
        assert len(shown["frames"][0]["boxes"]) == sum(b is not None for b in frames[30].boxes)

    queued = client.post(
        "/trainsets",
        json={
            "name": "both scenes",
            "videos": [{"video_id": video_id} for video_id in video_ids],
            "sampling": {"stride": 4},
            "split": {"method": "by_video", "val_videos": [video_ids[1]]},
            "seed": 1,
        },
    )
    assert queued.status_code == 202, queued.text
    training_set = wait_for(
        client,
        f"/trainsets/{queued.json()['id']}",
        lambda b: b["state"] in ("ready", "failed"),
    )
    assert training_set["state"] == "ready", training_set

    created = client.post(
        "/detectors",
        json={
            "name": "tiny",
            "dnn_type": "yolo26n",
            "train_set_id": training_set["id"],
            "train_config": {"epochs": 2, "imgsz": 96, "batch": 4, "pretrained": "random"},
        },
    )
    assert created.status_code in (201, 202), created.text
    detector = wait_for(
        client,
        f"/detectors/{created.json()['id']}",
        lambda b: b["state"] in ("trained", "error", "cancelled"),
    )
    assert detector["state"] == "trained", detector
    assert detector["epoch"] == 2
    assert {"mAP50", "mAP50-95"} <= set(detector["metrics"])

    model = client.get(f"/detectors/{detector['id']}/model")
    assert model.status_code == 200, model.text
    unpacked = tmp_path / "model"
    with zipfile.ZipFile(io.BytesIO(model.content)) as archive:
        archive.extractall(unpacked)
    root = next(unpacked.rglob("predict.py")).parent
    assert (root / "labels.txt").read_text().split() == ["bus", "person"]
    out = tmp_path / "boxes.json"
    subprocess.run(
        [sys.executable, str(root / "predict.py"), str(path), "--json", str(out)], check=True
    )
    assert json.loads(out.read_text())


@pytest.mark.slow
def test_uploaded_frames_are_those_of_the_file(client: httpx.Client, shared_data: Path) -> None:
    """The last frame over HTTP exists, the one after it does not, as the truth says."""
    with (shared_data / "dev/frame_truth/Car4.mp4.csv").open() as file:
        frame_count = sum(1 for _ in csv.reader(file)) - 1
    video = next((shared_data / "dev/video_gt/Car4").glob("*.mp4"))
    video_id = upload(client, "Car4", video)
    url = f"/videos/{video_id}/frames/"
    assert client.get(f"{url}{frame_count - 1}").headers["content-type"] == "image/jpeg"
    assert client.get(f"{url}{frame_count}").status_code == 404
