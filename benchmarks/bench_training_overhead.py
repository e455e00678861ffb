"""What a training through the app costs over the same training in a bare script.

One family of each library: YOLO against Ultralytics' own call, SSDlite against the shortest
loop over torchvision's network. Prints the wall time of both and their ratio, and the seconds
from asking for the training to its first batch. Same data, same configuration, one after the
other on an idle machine.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.live import Server, start_server, stop_server
from tests.training_sets import write_training_set
from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.detectors.dataset_layout import materialize
from tpod_core.detectors.protocol import DatasetLayout
from tpod_core.models import TrainingSet, TrainingSetState, User

CONFIG = {"epochs": 4, "imgsz": 160, "batch": 4, "patience": 50, "lr0": 0.002}
IMAGES = {"train": 96, "val": 24}
MOST_RATIO, MOST_SECONDS = 1.05, 5.0
MOST_START_S = 3.0
DEADLINE_S = 900
_FIRST_BATCH = "First batch"

BARE_ULTRALYTICS = """
import json, sys, time
from ultralytics import YOLO

first = []
model = YOLO("yolo26n.yaml")
model.add_callback("on_train_batch_end", lambda trainer: first or first.append(time.time()))
model.train(**json.loads(sys.argv[1]))
print(json.dumps(first[0]))
"""

BARE_TORCHVISION = """
import json, random, sys, time
from pathlib import Path
import cv2, numpy as np, torch
from torchmetrics.detection import MeanAveragePrecision
from torchvision.models.detection import ssdlite320_mobilenet_v3_large

wish = json.loads(sys.argv[1])
side, batch = wish["imgsz"], wish["batch"]
first = []

def read(name):
    image = cv2.imread(name)
    height, width = image.shape[:2]
    scale = side / max(height, width)
    small = cv2.resize(image, (round(width * scale), round(height * scale)))
    square = np.full((side, side, 3), 114, np.uint8)
    square[: small.shape[0], : small.shape[1]] = small
    label = Path(name.replace("/images/", "/labels/")).with_suffix(".txt")
    rows = np.array([line.split() for line in label.read_text().splitlines()], float)
    rows = rows.reshape(-1, 5)
    middle, half = rows[:, 1:3], rows[:, 3:] / 2
    corners = np.hstack([middle - half, middle + half]) * ([width, height] * 2) * scale
    target = {
        "boxes": torch.tensor(corners, dtype=torch.float32),
        "labels": torch.tensor(rows[:, 0] + 1, dtype=torch.int64),
    }
    return torch.tensor(square[:, :, ::-1].transpose(2, 0, 1).copy()).float() / 255, target

def judge(model):
    model.eval()
    metric = MeanAveragePrecision()
    with torch.inference_mode():
        for start in range(0, len(wish["val"]), batch):
            images, targets = zip(*map(read, wish["val"][start : start + batch]))
            metric.update(model(list(images)), list(targets))
    return metric.compute()

model = ssdlite320_mobilenet_v3_large(
    weights=None, weights_backbone=None, num_classes=len(wish["names"]) + 1
)
model.transform.fixed_size = (side, side)
optimizer = torch.optim.AdamW(model.parameters(), lr=wish["lr0"])
for epoch in range(wish["epochs"]):
    model.train()
    random.shuffle(wish["train"])
    for start in range(0, len(wish["train"]), batch):
        images, targets = zip(*map(read, wish["train"][start : start + batch]))
        loss = sum(model(list(images), list(targets)).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first or first.append(time.time())
    judge(model)
    torch.save(model.state_dict(), wish["save"])
model.load_state_dict(torch.load(wish["save"]))
judge(model)
print(json.dumps(first[0]))
"""


@dataclass(frozen=True)
class Family:
    """A type, the script that trains it bare, and what that is asked."""

    dnn_type: str
    script: str
    asked: Callable[[DatasetLayout], dict[str, Any]]


def ask_ultralytics(view: DatasetLayout) -> dict[str, Any]:
    description = {
        "path": str(view.directory),
        "train": "train.txt",
        "val": "val.txt",
        "names": dict(enumerate(view.classes)),
    }
    (view.directory / "data.yaml").write_text(json.dumps(description))
    return {
        "data": str(view.directory / "data.yaml"),
        "project": str(view.directory / "runs"),
        "device": "cpu",
        "workers": 0,
        "nbs": CONFIG["batch"],
        "optimizer": "AdamW",
        "momentum": 0.9,
        "warmup_epochs": 1.0,
        "warmup_bias_lr": 0.0,
        "mosaic": 0.0,
        "plots": False,
    }


def ask_torchvision(view: DatasetLayout) -> dict[str, Any]:
    return {
        "train": [str(path) for path in view.train],
        "val": [str(path) for path in view.val],
        "names": view.classes,
        "save": str(view.directory / "model.pt"),
    }


FAMILIES = (
    Family("yolo26n", BARE_ULTRALYTICS, ask_ultralytics),
    Family("ssdlite320_mobilenet_v3_large", BARE_TORCHVISION, ask_torchvision),
)


def bare(family: Family, home: Path, training_set: Path) -> tuple[float, float]:
    """(seconds to the first batch, seconds in all) of a script that only trains."""
    view = materialize(training_set, home / f"view-{family.dnn_type}")
    environment = os.environ | {
        "YOLO_OFFLINE": "1",
        "YOLO_CONFIG_DIR": str(get_settings().data_dir / "ultralytics"),
    }
    began = time.time()
    answer = subprocess.run(
        [sys.executable, "-c", family.script, json.dumps({**CONFIG, **family.asked(view)})],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout.splitlines()[-1]) - began, time.time() - began


def through_the_app(family: Family, server: Server, training_set_id: int) -> tuple[float, float]:
    """(seconds to the first batch, seconds in all) of a job, from the asking."""
    client = server.api()
    wish = {
        "name": "benchmark",
        "dnn_type": family.dnn_type,
        "train_set_id": training_set_id,
        "train_config": {**CONFIG, "pretrained": "random", "device": "cpu"},
    }
    began = time.time()
    made = client.post("/detectors", json=wish).raise_for_status().json()
    job = _wait(client, f"/jobs/{made['job_id']}")
    assert job["state"] == "succeeded", job
    log = client.get(f"/detectors/{made['id']}/log").json()["log"]
    first = next(line for line in log.splitlines() if _FIRST_BATCH in line)
    return _log_time(first) - began, datetime.fromisoformat(job["finished"]).timestamp() - began


def _wait(client: httpx.Client, path: str) -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        body: dict[str, Any] = client.get(path).raise_for_status().json()
        if body["finished"]:
            return body
        time.sleep(0.25)
    raise TimeoutError(f"{path} did not end in {DEADLINE_S} s")


def _log_time(line: str) -> float:
    """Seconds since 1970 of a log line: ``2026-11-23 22:07:19,975 INFO …``, local time."""
    return datetime.strptime(line[:23], "%Y-%m-%d %H:%M:%S,%f").timestamp()


def add_training_set(server: Server) -> tuple[int, Path]:
    """A ready training set on the running app's disk and in its database."""
    os.environ["TPOD_DATA_DIR"] = str(server.home)
    get_settings.cache_clear()
    with db.transaction() as session:
        owner = session.get_one(User, 1)
        row = TrainingSet(
            owner_id=owner.id,
            name="benchmark",
            state=TrainingSetState.READY,
            content_hash="benchmark",
            directory_key="training_sets/1",
        )
        session.add(row)
    directory = server.home / "training_sets" / "1"
    write_training_set(directory, **IMAGES)
    assert row.id is not None
    return row.id, directory


def measure(family: Family, home: Path, server: Server, row: tuple[int, Path]) -> int:
    """Train both ways and print; the number of promises that did not hold."""
    training_set_id, directory = row
    job_first, job_all = through_the_app(family, server, training_set_id)
    bare_first, bare_all = bare(family, home, directory)
    allowed = MOST_RATIO * bare_all + MOST_SECONDS
    print(family.dnn_type)
    print(f"  bare script      first batch {bare_first:6.1f} s   whole {bare_all:6.1f} s")
    print(f"  through the app  first batch {job_first:6.1f} s   whole {job_all:6.1f} s")
    print(f"  whole: ratio {job_all / bare_all:.2f}, {allowed:.1f} s allowed")
    print(f"  first batch: {job_first - bare_first:+.1f} s, {MOST_START_S:+.1f} s allowed")
    return (job_all > allowed) + (job_first - bare_first > MOST_START_S)


def main() -> int:
    """Measure every family; the number of promises that did not hold."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        server = start_server(home / "installation")
        try:
            row = add_training_set(server)
            return sum(measure(family, home, server, row) for family in FAMILIES)
        finally:
            stop_server(server)


if __name__ == "__main__":
    sys.exit(main())
