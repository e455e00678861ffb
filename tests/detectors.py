"""Detectors for tests: a family that trains at once, trained detectors, and what they see.

The fixtures ``provider``, ``training_set`` and ``detector`` of ``tests.conftest`` are made here.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.jobs import run_job
from tests.synthetic import number_in
from tests.training_sets import CLASSES, CUP_BOX
from tpod_core import db
from tpod_core.detectors import registry
from tpod_core.detectors.paths import model_key
from tpod_core.detectors.protocol import (
    Detection,
    EvaluationContext,
    TrainingCallback,
    TrainRequest,
)
from tpod_core.detectors.scores import EpochRow
from tpod_core.exports.model_zip import write_labels
from tpod_core.inference import trained_model
from tpod_core.inference.trained_model import InferenceResult, TrainedModel
from tpod_core.jobs import running
from tpod_core.models import Detector, DetectorState, Job, TrainingSet, User, saved_id
from tpod_core.services import detectors
from tpod_core.services.detectors import DetectorDraft
from tpod_core.video.orientation import Image
from workers import train_detector

TINY = {"epochs": 3, "imgsz": 64, "pretrained": "random"}
SIDE_PX = 64
ANSWER_IN_INPUT = (10.0, 18.0, 30.0, 38.0)
"""Where the fake family sees a cup: ``CUP_BOX`` of a frame of 160x120, scaled by 0.4 and moved 8 px
down in the square."""


class FakeProvider:
    """Two batches an epoch; ``before_batch`` may do anything before each, or raise."""

    def __init__(self) -> None:
        self.versions = {"fake": "1"}
        self.requests: list[TrainRequest] = []
        self.before_batch: Callable[[int], None] = lambda epoch: None
        self.exported_answer = ANSWER_IN_INPUT
        self.finds: Callable[[EvaluationContext], bool] = lambda context: True
        self.warning = ""

    def train(self, request: TrainRequest, watcher: TrainingCallback) -> None:
        self.requests.append(request)
        attempt, epochs = request.attempt, request.config.epochs
        done = 0
        if self.warning:
            watcher.warn(self.warning)
        if request.resume:
            done = request.resume.checkpoints()[-1][0]
            attempt.continue_from(request.resume, done)
        file = attempt.directory / "last.pt"
        for epoch in range(done + 1, epochs + 1):
            for batch in (1, 2):
                self.before_batch(epoch)
                watcher.on_batch(epoch, (epoch - 1 + batch / 2) / epochs)
            file.write_bytes(f"epoch {epoch}".encode())
            attempt.append_epoch(row_of(epoch))
            attempt.keep_best(file)
            attempt.keep_checkpoint(file, epoch)
            watcher.on_epoch(row_of(epoch))
        file.replace(attempt.trained)

    def export_onnx(self, context: EvaluationContext, target: Path) -> None:
        onnx.save(constant_model(self.exported_answer), target)

    def export_torchscript(self, context: EvaluationContext, target: Path) -> None:
        import torch

        rows = torch.zeros(1, 300, 6)
        rows[0, 0] = torch.tensor([*self.exported_answer, 0.9, 0])

        class Constant(torch.nn.Module):
            def forward(self, picture: torch.Tensor) -> torch.Tensor:
                return rows + picture.sum() * 0

        traced = torch.jit.trace(Constant(), torch.zeros(1, 3, SIDE_PX, SIDE_PX))
        torch.jit.save(traced, str(target))

    def predict(
        self, context: EvaluationContext, images: Sequence[Path], confidence: float
    ) -> list[list[Detection]]:
        found = [Detection(CUP_BOX, 0.9, 0)] if self.finds(context) else []
        return [found for _ in images]


def row_of(epoch: int) -> EpochRow:
    losses = {"box_loss": 1 / epoch, "cls_loss": 2 / epoch}
    return EpochRow(epoch, 0.5, losses, losses, 0.5, 0.25, 0.1 * epoch, 0.05 * epoch, 0.002)


def constant_model(answer: tuple[float, float, float, float]) -> onnx.ModelProto:
    """A model that finds one object of class 0 with score 0.9 in whatever it is shown."""
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, 0] = (*answer, 0.9, 0)
    node = helper.make_node("Constant", [], ["output0"], value=numpy_helper.from_array(rows))
    graph = helper.make_graph(
        [node],
        "constant",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE_PX, SIDE_PX])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 300, 6])],
    )
    opset = helper.make_opsetid("", 18)
    return helper.make_model(graph, opset_imports=[opset], ir_version=10)


def use_fake_provider(monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    """A fake family; its job looks for a cancel at every batch, not twice a second."""
    fake = FakeProvider()
    monkeypatch.setattr(registry, "load_provider", lambda dnn_type: fake)
    monkeypatch.setattr(running, "CHECK_INTERVAL_S", 0.0)
    return fake


def create_detector(owner: User, training_set: TrainingSet, **values: Any) -> Detector:
    """One that is queued to be trained, as the form and the API create it.

    Args:
        values: of the ``DetectorDraft``, over a small one.
    """
    draft = {"name": "Cups", "dnn_type": "yolo26n", "train_config": TINY} | values
    with db.transaction() as session:
        return detectors.create(
            session, owner, DetectorDraft(train_set_id=saved_id(training_set), **draft)
        )


def now(detector: Detector) -> Detector:
    """The detector as it stands in the database."""
    with db.read_session() as session:
        return session.get_one(Detector, detector.id)


def job_of(detector: Detector) -> Job:
    with db.read_session() as session:
        return session.get_one(Job, now(detector).job_id)


def work(detector: Detector) -> Detector:
    """Run the detector's training job once, as a worker would."""
    run_job(saved_id(job_of(detector)), train_detector.run)
    return now(detector)


def add_trained_detector(
    home: Path,
    owner: User,
    *,
    name: str = "Cups",
    labels: Sequence[str] = CLASSES,
    answer: tuple[float, float, float, float] = ANSWER_IN_INPUT,
    recommended_confidence: float = 0.4,
) -> Detector:
    """A trained detector without a training: it gives ``answer``, in the pixels of its input."""
    with db.transaction() as session:
        detector = Detector(
            owner_id=saved_id(owner),
            name=name,
            dnn_type="yolo26n",
            state=DetectorState.TRAINED,
            labels=list(labels),
            metrics={"recommended_confidence": recommended_confidence},
        )
        session.add(detector)
    publish_model(home, detector, answer=answer)
    return detector


def publish_model(
    home: Path, detector: Detector, *, answer: tuple[float, float, float, float]
) -> None:
    """Put a model that always gives ``answer`` in the place of the detector's model."""
    directory = home / model_key(saved_id(detector))
    directory.mkdir(parents=True, exist_ok=True)
    onnx.save(constant_model(answer), directory / "new.onnx")
    (directory / "new.onnx").replace(directory / "model.onnx")
    write_labels(directory, detector.labels)
    confidence = detector.metrics["recommended_confidence"]
    card = {"name": detector.name, "recommended_confidence": confidence}
    (directory / "detector.json").write_text(json.dumps(card))


Script = Callable[[int], Sequence[Detection]]
"""What is seen on a frame, by its number; the frames are those of ``tests.synthetic``."""


def play(monkeypatch: pytest.MonkeyPatch, script: Script) -> None:
    """Let every trained detector see what ``script`` says."""

    def detect(
        model: TrainedModel, image: Image, confidence: float | None = None
    ) -> InferenceResult:
        lowest = model.recommended_confidence if confidence is None else confidence
        found = (each for each in script(number_in(image)) if each.score >= lowest)
        return InferenceResult(tuple(found), 1.0)

    monkeypatch.setattr(trained_model.TrainedModel, "detect", detect)
