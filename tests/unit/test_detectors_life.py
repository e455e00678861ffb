"""A detector's life: asked for, trained, cancelled, resumed, exported, deleted.

The jobs run here in this process, through the same door as in a worker.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlmodel import Session, select
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.conftest import add_user
from tests.detectors import TINY, FakeProvider, create_detector, job_of, now, work
from tests.fake_queue import ListQueue
from tests.jobs import run_job
from tests.training_sets import CLASSES, add_training_set
from tpod_core import access, db
from tpod_core.config import get_settings
from tpod_core.detectors import registry
from tpod_core.errors import Conflict, InvalidInput, NotFound
from tpod_core.formats.yolo import ManifestVideo, read_manifest, write_manifest
from tpod_core.jobs import RunningJob
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
    saved_id,
)
from tpod_core.services import detectors, model_files, scores, trainings
from tpod_core.storage import sha256_of
from workers import export_model, training_report
from workers.training_report import TrainingReport, seconds_left


@pytest.fixture
def queued(member: User, training_set: TrainingSet, provider: FakeProvider) -> Detector:
    return create_detector(member, training_set)


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
    # Cups: right, wrong, right, wrong, so a precision of 1 up to half the recall, then 2/3.
    assert done.metrics["mAP50"] == pytest.approx((1 / 2 + 2 / 3 / 2) / 2, abs=0.005)
    assert done.metrics["agreement"]["max_box_px"] == 0.0
    published = home / "detectors" / str(queued.id) / "model"
    card = json.loads((published / "detector.json").read_text())
    assert card["training_set_hash"] == "c0ffee"
    assert card["recommended_confidence"] == done.metrics["recommended_confidence"]
    # Every box has a score of 0.9, so that any confidence up to there is as good.
    assert card["recommended_confidence"] == pytest.approx(0.45, abs=0.002)
    assert [row.epoch for row in detectors.list_epochs(done)] == [1, 2, 3]
    assert list(published.parent.glob("attempt-*")) == []


def test_published_files_are_known_by_their_sha256(queued: Detector, home: Path) -> None:
    work(queued)
    with db.read_session() as session:
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


def test_resumed_training_reports_its_true_epoch(
    queued: Detector, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was cancelled in the middle of the third epoch of three: two are done."""
    monkeypatch.setattr(training_report, "_WRITE_INTERVAL_S", 0.0)

    def stop_after_a_batch(epoch: int) -> None:
        if now(queued).progress > training_progress(2.4):
            cancel(queued)

    provider.before_batch = stop_after_a_batch
    assert work(queued).state is DetectorState.CANCELLED
    told: list[tuple[int, float, int]] = []

    def note(epoch: int = 0) -> None:
        row = now(queued)
        told.append((row.epoch, row.progress, len(detectors.list_epochs(row))))

    def load(dnn_type: str) -> FakeProvider:
        note()
        return provider

    provider.before_batch = note
    monkeypatch.setattr(registry, "load_provider", load)
    resume(queued)
    note()
    work(queued)
    assert told[:4] == [
        (2, pytest.approx(training_progress(2)), 2),  # it waits
        (2, pytest.approx(training_progress(2)), 2),  # it loads
        (2, pytest.approx(training_progress(2)), 2),  # before the first batch
        (3, pytest.approx(training_progress(2.5)), 2),  # in the first epoch after
    ]


def training_progress(epochs_done: float) -> float:
    """The training is 0.95 of the whole, and has three epochs."""
    return 0.95 * epochs_done / 3


def test_training_that_a_death_interrupted_reports_its_true_epoch(
    queued: Detector, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_report, "_WRITE_INTERVAL_S", 0.0)

    def crash_once(epoch: int) -> None:
        if epoch == 3 and len(provider.requests) == 1:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        told.append((now(queued).epoch, now(queued).progress))

    told: list[tuple[int, float]] = []
    provider.before_batch = crash_once
    work(queued)
    told.clear()
    work(queued)
    assert told[0] == (2, pytest.approx(training_progress(2)))


def test_training_that_had_ended_reports_all_epochs_when_it_is_resumed(
    queued: Detector, provider: FakeProvider
) -> None:
    provider.exported_answer = (12.0, 18.0, 30.0, 38.0)
    assert work(queued).state is DetectorState.ERROR
    resume(queued)
    assert (now(queued).epoch, now(queued).progress) == (3, pytest.approx(0.95))


def test_time_left_is_reckoned_anew_where_an_epoch_begins_anew(
    queued: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory ran out: the epoch begins again with half the batch, at half the speed."""
    clock = SimpleNamespace(now=0.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(training_report, "time", clock)
    known: list[float | None] = []
    monkeypatch.setattr(
        training_report.trainings, "record_time_left", lambda *args: known.append(args[-1])
    )

    def train(job: RunningJob) -> None:
        with job.transaction() as session:
            plan = trainings.read_plan(session, job.subject_id)
        monkeypatch.setattr(job, "progress", lambda fraction, message: None)
        report = TrainingReport(job, plan, epochs_done=1)
        for clock.now, share in ((100.0, 0.5), (110.0, 0.6), (200.0, 0.4), (220.0, 0.5)):
            report.on_batch(2, share)

    run_job(saved_id(job_of(queued)), train)
    assert known == [None, pytest.approx(40), None, pytest.approx(100)]


def test_time_left_is_known_while_it_trains_and_forgotten_after(
    queued: Detector, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_report, "_WRITE_INTERVAL_S", 0.0)
    known: list[float | None] = []
    provider.before_batch = lambda epoch: known.append(now(queued).seconds_left)
    done = work(queued)
    assert known[:2] == [None, None], "one batch alone tells nothing"
    assert all(seconds is not None and seconds >= 0 for seconds in known[2:])
    assert done.seconds_left is None


def test_cancelled_training_has_no_time_left(
    queued: Detector, provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_report, "_WRITE_INTERVAL_S", 0.0)

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
    done = work(create_detector(member, training_set, train_config={"epochs": 1, "imgsz": 64}))
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
    done = work(create_detector(member, training_set, train_config={"epochs": 1, "imgsz": 64}))
    assert provider.requests[0].weights == local
    assert done.metrics["warnings"] == []


def test_child_starts_from_its_parent_s_checkpoint(
    queued: Detector, member: User, training_set: TrainingSet, provider: FakeProvider, home: Path
) -> None:
    work(queued)
    child = work(create_detector(member, training_set, name="Child", parent_id=queued.id))
    assert provider.requests[1].weights == home / "detectors" / str(queued.id) / "model/model.pt"
    card = home / "detectors" / str(child.id) / "model" / "detector.json"
    assert json.loads(card.read_text())["parent"] == "Cups"


def test_child_is_compared_with_its_parent_on_the_same_images(
    queued: Detector, member: User, training_set: TrainingSet, provider: FakeProvider
) -> None:
    work(queued)
    provider.finds = lambda scene: scene.checkpoint.name != "trained.pt"  # the child is blind
    child = work(create_detector(member, training_set, name="Child", parent_id=queued.id))
    evaluation = scores.find_evaluation(child)
    assert evaluation is not None and evaluation.parent is not None
    assert (evaluation.parent.detector_id, evaluation.parent.name) == (queued.id, "Cups")
    changes = {row.name: row for row in evaluation.parent.classes}
    assert (changes["cup"].worse, changes["bus stop"].worse) == (True, False)
    [warning] = child.metrics["warnings"]
    assert "“cup” got worse than in the parent Cups" in warning
    first = scores.find_evaluation(now(queued))
    assert first is not None and first.parent is None


def test_worst_pictures_are_published_with_the_score(queued: Detector) -> None:
    done = work(queued)
    evaluation = scores.find_evaluation(done)
    assert evaluation is not None
    [worst] = evaluation.worst  # the neighbours look the same
    assert [(shown.kind, shown.label) for shown in worst.objects] == [
        ("wrong", "cup"),
        ("missed", "bus stop"),
    ]
    jpeg = scores.find_picture(done, worst)
    assert jpeg is not None and jpeg.startswith(b"\xff\xd8")


def other_set(home: Path, owner: User, *classes: str, sha256: str) -> TrainingSet:
    """A second training set, of another video, with these classes."""
    row = add_training_set(home, owner)
    directory = home / row.directory_key
    manifest = read_manifest(directory)
    videos = (ManifestVideo(1, "other", sha256, 1),)
    write_manifest(directory, replace(manifest, classes=classes, videos=videos))
    return row


def test_child_learns_its_parent_s_classes_and_frames_too(
    queued: Detector, member: User, provider: FakeProvider, home: Path
) -> None:
    work(queued)
    own = other_set(home, member, "tram", "cup", sha256="other")
    child = work(create_detector(member, own, name="Child", parent_id=queued.id))
    assert child.labels == ["cup", "bus stop", "tram"]
    assert len(provider.requests[1].data.train) == 16
    assert any("does not label tram" in warning for warning in child.metrics["warnings"])
    labels = home / "detectors" / str(child.id) / "model" / "labels.txt"
    assert labels.read_text().splitlines() == child.labels


def test_child_may_do_without_its_parent_s_frames(
    queued: Detector, member: User, provider: FakeProvider, home: Path
) -> None:
    work(queued)
    own = other_set(home, member, "cup", "tram", sha256="other")
    config = {**TINY, "mix_parent_data": False}
    child = work(
        create_detector(member, own, name="Child", parent_id=queued.id, train_config=config)
    )
    assert child.labels == ["cup", "bus stop", "tram"]
    assert len(provider.requests[1].data.train) == 8
    assert any("may forget" in warning for warning in child.metrics["warnings"])


def test_child_that_is_judged_on_what_its_parent_learnt_says_so(
    queued: Detector, member: User, training_set: TrainingSet, home: Path
) -> None:
    work(queued)
    own = other_set(home, member, "cup", "bus stop", sha256="")
    manifest = read_manifest(home / own.directory_key)
    write_manifest(home / own.directory_key, replace(manifest, content_hash="another"))
    config = {**TINY, "mix_parent_data": False}
    child = work(
        create_detector(member, own, name="Child", parent_id=queued.id, train_config=config)
    )
    assert any("4 of 4 validation frames" in each for each in child.metrics["warnings"])
    honest = work(create_detector(member, training_set, name="Again", parent_id=queued.id))
    assert not any("validation frames" in each for each in honest.metrics["warnings"])


def test_grandchild_learns_from_the_whole_line(
    queued: Detector, member: User, provider: FakeProvider, home: Path
) -> None:
    work(queued)
    first = other_set(home, member, "cup", "tram", sha256="first")
    child = work(create_detector(member, first, name="Child", parent_id=queued.id))
    second = other_set(home, member, "kiosk", "cup", sha256="second")
    last = work(create_detector(member, second, name="Grandchild", parent_id=child.id))
    assert last.labels == ["cup", "bus stop", "tram", "kiosk"]
    assert len(provider.requests[2].data.train) == 24


def test_child_is_exported_with_the_classes_it_was_trained_with(
    queued: Detector, member: User, provider: FakeProvider, home: Path
) -> None:
    work(queued)
    own = other_set(home, member, "tram", "cup", sha256="other")
    child = work(create_detector(member, own, name="Child", parent_id=queued.id))
    with db.transaction() as session:
        detectors.delete(session, session.get_one(Detector, queued.id))
    with db.transaction() as session:
        job = model_files.start_export(session, session.get_one(Detector, child.id), "zip")
    run_job(saved_id(job), export_model.run)
    labels = home / "detectors" / str(child.id) / "model" / "labels.txt"
    assert labels.read_text().splitlines() == ["cup", "bus stop", "tram"]


def test_deleted_set_of_the_parent_is_a_warning_not_an_end(
    queued: Detector, member: User, training_set: TrainingSet, home: Path
) -> None:
    work(queued)
    own = other_set(home, member, "cup", "tram", sha256="other")
    child = create_detector(member, own, name="Child", parent_id=queued.id)
    with db.transaction() as session:
        session.delete(session.get_one(TrainingSet, training_set.id))
    done = work(child)
    assert done.state is DetectorState.TRAINED
    assert "was deleted, so it is not mixed in" in done.message


def test_lost_model_of_the_parent_is_an_error_with_a_way_out(
    queued: Detector, member: User, training_set: TrainingSet, home: Path
) -> None:
    work(queued)
    child = create_detector(member, training_set, name="Child", parent_id=queued.id)
    (home / "detectors" / str(queued.id) / "model/model.pt").unlink()
    done = work(child)
    assert done.state is DetectorState.ERROR
    assert "Train without a parent" in done.message


def test_parent_is_not_deleted_under_a_waiting_child(
    queued: Detector, member: User, training_set: TrainingSet
) -> None:
    work(queued)
    create_detector(member, training_set, name="Child", parent_id=queued.id)
    with db.transaction() as session, pytest.raises(Conflict, match="Child is being trained from"):
        detectors.delete(session, session.get_one(Detector, queued.id))


def test_what_the_family_warns_of_stands_beside_the_detector(
    queued: Detector, provider: FakeProvider
) -> None:
    provider.warning = "Memory ran out with 4 images per step."
    done = work(queued)
    assert provider.warning in done.metrics["warnings"]
    assert provider.warning in done.message


def test_model_is_ready_when_the_training_is(queued: Detector) -> None:
    def find() -> Path | Job:
        with db.read_session() as session:
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
    with db.read_session() as session, pytest.raises(NotFound, match="Export it again"):
        model_files.find_model(session, session.get_one(Detector, queued.id), "zip")
    with db.transaction() as session:
        job = model_files.start_export(session, session.get_one(Detector, queued.id), "zip")
    with db.transaction() as session:
        again = model_files.start_export(session, session.get_one(Detector, queued.id), "zip")
    assert again.id == job.id
    run_job(saved_id(job), export_model.run)
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
    with db.read_session() as session:
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
        create_detector(member, training_set, **values)
    assert caught.value.field == field


def test_unready_training_set_is_refused(member: User, training_set: TrainingSet) -> None:
    with db.transaction() as session:
        session.get_one(TrainingSet, training_set.id).state = TrainingSetState.BUILDING
    with pytest.raises(Conflict, match="not ready"):
        create_detector(member, training_set)


def test_parent_of_another_family_is_refused(
    queued: Detector, member: User, training_set: TrainingSet
) -> None:
    with pytest.raises(InvalidInput) as caught:
        create_detector(member, training_set, dnn_type="yolo11n", parent_id=queued.id)
    assert caught.value.field == "parent_id"


def test_untrained_parent_is_refused(
    queued: Detector, member: User, training_set: TrainingSet
) -> None:
    with pytest.raises(Conflict, match="not trained yet"):
        create_detector(member, training_set, parent_id=queued.id)


def test_detectors_of_others_are_neither_listed_nor_found(queued: Detector, member: User) -> None:
    stranger = add_user("stranger", Role.USER)

    def names(session: Session, user: User) -> list[str]:
        return [row.name for row in access.newest(session, user, Detector, limit=9).rows]

    with db.read_session() as session:
        assert names(session, member) == ["Cups"]
        assert names(session, stranger) == []
        with pytest.raises(NotFound):
            access.get_detector(session, stranger, queued.id or 0)
