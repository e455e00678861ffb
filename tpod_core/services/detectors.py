"""Detectors and their trainings: start, list, cancel, resume, delete."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from tpod_core import access, jobs
from tpod_core.db import after_commit
from tpod_core.detectors import registry
from tpod_core.detectors.attempts import (
    find_resumable,
    list_attempts,
    progress_after,
    read_epochs,
)
from tpod_core.detectors.config import SetSize
from tpod_core.detectors.dataset_layout import size_of
from tpod_core.detectors.paths import directory_key
from tpod_core.detectors.queries import find_active_export, list_active
from tpod_core.detectors.scores import EpochRow
from tpod_core.detectors.short_batch import short_batch_warning
from tpod_core.errors import Conflict, InvalidInput
from tpod_core.events import log_after_commit
from tpod_core.models import (
    Detector,
    DetectorState,
    Finding,
    Job,
    JobKind,
    JobState,
    TrainingSet,
    TrainingSetState,
    User,
    Verdict,
    saved_id,
)
from tpod_core.names import clean_name
from tpod_core.storage import get_storage
from tpod_core.training_sets.doubts import doubts_of, training_pictures
from tpod_core.training_sets.statistics import Statistics

ACTIVE = (DetectorState.QUEUED, DetectorState.TRAINING)
RESUMABLE = (DetectorState.CANCELLED, DetectorState.ERROR)
_MAX_NAME = 200


@dataclass(frozen=True)
class DetectorDraft:
    """A detector to train; missing keys of ``train_config`` get values that suit the set."""

    name: str
    dnn_type: str
    train_set_id: int
    train_config: Mapping[str, Any] = field(default_factory=dict)
    parent_id: int | None = None


def create(session: Session, user: User, draft: DetectorDraft) -> Detector:
    """Create a detector and queue its training.

    Raises: InvalidInput naming the field, NotFound, Conflict if the training set is not ready.
    """
    name = clean_name(" ".join(draft.name.split()), "A detector", _MAX_NAME)
    model = registry.config_model(draft.dnn_type)
    model.checked(draft.train_config)  # before the set is read: a wrong value is always a 422
    training_set = access.get_training_set(session, user, draft.train_set_id)
    suggested = model.suggested(training_set_size(training_set))
    config = model.checked({**suggested, **draft.train_config})
    _require_usable_parent(session, user, draft)
    detector = Detector(
        owner_id=saved_id(user),
        name=name,
        dnn_type=draft.dnn_type,
        epochs=config.epochs,
        train_config=config.model_dump(),
        train_set_id=training_set.id,
        parent_id=draft.parent_id,
    )
    session.add(detector)
    session.flush()
    _queue_training(session, detector)
    return detector


def training_set_size(training_set: TrainingSet) -> SetSize:
    """Measure a training set for the suggested configuration.

    Raises: Conflict if the set is not ready or its files are missing.
    """
    if training_set.state is not TrainingSetState.READY:
        raise Conflict(
            f"The training set {training_set.name} is not ready ({training_set.state}). "
            "Wait until it is built, or choose another."
        )
    return size_of(get_storage().path(training_set.directory_key))


def doubts_about(training_set: TrainingSet, dnn_type: str, batch: int | None) -> tuple[str, ...]:
    """Returns what makes a training on this set doubtful, as sentences with the way out.

    Args:
        batch: the images per step; ``None`` if pictures of other sets are mixed in.
    """
    if not training_set.statistics:
        return ()
    statistics = Statistics.from_json(training_set.statistics)
    pictures = training_pictures(statistics)
    model = registry.config_model(dnn_type)
    short = short_batch_warning(model, pictures, batch) if batch else ""
    return tuple(filter(None, (*doubts_of(statistics), short)))


def read_doubts(session: Session, detector: Detector) -> tuple[str, ...]:
    """Returns what makes a detector's score doubtful; nothing once its set was deleted."""
    training_set = session.get(TrainingSet, detector.train_set_id or 0)
    if training_set is None:
        return ()
    config = detector.train_config
    mixes = detector.parent_id is not None and config.get("mix_parent_data", True)
    return doubts_about(training_set, detector.dnn_type, None if mixes else config.get("batch"))


def list_trainable_sets(session: Session, user: User) -> list[TrainingSet]:
    """Returns the ready training sets that ``user`` may see, newest first."""
    ready = access.visible(user, TrainingSet).where(TrainingSet.state == TrainingSetState.READY)
    return list(session.exec(ready.order_by(col(TrainingSet.id).desc())))


def list_possible_parents(session: Session, user: User, dnn_type: str) -> list[Detector]:
    """Returns the trained detectors that a new one of ``dnn_type`` can fine-tune, newest first."""
    trained = access.visible(user, Detector).where(
        Detector.dnn_type == dnn_type, Detector.state == DetectorState.TRAINED
    )
    return list(session.exec(trained.order_by(col(Detector.id).desc())))


def cancel(session: Session, detector: Detector) -> None:
    """Cancel the training, which ends after the current batch and can be resumed."""
    if detector.state not in ACTIVE:
        raise Conflict(f"{detector.name} is not being trained ({detector.state}).")
    if not jobs.catch_up(session, detector):
        jobs.cancel_if_active(session, session.get_one(Job, detector.job_id))
    session.flush()
    session.refresh(detector)


def resume(session: Session, detector: Detector) -> Job:
    """Queue a cancelled or failed training again, from its newest checkpoint."""
    jobs.catch_up(session, detector)
    if detector.state not in RESUMABLE:
        raise Conflict(
            f"{detector.name} is {detector.state}; only a cancelled or failed training resumes."
        )
    if detector.train_set_id is None:
        raise Conflict(f"The training set of {detector.name} was deleted. Train a new detector.")
    return _queue_training(session, detector)


def delete(session: Session, detector: Detector) -> None:
    """Delete the detector with its files and its open findings.

    The verdicts that people gave on its detections stay: they belong to the videos.
    Raises: Conflict while a job uses it.
    """
    jobs.catch_up(session, detector)
    if detector.state in ACTIVE:
        raise Conflict(f"{detector.name} is being trained. Cancel the training first.")
    if find_active_export(session, saved_id(detector)):
        raise Conflict(f"The model of {detector.name} is being exported. Wait until it is done.")
    if list_active(session, saved_id(detector), JobKind.REVIEW_VIDEO, JobKind.MEASURE_LEARNING):
        raise Conflict(
            f"{detector.name} is in use by a job. Cancel its jobs first, on the page Jobs."
        )
    waiting = select(Detector).where(
        Detector.parent_id == detector.id, col(Detector.state).in_(ACTIVE)
    )
    for child in session.exec(waiting):
        if not jobs.catch_up(session, child):
            raise Conflict(
                f"{child.name} is being trained from {detector.name}. Wait until it is done."
            )
    key = directory_key(saved_id(detector))
    _delete_open_findings(session, detector)
    session.delete(detector)
    after_commit(session, lambda: get_storage().delete(key))
    log_after_commit(session, "detector deleted", detector=detector.id, name=detector.name)


def _delete_open_findings(session: Session, detector: Detector) -> None:
    """Delete what nobody has decided: without the detector, it would be in no inbox."""
    unanswered = select(Finding).where(
        Finding.detector_id == detector.id, Finding.verdict == Verdict.OPEN
    )
    for row in session.exec(unanswered):
        session.delete(row)


def read_log(session: Session, detector: Detector) -> str:
    """Returns the end of the newest training job's log."""
    job = find_job(session, detector)
    return jobs.log_tail(job) if job else ""


@dataclass(frozen=True)
class Origin:
    """What a detector was trained from; ``None`` for what was deleted or never existed."""

    training_set: TrainingSet | None
    parent: Detector | None


def read_origin(session: Session, detector: Detector) -> Origin:
    return Origin(
        session.get(TrainingSet, detector.train_set_id or 0),
        session.get(Detector, detector.parent_id or 0),
    )


def find_job(session: Session, detector: Detector) -> Job | None:
    """Returns the newest training job."""
    return session.get(Job, detector.job_id or 0)


def queue_position(session: Session, job: Job) -> int:
    """Returns 1 for the job that the next free worker of its queue takes."""
    earlier = (
        select(func.count())
        .select_from(Job)
        .where(Job.queue == job.queue, Job.state == JobState.QUEUED, col(Job.id) < job.id)
    )
    return session.exec(earlier).one() + 1


def list_epochs(detector: Detector) -> list[EpochRow]:
    """Returns the training's rows so far, in order, of all attempts."""
    directory = get_storage().path(directory_key(saved_id(detector)))
    for attempt in reversed(list_attempts(directory)):
        if rows := attempt.epochs():  # a resumed attempt copies the earlier rows when it starts
            return rows
    return read_epochs(directory)


def _queue_training(session: Session, detector: Detector) -> Job:
    job = jobs.submit(session, JobKind.TRAIN_DETECTOR, [detector], detector.owner_id)
    detector.job_id = job.id
    detector.state = DetectorState.QUEUED
    detector.message = "Waiting for a free worker"
    earlier = find_resumable(get_storage().path(directory_key(saved_id(detector))))
    detector.epoch = earlier.epochs_done if earlier else 0
    detector.progress = progress_after(detector.epoch, detector.epochs)
    return job


def _require_usable_parent(session: Session, user: User, draft: DetectorDraft) -> None:
    if draft.parent_id is None:
        return
    parent = access.get_detector(session, user, draft.parent_id)
    if parent.dnn_type != draft.dnn_type:
        raise InvalidInput(
            f"{parent.name} is a {parent.dnn_type}; it can only be fine-tuned as one.",
            "parent_id",
        )
    if parent.state is not DetectorState.TRAINED:
        raise Conflict(f"{parent.name} is not trained yet ({parent.state}).")
