"""Training on real pictures as a person does who changes nothing but the image size.

200 photographs of raccoons (217 boxes, many sizes) become a video, a training set, and a
detector, each with the defaults that the form proposes; a fifth of them, one block, is held
out. From random weights, as there are no published ones here. Prints mAP50 and mAP50-95 on
the pictures held out and the CPU seconds, beside those of Ultralytics' own defaults on the same
data with the same image size and epochs, scored alike. On 40 pictures mAP50 is uncertain by
about 0.07 either way.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from benchmarks._videos import required_data
from tests.collections import import_collection, letterboxed, read_voc
from tests.conftest import Api, add_user
from tests.fake_queue import ListQueue
from tests.unwatched import Unwatched
from tpod_core import db
from tpod_core.detectors import registry
from tpod_core.detectors.dataset_layout import materialize
from tpod_core.detectors.protocol import EvaluationContext
from tpod_core.evaluation import scoring
from tpod_core.evaluation.average_precision import measure
from tpod_core.jobs import RunningJob, execute
from tpod_core.migrations import upgrade
from tpod_core.models import Role
from tpod_core.queue import replaced_by
from tpod_core.storage import get_storage
from tpod_core.web.app import routes
from workers import build_training_set, train_detector

PICTURES, PICTURE_SIDE = 200, 640
IMAGE_SIZE = 224
"""What a person without a GPU would take: raccoons fill half of the picture."""

OTHER_FAMILY = "ssdlite320_mobilenet_v3_large"
LEAST_MAP50 = 0.6
MOST_BEHIND = 0.1
_CURVE_POINTS = 12

ULTRALYTICS = """
import json, sys
from ultralytics import YOLO

YOLO("yolo26n.yaml").train(**json.loads(sys.argv[1]))
"""


@dataclass(frozen=True)
class Trained:
    """A detector's score on the pictures held out, and what it cost."""

    map50: float
    map50_95: float
    cpu_s: float

    def __str__(self) -> str:
        return f"mAP50 {self.map50:.3f}  mAP50-95 {self.map50_95:.3f}  {self.cpu_s:5.0f} CPU s"


def main() -> int:
    """Returns how many promises did not hold."""
    pictures = required_data() / "dev/detection/raccoon"
    with tempfile.TemporaryDirectory() as name, replaced_by(queue := ListQueue()):
        os.environ |= {"TPOD_DATA_DIR": name, "TPOD_WEIGHTS_DOWNLOAD": "false"}
        upgrade(db.engine())
        add_user("bench", Role.ADMIN)
        api = Api(queue, Starlette(routes=routes())).client("bench")
        training_set = build(api, pictures, Path(name))
        ours = train(api, training_set, "yolo26n")
        theirs = train_bare(api, training_set, Path(name))
        train(api, training_set, OTHER_FAMILY)
    print(
        f"yolo26n, CPU seconds as a ratio to Ultralytics' defaults: {ours.cpu_s / theirs.cpu_s:.2f}"
    )
    return (ours.map50 < LEAST_MAP50) + (ours.map50 < theirs.map50 - MOST_BEHIND)


def build(api: TestClient, pictures: Path, home: Path) -> int:
    """The training set's id."""
    images = [letterboxed(each, PICTURE_SIDE) for each in read_voc(pictures, PICTURES, 10_000)]
    video = import_collection(api, images, home / "raccoons.mp4")
    wish = {"name": "raccoons", "videos": [{"video_id": video}]}
    queued = api.post("/trainsets", json=wish).raise_for_status().json()
    run(queued["job_id"], build_training_set.run)
    made = api.get(f"/trainsets/{queued['id']}").json()
    assert made["state"] == "ready", made
    split = made["statistics"]["split"]
    print(f"{len(images)} pictures; split: {json.dumps(split)}")
    return int(queued["id"])


def train(api: TestClient, training_set: int, family: str) -> Trained:
    """A detector with the form's defaults but ``IMAGE_SIZE``, by the job that the form queues."""
    wish = {
        "name": family,
        "dnn_type": family,
        "train_set_id": training_set,
        "train_config": {"imgsz": IMAGE_SIZE},
    }
    before = cpu_seconds()
    made = api.post("/detectors", json=wish).raise_for_status().json()
    run(made["job_id"], train_detector.run)
    spent = cpu_seconds() - before
    detector = api.get(f"/detectors/{made['id']}").json()
    assert detector["state"] == "trained", detector
    metrics = detector["metrics"]
    trained = Trained(metrics["mAP50"], metrics["mAP50-95"], spent)
    print(f"{family}, defaults ({told(detector['train_config'])})")
    print(f"  {trained}; recommended confidence {metrics['recommended_confidence']:.2f}")
    show_curve(api.get(f"/detectors/{made['id']}/metrics").json()["epochs"])
    sys.stdout.flush()
    return trained


def train_bare(api: TestClient, training_set: int, home: Path) -> Trained:
    """Ultralytics with its own defaults, in a bare script; the best checkpoint, scored as ours."""
    view = materialize(get_storage().path(f"training_sets/{training_set}"), home / "view")
    epochs = suggested(api, training_set)["epochs"]
    description = {"path": str(view.directory), "train": "train.txt", "val": "val.txt"}
    names = {"names": dict(enumerate(view.classes))}
    (view.directory / "data.yaml").write_text(json.dumps(description | names))
    wish = {
        "data": str(view.directory / "data.yaml"),
        "project": str(view.directory / "runs"),
        "name": "bare",
        "epochs": epochs,
        "imgsz": IMAGE_SIZE,
        "device": "cpu",
        "workers": 0,
        "plots": False,
    }
    before = cpu_seconds()
    subprocess.run(
        [sys.executable, "-c", ULTRALYTICS, json.dumps(wish)],
        env=os.environ | {"YOLO_OFFLINE": "1"},
        capture_output=True,
        check=True,
    )
    spent = cpu_seconds() - before
    config = registry.config_model("yolo26n").checked({"imgsz": IMAGE_SIZE, "device": "cpu"})
    checkpoint = view.directory / "runs/bare/weights/best.pt"
    context = EvaluationContext(checkpoint, view, config)
    answers = scoring.gather(registry.load_provider("yolo26n"), context, Unwatched())
    score = scoring.score_of(answers, measure(answers.arrays()))
    trained = Trained(score.map50, score.map50_95, spent)
    print(f"yolo26n, Ultralytics' own defaults ({epochs} epochs)\n  {trained}")
    sys.stdout.flush()
    return trained


def suggested(api: TestClient, training_set: int) -> dict[str, Any]:
    """What the form proposes for yolo26n and the set, by key."""
    url = "/detectors/training_configs/yolo26n"
    answer = api.get(url, params={"train_set_id": training_set}).raise_for_status().json()
    return {row["name"]: row["default"] for row in answer["parameters"]}


def told(config: dict[str, Any]) -> str:
    keys = ("epochs", "imgsz", "batch", "lr0", "mosaic", "zoom", "patience")
    return ", ".join(f"{key} {config[key]}" for key in keys if key in config)


def show_curve(epochs: list[dict[str, Any]]) -> None:
    chosen = epochs[:: max(1, len(epochs) // _CURVE_POINTS)]
    print("  mAP50 by epoch: " + " ".join(f"{row['epoch']}:{row['mAP50']:.2f}" for row in chosen))


def run(job_id: int, act: Callable[[RunningJob], None]) -> None:
    execute(job_id, 1, run=act, worker="bench", abandon=lambda: None)


def cpu_seconds() -> float:
    """Of this process and of its children that have ended."""
    whose = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(spent.ru_utime + spent.ru_stime for spent in map(resource.getrusage, whose))


if __name__ == "__main__":
    sys.exit(main())
