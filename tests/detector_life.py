"""A detector's life in a test: its training set, and its jobs run in this process."""

import os
from pathlib import Path

import pytest

from tests.fake_provider import FakeProvider
from tests.training_data import write_training_set
from tpod_core import db
from tpod_core.detectors import registry
from tpod_core.jobs import execute, running
from tpod_core.models import Detector, Job, TrainingSet, TrainingSetState, User, saved_id
from workers import train_detector


def add_training_set(home: Path, owner: User) -> TrainingSet:
    """A ready training set of twelve images with two classes."""
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
    write_training_set(home / row.directory_key)
    return row


def use_fake_provider(monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    """A fake family; its job looks for a cancel at every batch, not twice a second."""
    fake = FakeProvider()
    monkeypatch.setattr(registry, "load_provider", lambda dnn_type: fake)
    monkeypatch.setattr(running, "LOOK_S", 0.0)
    return fake


def now(detector: Detector) -> Detector:
    """The detector as it stands in the database."""
    with db.reading() as session:
        return session.get_one(Detector, detector.id)


def job_of(detector: Detector) -> Job:
    with db.reading() as session:
        return session.get_one(Job, now(detector).job_id)


def work(detector: Detector) -> Detector:
    """Run the detector's training job once, as a worker would."""
    job = job_of(detector)
    run = train_detector.run
    execute(saved_id(job), job.attempt, run=run, worker="w", abandon=os.abort)
    return now(detector)
