"""Real collections of labelled images become training sets, each by way of a video."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.collections import LabelledImage, import_collection, read_voc, read_yolo
from tests.jobs import run_job
from tpod_core.formats.yolo import read_label_file, read_manifest
from tpod_core.storage import get_storage
from workers import build_training_set

COLLECTIONS: dict[str, Callable[[Path], list[LabelledImage]]] = {
    "raccoon": lambda data: list(read_voc(data / "dev/detection/raccoon", 40, 500)),
    "coco8": lambda data: list(read_yolo(data / "dev/detection/coco8/coco8")),
}


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_collection_becomes_a_training_set_box_by_box(
    api: TestClient, shared_data: Path, tmp_path: Path, name: str
) -> None:
    images = COLLECTIONS[name](shared_data)
    video = import_collection(api, images, tmp_path / f"{name}.mp4")
    wish = {"name": name, "videos": [{"video_id": video}], "negatives": {"ratio": 10}}
    queued = api.post("/trainsets", json=wish | {"split": {"guard_frames": 0}}).json()
    run_job(queued["job_id"], build_training_set.run)
    assert api.get(f"/trainsets/{queued['id']}").json()["state"] == "ready"

    directory = get_storage().path(f"training_sets/{queued['id']}")
    manifest = read_manifest(directory)
    assert len(manifest.frames) == len(images)
    for frame in manifest.frames:
        truth = images[frame.frame_index]
        found = read_label_file(directory, frame)
        assert [manifest.classes[class_id] for class_id, _ in found] == [n for n, _ in truth.boxes]
        for (_, box), (_, true_box) in zip(found, truth.boxes, strict=True):
            assert box.xyxy == pytest.approx(true_box.xyxy, abs=0.01)
        picture = cv2.imread(str(directory / frame.image))
        assert picture is not None
        height, width = truth.image.shape[:2]
        error = np.abs(picture[:height, :width].astype(int) - truth.image).mean()
        assert error < 8, f"frame {frame.frame_index} is off by {error:.1f} grey levels"

    coco = api.get(f"/trainsets/{queued['id']}/download", params={"format": "coco"})
    with zipfile.ZipFile(io.BytesIO(coco.content)) as archive:
        boxes = sum(
            len(json.loads(archive.read(entry))["annotations"])
            for entry in archive.namelist()
            if entry.endswith(".json")
        )
    assert boxes == sum(len(each.boxes) for each in images)
