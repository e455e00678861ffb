"""What a training reads when it starts, and writes down as it goes.

Its worker calls each of these in a transaction that holds the job's lease.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from tpod_core.detectors import registry
from tpod_core.detectors.config import TrainConfig
from tpod_core.detectors.rows import CHECKPOINT, find_artifact
from tpod_core.detectors.scores import EpochRow
from tpod_core.errors import Conflict
from tpod_core.models import Detector, DetectorState, TrainingSet, saved_id


@dataclass(frozen=True)
class TrainingPlan:
    """All that a training, or an export after it, needs to know of the database.

    ``parent_key`` is the storage key of the checkpoint to teach further, if any.
    """

    detector_id: int
    name: str
    dnn_type: str
    config: TrainConfig
    training_set_name: str
    training_set_hash: str
    training_set_key: str
    parent_name: str | None
    parent_key: str | None
    warnings: tuple[str, ...]


def begin_training(session: Session, detector_id: int) -> TrainingPlan | None:
    """The plan of a queued training; ``None`` if an earlier run has published its model."""
    detector = session.get_one(Detector, detector_id)
    if detector.state is DetectorState.TRAINED:
        return None
    plan = read_plan(session, detector_id)
    detector.state = DetectorState.TRAINING
    detector.message = "Starting"
    detector.seconds_left = None
    return plan


def read_plan(session: Session, detector_id: int) -> TrainingPlan:
    """Raises: Conflict if the training set or the parent's model is gone."""
    detector = session.get_one(Detector, detector_id)
    training_set = session.get(TrainingSet, detector.train_set_id or 0)
    if training_set is None:
        raise Conflict("The training set was deleted. Train a new detector on another.")
    parent = session.get(Detector, detector.parent_id or 0)
    return TrainingPlan(
        detector_id=detector_id,
        name=detector.name,
        dnn_type=detector.dnn_type,
        config=registry.config_model(detector.dnn_type).checked(detector.train_config),
        training_set_name=training_set.name,
        training_set_hash=training_set.content_hash,
        training_set_key=training_set.directory_key,
        parent_name=parent.name if parent else None,
        parent_key=_checkpoint_key(session, parent) if parent else None,
        warnings=tuple(detector.metrics.get("warnings", ())),
    )


def record_start(
    session: Session, detector_id: int, labels: Sequence[str], warnings: Sequence[str]
) -> None:
    """The data is laid out: the classes, and what a person should know about the start."""
    detector = session.get_one(Detector, detector_id)
    detector.labels = list(labels)
    detector.metrics = {**detector.metrics, "warnings": list(warnings)}


def record_progress(
    session: Session, detector_id: int, progress: float, epoch: int, message: str
) -> None:
    detector = session.get_one(Detector, detector_id)
    detector.progress, detector.epoch, detector.message = progress, epoch, message


def record_time_left(session: Session, detector_id: int, seconds_left: float | None) -> None:
    """What the training will take at most; it may stop early."""
    session.get_one(Detector, detector_id).seconds_left = seconds_left


def record_epoch(session: Session, detector_id: int, row: EpochRow) -> None:
    """The newest row is the live score."""
    detector = session.get_one(Detector, detector_id)
    detector.epoch = row.epoch
    detector.metrics = {**detector.metrics, **row.as_json()}


def record_trained(session: Session, detector_id: int, metrics: Mapping[str, Any]) -> None:
    """The model is published: its score takes the place of the live one."""
    detector = session.get_one(Detector, detector_id)
    warnings = detector.metrics.get("warnings", [])
    detector.metrics = {**metrics, "warnings": warnings}
    detector.state = DetectorState.TRAINED
    detector.progress = 1.0
    detector.message = " ".join(warnings)


def _checkpoint_key(session: Session, parent: Detector) -> str:
    artifact = find_artifact(session, saved_id(parent), CHECKPOINT)
    if artifact is None:
        raise Conflict(f"The model of {parent.name} is gone; it cannot be taught further.")
    return artifact.key
