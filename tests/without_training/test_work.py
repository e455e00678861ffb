"""What a host that only labels does itself, and what it leaves to others."""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.fake_queue import ListQueue
from tests.training_sets import add_training_set
from tpod_core import db, jobs, training_packages
from tpod_core.config import get_settings
from tpod_core.embedded.app_registry import worker_spec
from tpod_core.errors import Conflict
from tpod_core.exports.model_zip import write_labels
from tpod_core.inference.trained_model import TrainedModel
from tpod_core.models import (
    Job,
    JobKind,
    JobState,
    User,
    saved_id,
)
from tpod_core.services import demo
from tpod_core.tensorboard import TensorBoards
from workers import registry

REPO = Path(__file__).resolve().parents[2]


def test_training_over_the_api_is_accepted_and_queued(
    api: TestClient, home: Path, admin: User
) -> None:
    row = add_training_set(home, admin)
    draft = {"name": "Cups", "dnn_type": "yolo26n", "train_set_id": row.id}
    answer = api.post("/detectors", json=draft)
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    [job] = api.get("/jobs").json()["results"]
    assert (job["kind"], job["state"]) == ("train-detector", "queued")


def test_dashboard_leaves_out_what_is_not_installed(api: TestClient) -> None:
    versions = api.get("/dashboard/meta").raise_for_status().json()["versions"]
    assert "streamlit" in versions
    assert "torch" not in versions


def test_embedded_workers_are_those_that_can_work(home: Path) -> None:
    assert set(worker_spec(get_settings()).queues) == {"default", "background"}


def test_training_worker_refuses_to_start_in_one_sentence(home: Path) -> None:
    worker = subprocess.run(
        [sys.executable, "-m", "workers.main", "low"],
        cwd=REPO,
        env=os.environ | {"TPOD_REDIS_URL": "redis://nowhere.invalid"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert worker.returncode == 1
    assert worker.stderr.endswith(f"{training_packages.MISSING}\n")
    assert len(worker.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "kind", [JobKind.EXPORT_MODEL, JobKind.PRELABEL_VIDEO, JobKind.TRAIN_DETECTOR]
)
def test_job_of_another_host_that_cannot_be_done_here_fails_with_the_way_out(
    queue: ListQueue, admin: User, monkeypatch: pytest.MonkeyPatch, kind: JobKind
) -> None:
    with db.transaction() as session:
        job = jobs.submit(session, kind, (), admin.id)
    monkeypatch.setenv("RQ_WORKER_ID", "worker")
    registry.perform(saved_id(job), job.attempt)
    with db.read_session() as session:
        ended = session.get_one(Job, job.id)
    assert (ended.state, ended.message) == (JobState.FAILED, training_packages.MISSING)


def test_demo_is_refused_with_the_way_out(queue: ListQueue, admin: User) -> None:
    with pytest.raises(Conflict, match="train"), db.transaction() as session:
        demo.start(session, admin)


def test_tensorboard_serves_the_curves_of_a_training_elsewhere(tmp_path: Path) -> None:
    with closing(TensorBoards()) as tensorboards:
        page = httpx.get(tensorboards.open(tmp_path).url)
    assert "<title>TensorBoard</title>" in page.text


def test_detector_trained_elsewhere_can_be_run(tmp_path: Path) -> None:
    shutil.copy(os.environ["PUBLISHED_MODEL"], tmp_path / "model.onnx")
    write_labels(tmp_path, ["cup", "bus"])
    (tmp_path / "detector.json").write_text('{"name": "Cups", "recommended_confidence": 0.4}')
    seen = TrainedModel(tmp_path).detect(np.zeros((120, 160, 3), np.uint8))
    assert [found.class_id for found in seen.detections] == [0]
