"""A detector's life: asked for, trained, cancelled, resumed, exported, deleted.

The jobs run here in this process, through the same door as in a worker.
"""

import json
import os
import shutil
from pathlib import Path

import pytest
from sqlmodel import Session, select
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.conftest import add_user
from tests.detector_life import add_training_set, job_of, now, use_fake_provider, work
from tests.fake_provider import FakeProvider
from tests.fake_queue import ListQueue
from tests.training_data import CLASSES
from tpod_core import access, db
from tpod_core.config import get_settings
from tpod_core.errors import Conflict, InvalidInput, NotFound
from tpod_core.jobs import execute
from tpod_core.models import (
    Artifact,
    Detector,
    DetectorState,
    Job,
    JobState,
    Role,
    TrainingSet,
    TrainingSetState,
    User,
)
from tpod_core.services import detectors, model_files
from tpod_core.services.detectors import DetectorDraft
from tpod_core.storage import sha256_of
from workers import export_model, training_report
from workers.training_report import seconds_left

TINY = {"epochs": 3, "imgsz": 64, "pretrained": "random"}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    return use_fake_provider(monkeypatch)


@pytest.fixture
def training_set(home: Path, member: User, queue: ListQueue) -> TrainingSet:
    return add_training_set(home, member)


@pytest.fixture
def queued(member: User, training_set: TrainingSet, provider: FakeProvider) -> Detector:
    return create(member, training_set)


def create(user: User, training_set: TrainingSet, **values: object) -> Detector:
    assert training_set.id is not None
    draft = {"name": "Cups", "dnn_type": "yolo26n", "train_config": TINY} | values
    with db.transaction() as session:
        return detectors.create(session, user, DetectorDraft(train_set_id=training_set.id, **draft))  # type: ignore[arg-type]


def cancel(detector: Detector) -> None:
    with db.transaction() as session:
        detectors.cancel(session, session.get_one(Detector, detector.id))


def resume(detector: Detector) -> Job:
    with db.transaction() as session:
        return detectors.resume(session, session.get_one(Detector, detector.id))


def test_created_detector_waits_on_the_training_queue(
    queued: Detector, queue: ListQueue, member: User
) -> None:
    assert queued.state is DetectorState.QUEUED
    [delivery] = queue.deliveries
    assert (delivery.job_id, delivery.queue) == (queued.job_id, "low")
    assert job_of(queued).subject == f"detector:{queued.id}"


def test_keys_that_are_not_given_suit_the_set(queued: Detector) -> None:
    assert queued.train_config["epochs"] == 3
    assert queued.train_config["batch"] == 4
    assert queued.train_config["lr0"] == pytest.approx(0.01 / 6, abs=1e-6)


def test_training_ends_with_a_published_model(queued: Detector, home: Path) -> None:
    done = work(queued)
    assert done.state is DetectorState.TRAINED
    assert (done.progress, done.epoch, done.labels) == (1.0, 3, list(CLASSES))
    assert done.metrics["mAP50"] == 0.75
    assert done.metrics["agreement"]["max_box_px"] == 0.0
    published = home / "detectors" / str(queued.id) / "model"
    card = json.loads((published / "detector.json").read_text())
    assert card["training_set_hash"] == "c0ffee"
    assert card["recommended_confidence"] == 0.4
    assert [row.epoch for row in detectors.list_epochs(done)] == [1, 2, 3]
    assert list(published.parent.glob("attempt-*")) == []


def test_published_files_are_known_by_their_sha256(queued: Detector, home: Path) -> None:
    work(queued)
    with db.reading() as session:
        rows = {row.format: row for row in session.exec(select(Artifact))}
    assert set(rows) == {"checkpoint", "onnx", "zip"}
    for row in rows.values():
        assert sha256_of(home / row.key) == row.sha256
        assert (home / row.key).stat().st_size == row.size_bytes


def test_cancel_before_the_start_ends_it_at_once(queued: Detector, queue: ListQueue) -> None:
    cancel(queued)
    assert now(queued).state is DetectorState.CANCELLED
    assert queue.deliveries == []


def test_cancel_ends_a_training_within_a_batch(queued: Detector, provider: FakeProvider) -> None:
    batches: list[int] = []

    def cancel_in_second(epoch: int) -> None:
        batches.append(epoch)
        if epoch == 2 and len(batches) == 3:
            cancel(queued)

    provider.before_batch = cancel_in_second
    done = work(queued)
    assert done.state is DetectorState.CANCELLED
    assert batches == [1, 1, 2]
    assert "Resume" in done.message


def test_resumed_training_goes_on_after_the_last_whole_epoch(
    queued: Detector, provider: FakeProvider
) -> None:
    def stop(epoch: int) -> None:
        if epoch == 3:
            cancel(queued)

    provider.before_batch = stop
    work(queued)
    begun: list[int] = []
    provider.before_batch = begun.append
    first = now(queued).job_id
    assert resume(queued).id != first
    assert work(queued).state is DetectorState.TRAINED
    assert begun == [3, 3]
    assert [row.epoch for row in detectors.list_epochs(now(queued))] == [1, 2, 3]


def test_resumed_training_continues_its_curves(
    queued: Detector, provider: FakeProvider, home: Path
) -> None:
    def stop(epoch: int) -> None:
        if epoch == 3:
            cancel(queued)

    provider.before_batch = stop
    work(queued)
    provider.before_batch = lambda epoch: None
    resume(queued)
    work(queued)
    events = EventAccumulator(str(home / "detectors" / str(queued.id) / "events" / "training"))
    events.Reload()
    assert [event.step for event in events.Scalars("score/mAP50")] == [1, 2, 3]


def test_time_left_is_known_while_it_trains_and_forgotten_after(
    queued: Detector, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_report, "_WRITE_EVERY_S", 0.0)
    known: list[float | None] = []
    provider.before_batch = lambda epoch: known.append(now(queued).seconds_left)
    done = work(queued)
    assert known[:2] == [None, None], "one batch alone tells nothing"
    assert all(seconds is not None and seconds >= 0 for seconds in known[2:])
    assert done.seconds_left is None


def test_cancelled_training_has_no_time_left(
    queued: Detector, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_report, "_WRITE_EVERY_S", 0.0)

    def stop(epoch: int) -> None:
        if epoch == 3:
            cancel(queued)

    provider.before_batch = stop
    assert work(queued).seconds_left is None


@pytest.mark.parametrize(
    ("elapsed_s", "first", "now_at", "expected"),
    [(30, 0.1, 0.25, 150.0), (10, 0.5, 1.0, 0.0), (0, 0.1, 0.1, None)],
    ids=["a quarter is done", "the end", "the first batch"],
)
def test_time_left_goes_on_as_it_went(
    elapsed_s: float, first: float, now_at: float, expected: float | None
) -> None:
    assert seconds_left(elapsed_s, first, now_at) == expected


def test_crashed_training_is_tried_again_and_goes_on(
    queued: Detector, provider: FakeProvider
) -> None:
    def crash_once(epoch: int) -> None:
        if epoch == 2 and len(provider.requests) == 1:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")

    provider.before_batch = crash_once
    assert work(queued).state is DetectorState.TRAINING
    assert job_of(queued).state is JobState.QUEUED
    assert work(queued).state is DetectorState.TRAINED
    assert provider.requests[1].resume == provider.requests[0].attempt


def test_training_that_crashes_every_time_is_in_error_with_the_cause(
    queued: Detector, provider: FakeProvider
) -> None:
    def crash(epoch: int) -> None:
        raise RuntimeError("the network is made of cheese")

    provider.before_batch = crash
    for _ in range(3):
        done = work(queued)
    assert done.state is DetectorState.ERROR
    assert "made of cheese" in done.message


def test_export_that_disagrees_is_not_published(
    queued: Detector, provider: FakeProvider, home: Path
) -> None:
    provider.exported_answer = (12.0, 18.0, 30.0, 38.0)
    done = work(queued)
    assert done.state is DetectorState.ERROR
    assert "4 of 4 objects" in done.message
    assert not (home / "detectors" / str(queued.id) / "model").exists()


def test_disagreeing_export_costs_no_second_training(
    queued: Detector, provider: FakeProvider
) -> None:
    provider.exported_answer = (12.0, 18.0, 30.0, 38.0)
    work(queued)
    provider.exported_answer = (10.0, 18.0, 30.0, 38.0)
    begun: list[int] = []
    provider.before_batch = begun.append
    resume(queued)
    assert work(queued).state is DetectorState.TRAINED
    assert begun == []
    assert [row.epoch for row in detectors.list_epochs(now(queued))] == [1, 2, 3]


def test_damaged_training_set_is_an_error_not_a_crash(queued: Detector, home: Path) -> None:
    shutil.rmtree(home / "training_sets" / "1")
    done = work(queued)
    assert done.state is DetectorState.ERROR
    assert "Build it again" in done.message
    assert job_of(queued).state is JobState.FAILED


def test_deleted_training_set_is_an_error_with_a_way_out(
    queued: Detector, training_set: TrainingSet
) -> None:
    with db.transaction() as session:
        session.delete(session.get_one(TrainingSet, training_set.id))
    done = work(queued)
    assert done.state is DetectorState.ERROR
    assert "Train a new detector" in done.message
    with pytest.raises(Conflict, match="was deleted"):
        resume(queued)


def test_missing_weights_start_at_random_with_a_visible_warning(
    member: User,
    training_set: TrainingSet,
    provider: FakeProvider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TPOD_WEIGHTS_DOWNLOAD", "false")
    get_settings.cache_clear()
    done = work(create(member, training_set, train_config={"epochs": 1, "imgsz": 64}))
    assert done.state is DetectorState.TRAINED
    assert provider.requests[0].weights is None
    assert "random weights" in done.metrics["warnings"][0]
    assert "random weights" in done.message


def test_local_weights_are_started_from(
    member: User, training_set: TrainingSet, provider: FakeProvider, home: Path
) -> None:
    local = home / "weights" / "yolo26n.pt"
    local.parent.mkdir()
    local.write_bytes(b"published")
    done = work(create(member, training_set, train_config={"epochs": 1, "imgsz": 64}))
    assert provider.requests[0].weights == local
    assert done.metrics["warnings"] == []


def test_child_starts_from_its_parent_s_checkpoint(
    queued: Detector, member: User, training_set: TrainingSet, provider: FakeProvider, home: Path
) -> None:
    work(queued)
    child = work(create(member, training_set, name="Child", parent_id=queued.id))
    assert provider.requests[1].weights == home / "detectors" / str(queued.id) / "model/model.pt"
    card = home / "detectors" / str(child.id) / "model" / "detector.json"
    assert json.loads(card.read_text())["parent"] == "Cups"


def test_model_is_ready_when_the_training_is(queued: Detector) -> None:
    def find() -> Path | Job:
        with db.reading() as session:
            return model_files.find_model(session, session.get_one(Detector, queued.id), "zip")

    before = find()
    assert isinstance(before, Job) and before.id == queued.job_id
    work(queued)
    after = find()
    assert isinstance(after, Path) and after.name == "model.zip"


def test_lost_zip_is_exported_again(queued: Detector, home: Path) -> None:
    work(queued)
    archive = home / "detectors" / str(queued.id) / "model" / "model.zip"
    archive.unlink()
    with db.reading() as session, pytest.raises(NotFound, match="Export it again"):
        model_files.find_model(session, session.get_one(Detector, queued.id), "zip")
    with db.transaction() as session:
        job = model_files.start_export(session, session.get_one(Detector, queued.id), "zip")
    with db.transaction() as session:
        again = model_files.start_export(session, session.get_one(Detector, queued.id), "zip")
    assert again.id == job.id
    execute(job.id, 1, run=export_model.run, worker="w", abandon=os.abort)  # type: ignore[arg-type]
    assert archive.is_file()
    assert now(queued).state is DetectorState.TRAINED


def test_training_detector_is_not_deleted(queued: Detector) -> None:
    with db.transaction() as session, pytest.raises(Conflict, match="Cancel the training first"):
        detectors.delete(session, session.get_one(Detector, queued.id))
    assert now(queued).name == "Cups"


def test_deleted_detector_takes_its_files_along(queued: Detector, home: Path) -> None:
    work(queued)
    with db.transaction() as session:
        detectors.delete(session, session.get_one(Detector, queued.id))
    assert not (home / "detectors" / str(queued.id)).exists()
    with db.reading() as session:
        assert session.exec(select(Artifact)).all() == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"dnn_type": "ssd"}, "dnn_type"),
        ({"train_config": {"epochs": 0}}, "train_config.epochs"),
        ({"train_config": {"colour": 1}}, "train_config.colour"),
    ],
    ids=str,
)
def test_wrong_wish_is_refused_by_its_field(
    member: User, training_set: TrainingSet, values: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        create(member, training_set, **values)
    assert caught.value.field == field


def test_unready_training_set_is_refused(member: User, training_set: TrainingSet) -> None:
    with db.transaction() as session:
        session.get_one(TrainingSet, training_set.id).state = TrainingSetState.BUILDING
    with pytest.raises(Conflict, match="not ready"):
        create(member, training_set)


def test_parent_of_another_family_is_refused(
    queued: Detector, member: User, training_set: TrainingSet
) -> None:
    with pytest.raises(InvalidInput) as caught:
        create(member, training_set, dnn_type="yolo11n", parent_id=queued.id)
    assert caught.value.field == "parent_id"


def test_untrained_parent_is_refused(
    queued: Detector, member: User, training_set: TrainingSet
) -> None:
    with pytest.raises(Conflict, match="not trained yet"):
        create(member, training_set, parent_id=queued.id)


def test_detectors_of_others_are_neither_listed_nor_found(queued: Detector, member: User) -> None:
    stranger = add_user("stranger", Role.USER)

    def names(session: Session, user: User) -> list[str]:
        return [row.name for row in detectors.list_detectors(session, user)]

    with db.reading() as session:
        assert names(session, member) == ["Cups"]
        assert names(session, stranger) == []
        with pytest.raises(NotFound):
            access.get_detector(session, stranger, queued.id or 0)
