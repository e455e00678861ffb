"""What becomes of a row when its job ends, and that no death of anything leaves it stuck."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from sqlmodel import Session, select

from tests.fake_queue import ListQueue
from tpod_core import db, jobs
from tpod_core.errors import Conflict, InvalidInput, NotFound, TpodError, Unavailable
from tpod_core.jobs import (
    Reconciler,
    RunningJob,
    execute,
    execution,
    report_death,
    subject_state,
)
from tpod_core.jobs.lifecycle import MAX_FAILED_ATTEMPTS, claim, finish
from tpod_core.jobs.subject_state import LOST, UNFINISHED
from tpod_core.models import (
    Detector,
    DetectorState,
    Job,
    JobKind,
    JobState,
    QueueName,
    Subject,
    TrainingSet,
    TrainingSetState,
    User,
    Video,
    VideoState,
    saved_id,
)
from tpod_core.services import detectors, model_files, training_sets, videos
from tpod_core.storage import get_storage
from workers import annotate_video
from workers.registry import module_of

Row = Video | TrainingSet | Detector

KINDS = {
    Video: JobKind.IMPORT_VIDEO,
    TrainingSet: JobKind.BUILD_TRAINING_SET,
    Detector: JobKind.TRAIN_DETECTOR,
}
WAITING = {
    Video: (VideoState.QUEUED, VideoState.PROCESSING),
    TrainingSet: (TrainingSetState.QUEUED, TrainingSetState.BUILDING),
    Detector: (DetectorState.QUEUED, DetectorState.TRAINING),
}
BAD_ENDS = {
    Video: (VideoState.FAILED, VideoState.FAILED),
    TrainingSet: (TrainingSetState.FAILED, TrainingSetState.FAILED),
    Detector: (DetectorState.ERROR, DetectorState.CANCELLED),
}
"""What becomes of each after a failure, and after a cancel."""

GOOD_ENDS = {
    Video: VideoState.READY,
    TrainingSet: TrainingSetState.READY,
    Detector: DetectorState.TRAINED,
}
EVERY_WAIT = [(table, state) for table, states in WAITING.items() for state in states]
DEFECT = "a defect in what follows the end of a job"


@pytest.fixture
def owner(member: User, queue: ListQueue) -> User:
    return member


def add(owner: User, table: type[Row], state: str, job_state: JobState | None) -> Row:
    """A row in this state and the job that it waits for, or ``None`` for one that is gone."""
    with db.transaction() as session:
        row = table(owner_id=saved_id(owner), name="Cups", state=state, message="under way")
        if isinstance(row, Detector):
            row.dnn_type, row.epochs = "yolo26n", 3
            row.train_set_id = saved_id(add_ready_set(session, owner))
        session.add(row)
        session.flush()
        job = jobs.submit(session, KINDS[table], [row], owner.id)
        row.job_id = job.id
        if job_state is None:
            session.delete(job)
        else:
            job.state, job.message = job_state, f"It {job_state}."
    return row


def add_ready_set(session: Session, owner: User) -> TrainingSet:
    row = TrainingSet(owner_id=saved_id(owner), name="Set", state=TrainingSetState.READY)
    session.add(row)
    session.flush()
    return row


def now(row: Row) -> Row:
    with db.read_session() as session:
        return session.get_one(type(row), row.id)


def end(row: Row, state: JobState, message: str = "The disk is full.") -> None:
    with db.transaction() as session:
        finish(session, row.job_id or 0, state, message)


# The end of a job


@pytest.mark.parametrize(
    ("job_state", "number", "said"),
    [
        (JobState.FAILED, 0, "The disk is full."),
        (JobState.CANCELLED, 1, "cancelled"),
        (JobState.SUCCEEDED, 0, UNFINISHED),
    ],
)
def test_what_waits_for_a_job_follows_its_end_and_says_why(
    owner: User, job_state: JobState, number: int, said: str
) -> None:
    message = "The disk is full." if job_state is JobState.FAILED else ""
    for table, state in EVERY_WAIT:
        row = add(owner, table, state, JobState.RUNNING)
        end(row, job_state, message)
        assert now(row).state == BAD_ENDS[table][number], state
        assert said in now(row).message.replace("Cancelled", "cancelled"), state


@pytest.mark.parametrize("job_state", [state for state in JobState if state.is_final])
def test_what_is_ready_stays_so_however_its_job_ends(owner: User, job_state: JobState) -> None:
    for table, state in GOOD_ENDS.items():
        row = add(owner, table, state, JobState.RUNNING)
        end(row, job_state)
        assert (now(row).state, now(row).message) == (state, "under way")


def test_end_of_another_job_about_it_changes_nothing(owner: User) -> None:
    for table, state in EVERY_WAIT:
        row = add(owner, table, state, JobState.RUNNING)
        with db.transaction() as session:
            earlier = jobs.submit(session, KINDS[table], [row], owner.id)
            finish(session, saved_id(earlier), JobState.FAILED, "The disk is full.")
        assert now(row).state == state


def test_job_given_up_by_the_reconciler_leaves_the_cause_too(owner: User) -> None:
    row = add(owner, Detector, DetectorState.TRAINING, JobState.QUEUED)
    for attempt in range(1, MAX_FAILED_ATTEMPTS + 1):
        claim(row.job_id or 0, attempt, "low 1")
        report_death("low 1", "Its process was killed.")
    assert (now(row).state, now(row).message) == (DetectorState.ERROR, "Its process was killed.")


# A defect, or a death, between the end of a job and what follows it


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """What follows the end of a job fails halfway, until the value is called."""

    def write_and_fail(session: Session, job: Job) -> None:
        session.add(Job(kind=JobKind.LOAD_DEMO, queue=QueueName.LOW))
        session.flush()
        raise RuntimeError(DEFECT)

    with monkeypatch.context() as patch:
        patch.setattr(subject_state, "_set_states", write_and_fail)
        yield patch.undo


def test_defect_leaves_the_end_of_the_job_standing_and_nothing_else(
    owner: User, broken: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    row = add(owner, Detector, DetectorState.TRAINING, JobState.RUNNING)
    end(row, JobState.FAILED)
    with db.read_session() as session:
        [job] = session.exec(select(Job))
    assert (job.state, now(row).state) == (JobState.FAILED, DetectorState.TRAINING)
    assert DEFECT in caplog.text


def test_reconciler_repairs_what_a_defect_has_left(owner: User, broken: Callable[[], None]) -> None:
    rows = [add(owner, table, state, JobState.RUNNING) for table, state in EVERY_WAIT]
    for row in rows:
        end(row, JobState.FAILED)
    broken()
    Reconciler().repair()
    for row in rows:
        assert (now(row).state, now(row).message) == (BAD_ENDS[type(row)][0], "The disk is full.")


def test_reconciler_repairs_what_waits_for_a_job_that_is_gone(owner: User) -> None:
    rows = [add(owner, table, state, None) for table, state in EVERY_WAIT]
    Reconciler().repair()
    for row in rows:
        assert (now(row).state, now(row).message) == (BAD_ENDS[type(row)][0], LOST)


def test_end_that_the_database_could_not_take_is_made_up_for(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = add(owner, Detector, DetectorState.TRAINING, JobState.QUEUED)

    def locked(*arguments: object) -> None:
        raise Unavailable("The database cannot be reached right now.")

    def fail(job: RunningJob) -> None:
        raise InvalidInput("The losses ran off to infinity.")

    for attempt in range(1, MAX_FAILED_ATTEMPTS + 1):
        with monkeypatch.context() as patch, pytest.raises(Unavailable):
            patch.setattr(execution, "finish", locked)
            execute(row.job_id or 0, attempt, run=fail, worker="w", abandon=lambda: None)
        assert now(row).state is DetectorState.TRAINING
        with db.transaction() as session:
            session.get_one(Job, row.job_id).lease_expires = 1.0
        reconciler = Reconciler()
        reconciler.run_once()
        reconciler.run_once()
    assert now(row).state is DetectorState.ERROR


def test_reconciler_leaves_what_a_job_still_works_on(owner: User) -> None:
    alive = [
        add(owner, table, state, job_state)
        for table, state in EVERY_WAIT
        for job_state in (JobState.QUEUED, JobState.RUNNING)
    ]
    with db.transaction():  # holds the only write lock: a pass that wrote would wait for it
        Reconciler().repair()
    assert [now(row).state for row in alive] == [row.state for row in alive]


def test_reconciler_does_not_bring_back_what_is_deleted_meanwhile(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = add(owner, Video, VideoState.PROCESSING, None)
    with db.transaction() as session:
        session.delete(session.get_one(Video, row.id))
    monkeypatch.setattr("tpod_core.jobs.reconciler.list_stranded", lambda session: [row])
    Reconciler().repair()
    with db.read_session() as session:
        assert session.exec(select(Video)).all() == []


def test_reconciler_repairs_at_its_start_and_then_every_few_seconds(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconciler, passes = Reconciler(), []
    monkeypatch.setattr(reconciler, "repair", lambda: passes.append(len(passes)))
    reconciler.repair_if_due()
    reconciler.repair_if_due()
    assert passes == [0]
    monkeypatch.setattr("tpod_core.jobs.reconciler.REPAIR_EVERY_S", 0.0)
    reconciler.repair_if_due()
    assert passes == [0, 1]


# Every state, with every job behind it, and every act

ALIVE = (JobState.QUEUED, JobState.RUNNING)
OVER = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, None)

Act = Callable[[Session, Row], object]
DETECTOR_ACTS: dict[str, Act] = {
    "delete": detectors.delete,
    "cancel": detectors.cancel,
    "resume": detectors.resume,
    "download": lambda session, row: model_files.find_model(session, row, "zip"),
}
VIDEO_ACTS: dict[str, Act] = {"delete": videos.delete, "upload again": videos.begin_upload}
SET_ACTS: dict[str, Act] = {"delete": training_sets.delete}

DETECTORS = {
    (DetectorState.CREATED, "any"): "done      refused   refused   refused",
    (DetectorState.QUEUED, "alive"): "refused   done      refused   done",
    (DetectorState.QUEUED, "over"): "done      done      done      refused",
    (DetectorState.TRAINING, "alive"): "refused   done      refused   done",
    (DetectorState.TRAINING, "over"): "done      done      done      refused",
    (DetectorState.TRAINED, "any"): "done      refused   refused   refused",
    (DetectorState.ERROR, "any"): "done      refused   done      refused",
    (DetectorState.CANCELLED, "any"): "done      refused   done      refused",
}
VIDEOS = {
    (VideoState.CREATED, "any"): "done      done",
    (VideoState.UPLOADING, "any"): "done      done",
    (VideoState.QUEUED, "alive"): "done      refused",
    (VideoState.QUEUED, "over"): "done      done",
    (VideoState.PROCESSING, "alive"): "done      refused",
    (VideoState.PROCESSING, "over"): "done      done",
    (VideoState.READY, "any"): "done      refused",
    (VideoState.FAILED, "any"): "done      done",
}
SETS = {
    (TrainingSetState.QUEUED, "alive"): "refused",
    (TrainingSetState.QUEUED, "over"): "done",
    (TrainingSetState.BUILDING, "alive"): "refused",
    (TrainingSetState.BUILDING, "over"): "done",
    (TrainingSetState.READY, "any"): "done",
    (TrainingSetState.FAILED, "any"): "done",
}


@pytest.mark.parametrize(
    ("table", "acts", "expected"),
    [
        pytest.param(Detector, DETECTOR_ACTS, DETECTORS, id="detector"),
        pytest.param(Video, VIDEO_ACTS, VIDEOS, id="video"),
        pytest.param(TrainingSet, SET_ACTS, SETS, id="training set"),
    ],
)
def test_every_act_is_done_or_refused_in_words_whatever_the_state(
    owner: User, table: type[Row], acts: dict[str, Act], expected: dict[tuple[str, str], str]
) -> None:
    wanted, found = {}, {}
    for (state, behind), words in expected.items():
        for job_state in {"alive": ALIVE, "over": OVER, "any": ALIVE + OVER}[behind]:
            for (name, act), word in zip(acts.items(), words.split(), strict=True):
                case = (state, job_state, name)
                wanted[case] = word
                found[case] = outcome_of(act, add(owner, table, state, job_state))
    assert found == wanted
    assert {state for state, _, _ in found} == set(type(next(iter(expected))[0]))


def outcome_of(act: Act, row: Row) -> str:
    try:
        with db.transaction() as session:
            act(session, session.get_one(type(row), row.id))
    except TpodError as error:
        assert isinstance(error, Conflict | NotFound), error
        return "refused"
    return "done"


def detector(owner: User, state: DetectorState, job_state: JobState | None) -> Detector:
    row = add(owner, Detector, state, job_state)
    assert isinstance(row, Detector)
    return row


def act(on: Row, act: Act) -> Row:
    with db.transaction() as session:
        act(session, session.get_one(type(on), on.id))
    return now(on)


@pytest.mark.parametrize("state", OVER[1:], ids=str)
def test_cancel_of_a_stranded_training_leaves_what_can_be_resumed(
    owner: User, queue: ListQueue, state: JobState | None
) -> None:
    stranded = detector(owner, DetectorState.TRAINING, state)
    cancelled = act(stranded, detectors.cancel)
    assert cancelled.state in detectors.RESUMABLE
    queue.deliveries.clear()
    resumed = act(stranded, detectors.resume)
    assert (resumed.state, resumed.job_id) == (DetectorState.QUEUED, queue.deliveries[0].job_id)


def test_training_set_is_not_kept_by_a_stranded_training(owner: User) -> None:
    stranded = detector(owner, DetectorState.TRAINING, None)
    with db.transaction() as session:
        training_sets.delete(session, session.get_one(TrainingSet, stranded.train_set_id))
    assert now(stranded).state is DetectorState.ERROR


def test_parent_is_not_kept_by_a_stranded_child(owner: User) -> None:
    parent = detector(owner, DetectorState.TRAINED, JobState.SUCCEEDED)
    child = detector(owner, DetectorState.TRAINING, JobState.FAILED)
    with db.transaction() as session:
        session.get_one(Detector, child.id).parent_id = parent.id
    with db.transaction() as session:
        detectors.delete(session, session.get_one(Detector, parent.id))
    assert (now(child).state, now(child).message) == (DetectorState.ERROR, "It failed.")


# A subject that is deleted under its jobs


@pytest.mark.parametrize("end_it", ["dies", "stops"])
def test_what_a_job_still_writes_for_a_deleted_video_goes_when_it_ends(
    owner: User, home: Path, end_it: str
) -> None:
    with db.transaction() as session:
        video = videos.create(session, owner, "Kitchen")
        about = [video, Detector(owner_id=saved_id(owner), name="Cups", dnn_type="yolo26n")]
        session.add(about[1])
        session.flush()
        job = jobs.submit(session, JobKind.ANNOTATE_VIDEO, about, owner.id)
    claim(saved_id(job), 1, "default 1")
    with db.transaction() as session:
        videos.delete(session, session.get_one(Video, video.id))
    late = get_storage().write(f"videos/{video.id}/annotated-1.mp4", b"written meanwhile")
    if end_it == "stops":
        with db.transaction() as session:
            finish(session, saved_id(job), JobState.FAILED, "The video was deleted.")
    else:
        report_death("default 1", "Its process was killed.")
        assert late.exists()
        execute(saved_id(job), 2, run=annotate_video.run, worker="default 1", abandon=lambda: None)
    assert not late.parent.exists()
    with db.read_session() as session:
        ended = session.get_one(Job, job.id)
    assert (ended.state, ended.video_id, ended.subject) == (JobState.FAILED, None, "video:deleted")


@pytest.mark.parametrize("kind", [kind for kind in JobKind if kind.subject is not Subject.USER])
def test_job_whose_subject_was_deleted_while_it_waited_fails_in_plain_words_at_once(
    owner: User, kind: JobKind
) -> None:
    table = {kind.subject: table for table, kind in KINDS.items()}[kind.subject]
    with db.transaction() as session:
        subject = table(owner_id=saved_id(owner), name="Cups")
        if isinstance(subject, Detector):
            subject.dnn_type = "yolo26n"
        session.add(subject)
        session.flush()
        job = jobs.submit(session, kind, [subject], owner.id)
        session.flush()
        session.delete(subject)
    run = import_module(module_of(kind)).run
    execute(saved_id(job), 1, run=run, worker="worker", abandon=lambda: None)
    with db.read_session() as session:
        ended = session.get_one(Job, job.id)
    assert ended.state is JobState.FAILED
    assert f"The {kind.subject.replace('_', ' ')} was deleted" in ended.message
