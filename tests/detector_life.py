"""A detector's life in a test: its training set, and its jobs run in this process."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import onnx
import pytest

from tests.fake_provider import (
    ANSWER_IN_FRAME,
    ANSWER_IN_INPUT,
    FakeProvider,
    constant_model,
)
from tests.training_data import CLASSES, write_training_set
from tpod_core import db
from tpod_core.detectors import registry
from tpod_core.detectors.paths import model_key
from tpod_core.exports.model_zip import write_labels
from tpod_core.jobs import execute, running
from tpod_core.models import (
    Detector,
    DetectorState,
    Job,
    TrainingSet,
    TrainingSetState,
    User,
    saved_id,
)
from workers import train_detector


def add_training_set(home: Path, owner: User) -> TrainingSet:
    """A ready training set of twelve images with two classes, its boxes where the fake family
    says that there are cups: of its four validation images it is right in the two with a cup.
    """
    with db.transaction() as session:
        row = TrainingSet(
            owner_id=saved_id(owner),
            name="kitchen",
            state=TrainingSetState.READY,
            content_hash="c0ffee",
        )
        session.add(row)
        session.flush()
        row.directory_key = f"training_sets/{row.id}"
    write_training_set(home / row.directory_key, box=ANSWER_IN_FRAME)
    return row


def use_fake_provider(monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    """A fake family; its job looks for a cancel at every batch, not twice a second."""
    fake = FakeProvider()
    monkeypatch.setattr(registry, "load_provider", lambda dnn_type: fake)
    monkeypatch.setattr(running, "LOOK_S", 0.0)
    return fake


def now(detector: Detector) -> Detector:
    """The detector as it stands in the database."""
    with db.read_session() as session:
        return session.get_one(Detector, detector.id)


def job_of(detector: Detector) -> Job:
    with db.read_session() as session:
        return session.get_one(Job, now(detector).job_id)


def work(detector: Detector) -> Detector:
    """Run the detector's training job once, as a worker would."""
    job = job_of(detector)
    run = train_detector.run
    execute(saved_id(job), job.attempt, run=run, worker="w", abandon=os.abort)
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
