"""What a training through the app costs over the same Ultralytics call in a bare script.

Prints the wall time of both and their ratio, and the seconds from asking for the training to
its first batch. Same data, same configuration, one after the other on an idle machine.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.live import Server, start_server, stop_server
from tests.training_data import write_training_set
from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.detectors.data_view import make_view
from tpod_core.models import TrainingSet, TrainingSetState, User

CONFIG = {"epochs": 4, "imgsz": 160, "batch": 4, "patience": 50, "lr0": 0.002}
IMAGES = {"train": 96, "val": 24}
MOST_RATIO, MOST_SECONDS = 1.05, 5.0
MOST_START_S = 3.0
DEADLINE_S = 900
_FIRST_BATCH = "First batch"

BARE = """
import json, sys, time
from ultralytics import YOLO

first = []
model = YOLO("yolo26n.yaml")
model.add_callback("on_train_batch_end", lambda trainer: first or first.append(time.time()))
model.train(**json.loads(sys.argv[1]))
print(json.dumps(first[0]))
"""


def bare(home: Path, training_set: Path) -> tuple[float, float]:
    """(seconds to the first batch, seconds in all) of a script that only trains."""
    view = make_view(training_set, home / "view")
    description = {
        "path": str(view.directory),
        "train": "train.txt",
        "val": "val.txt",
        "names": dict(enumerate(view.classes)),
    }
    (view.directory / "data.yaml").write_text(json.dumps(description))
    arguments = {
        **CONFIG,
        "data": str(view.directory / "data.yaml"),
        "project": str(home / "runs"),
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
    environment = os.environ | {
        "YOLO_OFFLINE": "1",
        "YOLO_CONFIG_DIR": str(get_settings().data_dir / "ultralytics"),
    }
    began = time.time()
    answer = subprocess.run(
        [sys.executable, "-c", BARE, json.dumps(arguments)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(answer.stdout.splitlines()[-1]) - began, time.time() - began


def through_the_app(server: Server, training_set_id: int) -> tuple[float, float]:
    """(seconds to the first batch, seconds in all) of a job, from the asking."""
    client = server.api()
    wish = {
        "name": "benchmark",
        "dnn_type": "yolo26n",
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


def main() -> int:
    """Run both; the number of promises that did not hold."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        server = start_server(home / "installation")
        try:
            training_set_id, directory = add_training_set(server)
            job_first, job_all = through_the_app(server, training_set_id)
        finally:
            stop_server(server)
        bare_first, bare_all = bare(home, directory)
    allowed = MOST_RATIO * bare_all + MOST_SECONDS
    print(f"bare script      first batch {bare_first:6.1f} s   whole {bare_all:6.1f} s")
    print(f"through the app  first batch {job_first:6.1f} s   whole {job_all:6.1f} s")
    print(f"whole: ratio {job_all / bare_all:.2f}, {allowed:.1f} s allowed")
    print(f"first batch: {job_first - bare_first:+.1f} s, {MOST_START_S:+.1f} s allowed")
    return (job_all > allowed) + (job_first - bare_first > MOST_START_S)


if __name__ == "__main__":
    sys.exit(main())
