"""What a training reads from the database when it starts, and records as it proceeds.

The worker calls each function in a transaction that holds the job's lease.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from tpod_core.detectors import registry
from tpod_core.detectors.config import TrainConfig
from tpod_core.detectors.queries import CHECKPOINT, find_artifact
from tpod_core.detectors.scores import EpochRow
from tpod_core.errors import Conflict
from tpod_core.models import Detector, DetectorState, TrainingSet, saved_id


@dataclass(frozen=True)
class TrainingPlan:
    """Everything that a training or an export needs from the database.

    Attributes:
        parent_key: the storage key of the checkpoint to fine-tune, if any.
        parent_labels, parent_config: the parent's classes and training configuration.
        first_classes: the classes that come before the set's own: the detector's if already
            known, else its parent's.
        mixed_set_keys: the storage keys of its ancestors' training sets that are mixed in.
        learnt_set_keys: the storage keys of all sets that its ancestors were trained on.
        warnings: the warnings for the user so far.
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
    first_classes: tuple[str, ...]
    mixed_set_keys: tuple[str, ...]
    warnings: tuple[str, ...]
    parent_id: int | None = None
    parent_labels: tuple[str, ...] = ()
    parent_config: TrainConfig | None = None
    learnt_set_keys: tuple[str, ...] = ()


def begin_training(session: Session, detector_id: int) -> TrainingPlan | None:
    """Start a queued training; returns ``None`` if an earlier run has published its model."""
    detector = session.get_one(Detector, detector_id)
    if detector.state is DetectorState.TRAINED:
        return None
    plan = read_plan(session, detector_id)
    detector.state = DetectorState.TRAINING
    detector.message = "Starting"
    detector.seconds_left = None
    return plan


def read_plan(session: Session, detector_id: int) -> TrainingPlan:
    """Raises: Conflict if the training set or the parent's model was deleted."""
    detector = session.get_one(Detector, detector_id)
    training_set = session.get(TrainingSet, detector.train_set_id or 0)
    if training_set is None:
        raise Conflict("The training set was deleted. Train a new detector on another.")
    parent = session.get(Detector, detector.parent_id or 0)
    config = _config(detector)
    lineage = read_lineage(session, detector, config)
    known = tuple(detector.metrics.get("warnings", ()))
    return TrainingPlan(
        detector_id=detector_id,
        name=detector.name,
        dnn_type=detector.dnn_type,
        config=config,
        training_set_name=training_set.name,
        training_set_hash=training_set.content_hash,
        training_set_key=training_set.directory_key,
        parent_name=parent.name if parent else None,
        parent_key=_checkpoint_key(session, parent) if parent else None,
        first_classes=tuple(detector.labels or (parent.labels if parent else ())),
        mixed_set_keys=tuple(
            row.directory_key for row in lineage.mixed if row.id != training_set.id
        ),
        warnings=known or lineage.warnings,
        parent_id=parent.id if parent else None,
        parent_labels=tuple(parent.labels) if parent else (),
        parent_config=_config(parent) if parent else None,
        learnt_set_keys=tuple(row.directory_key for row in lineage.learnt),
    )


@dataclass(frozen=True)
class Lineage:
    """The training sets that a detector's ancestors were trained on, nearest first.

    ``mixed`` holds the sets up to the first ancestor that does not mix.
    """

    mixed: tuple[TrainingSet, ...]
    learnt: tuple[TrainingSet, ...]
    warnings: tuple[str, ...]


def read_lineage(session: Session, detector: Detector, config: TrainConfig) -> Lineage:
    """Find the sets that the initial weights of ``detector`` were trained on, and those to mix."""
    mixed: dict[int, TrainingSet] = {}
    learnt: dict[int, TrainingSet] = {}
    warnings: list[str] = []
    mixes = True
    while parent := session.get(Detector, detector.parent_id or 0):
        mixes = mixes and config.mix_parent_data
        learnt_from = session.get(TrainingSet, parent.train_set_id or 0)
        if learnt_from is not None:
            learnt.setdefault(saved_id(learnt_from), learnt_from)
            if mixes:
                mixed.setdefault(saved_id(learnt_from), learnt_from)
        elif mixes:
            warnings.append(
                f"The training set of {parent.name} was deleted, so it is not mixed in and the "
                f"detector may forget what {parent.name} learnt."
            )
        detector, config = parent, _config(parent)
    return Lineage(tuple(mixed.values()), tuple(learnt.values()), tuple(warnings))


def record_start(
    session: Session, detector_id: int, labels: Sequence[str], warnings: Sequence[str]
) -> None:
    """Record the classes and the warnings of a prepared training."""
    detector = session.get_one(Detector, detector_id)
    detector.labels = list(labels)
    detector.metrics = {**detector.metrics, "warnings": list(warnings)}


def record_warning(session: Session, detector_id: int, warning: str) -> None:
    """Add a warning for the user."""
    detector = session.get_one(Detector, detector_id)
    warnings = [*detector.metrics.get("warnings", ()), warning]
    detector.metrics = {**detector.metrics, "warnings": warnings}


def record_progress(
    session: Session, detector_id: int, progress: float, epoch: int, message: str
) -> None:
    detector = session.get_one(Detector, detector_id)
    detector.progress, detector.epoch, detector.message = progress, epoch, message


def record_time_left(session: Session, detector_id: int, seconds_left: float | None) -> None:
    """Record the longest remaining time; the training may stop early."""
    session.get_one(Detector, detector_id).seconds_left = seconds_left


def record_epoch(session: Session, detector_id: int, row: EpochRow) -> None:
    """Record the newest row as the score during training."""
    detector = session.get_one(Detector, detector_id)
    detector.epoch = row.epoch
    detector.metrics = {**detector.metrics, **row.as_json()}


def record_trained(
    session: Session, detector_id: int, metrics: Mapping[str, Any], warnings: Sequence[str] = ()
) -> None:
    """Record a published model, whose score replaces that of the newest epoch.

    Args:
        warnings: about the score, for the user.
    """
    detector = session.get_one(Detector, detector_id)
    warnings = [*detector.metrics.get("warnings", []), *warnings]
    detector.metrics = {**metrics, "warnings": warnings}
    detector.state = DetectorState.TRAINED
    detector.progress = 1.0
    detector.message = " ".join(warnings)


def record_score(session: Session, detector_id: int, metrics: Mapping[str, Any]) -> None:
    """The model was scored again: the page reads these metrics beside the new evaluation."""
    detector = session.get_one(Detector, detector_id)
    detector.metrics = {**metrics, "warnings": detector.metrics.get("warnings", [])}


def _config(detector: Detector) -> TrainConfig:
    return registry.config_model(detector.dnn_type).checked(detector.train_config)


def _checkpoint_key(session: Session, parent: Detector) -> str:
    artifact = find_artifact(session, saved_id(parent), CHECKPOINT)
    if artifact is None:
        raise Conflict(f"The model of {parent.name} is missing; it cannot be fine-tuned.")
    return artifact.key
