"""The life of a job's row, with a list in Redis' place and the clock's lease in our hands."""

import errno
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import Session

from tests.fake_queue import ListQueue
from tpod_core import db
from tpod_core.errors import (
    Conflict,
    InvalidInput,
    JobCancelled,
    LeaseLost,
    StorageFull,
    Unavailable,
)
from tpod_core.jobs import (
    Reconciler,
    RunningJob,
    execute,
    execution,
    lifecycle,
    log_tail,
    report_death,
    request_cancel,
    requeue,
    submit,
)
from tpod_core.jobs.lifecycle import MAX_FAILED_ATTEMPTS, claim
from tpod_core.jobs.process_lock import process_lock
from tpod_core.jobs.running import Heartbeat
from tpod_core.models import Job, JobKind, JobState, QueueName
from tpod_core.queue import replaced_by
from tpod_core.storage import DISK_FULL

FINISHED: list[tuple[int | None, JobState, str]] = []


@pytest.fixture
def queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ListQueue]:
    FINISHED.clear()
    monkeypatch.setattr(lifecycle, "on_finished", record)
    fake = ListQueue()
    with replaced_by(fake):
        yield fake


def record(session: Session, job: Job) -> None:
    FINISHED.append((job.id, job.state, job.message))


def new_job() -> Job:
    with db.transaction() as session:
        return submit(session, JobKind.LOAD_DEMO, (), None)


def row(job: Job) -> Job:
    with db.read_session() as session:
        return session.get_one(Job, job.id)


def change(job: Job, **values: object) -> None:
    with db.transaction() as session:
        changed = session.get_one(Job, job.id)
        for name, value in values.items():
            setattr(changed, name, value)


def start(job: Job, worker: str = "worker 1") -> RunningJob:
    claimed = claim(job.id or 0, row(job).attempt, worker)
    assert claimed is not None
    return RunningJob(claimed)


def perform(job: Job, run: object, abandon: object = None) -> None:
    execute(job.id, row(job).attempt, run=run, worker="worker 1", abandon=abandon)  # type: ignore[arg-type]


def cancel(job: Job) -> None:
    with db.transaction() as session:
        request_cancel(session, session.get_one(Job, job.id))


def raising(error: BaseException) -> object:
    def run(job: RunningJob) -> None:
        raise error

    return run


def two_passes(reconciler: Reconciler) -> None:
    """What looks lost must look so twice."""
    reconciler.run_once()
    reconciler.run_once()


def let_lease_expire(job: Job) -> None:
    change(job, lease_expires=1.0)


def test_submit_delivers_after_the_commit(queue: ListQueue) -> None:
    with db.transaction() as session:
        job = submit(session, JobKind.LOAD_DEMO, (), None)
        assert queue.deliveries == []
    assert [delivery.id for delivery in queue.deliveries] == [f"load-demo-{job.id}-a1"]


def test_submit_of_a_transaction_that_fails_delivers_nothing(queue: ListQueue) -> None:
    with pytest.raises(InvalidInput), db.transaction() as session:
        submit(session, JobKind.LOAD_DEMO, (), None)
        raise InvalidInput("no")
    assert queue.deliveries == []


def test_submit_without_redis_keeps_the_job_and_the_reconciler_delivers_it(
    queue: ListQueue,
) -> None:
    queue.away = True
    job = new_job()
    queue.away = False
    two_passes(Reconciler())
    assert [delivery.job_id for delivery in queue.deliveries] == [job.id]


def test_success_ends_the_row_and_tells_what_waits_for_it(queue: ListQueue) -> None:
    job = new_job()
    perform(job, lambda running: running.progress(0.5, "half"))
    ended = row(job)
    assert (ended.state, ended.progress, ended.message) == (JobState.SUCCEEDED, 1.0, "")
    assert ended.lease_token is None
    assert ended.finished_at is not None
    assert [(job.id, JobState.SUCCEEDED, "")] == FINISHED


def test_second_delivery_of_the_same_attempt_runs_nothing(queue: ListQueue) -> None:
    job = new_job()
    runs: list[int] = []
    for _ in range(2):
        execute(
            job.id or 0, 1, run=lambda running: runs.append(running.id), worker="w", abandon=no_end
        )
    assert runs == [job.id]


def test_delivery_of_an_older_attempt_runs_nothing(queue: ListQueue) -> None:
    job = new_job()
    change(job, attempt=2)
    execute(job.id or 0, 1, run=must_not_run, worker="w", abandon=no_end)
    assert row(job).state is JobState.QUEUED


def no_end() -> None:
    raise AssertionError("this process must not be abandoned")


def must_not_run(job: RunningJob) -> None:
    raise AssertionError("this job must not run")


def test_our_own_error_fails_the_job_with_its_sentence_at_once(queue: ListQueue) -> None:
    job = new_job()
    perform(job, raising(InvalidInput("Frame 4 has no picture.")))
    assert (row(job).state, row(job).message) == (JobState.FAILED, "Frame 4 has no picture.")
    assert [(job.id, JobState.FAILED, "Frame 4 has no picture.")] == FINISHED


def test_full_disk_fails_the_job_at_once(queue: ListQueue) -> None:
    job = new_job()
    perform(job, raising(StorageFull("The disk is full.")))
    assert (row(job).state, row(job).message) == (JobState.FAILED, "The disk is full.")


def test_job_whose_claim_cannot_be_written_stays_queued(
    queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = new_job()

    def refuse(*_: object) -> None:
        raise StorageFull(DISK_FULL)

    with monkeypatch.context() as patch:
        patch.setattr(execution, "claim", refuse)
        perform(job, raising(AssertionError("it must not run")))
    assert (row(job).state, row(job).failed_attempts) == (JobState.QUEUED, 0)


def test_full_disk_behind_a_library_s_own_error_fails_the_job_at_once(queue: ListQueue) -> None:
    job = new_job()

    def run(running: RunningJob) -> None:
        error = RuntimeError("could not save the checkpoint")
        raise error from OSError(errno.ENOSPC, "No space left on device")

    perform(job, run)
    assert (row(job).state, row(job).message) == (JobState.FAILED, DISK_FULL)


@pytest.mark.parametrize(
    "error",
    [Unavailable("The database is away."), ValueError("surprise"), SystemExit(3)],
    ids=["unavailable", "unexpected", "exit"],
)
def test_fault_is_retried_and_the_third_fails_the_job_with_its_cause(
    queue: ListQueue, error: BaseException
) -> None:
    job = new_job()
    for attempt in range(1, MAX_FAILED_ATTEMPTS + 1):
        assert (row(job).state, row(job).attempt) == (JobState.QUEUED, attempt)
        perform(job, raising(error))
    assert row(job).state is JobState.FAILED
    assert str(error) in row(job).message
    headings = [line for line in log_tail(row(job)).splitlines() if line.startswith("---")]
    assert [heading.partition(", attempt ")[2][0] for heading in headings] == ["1", "2", "3"]
    assert [(job.id, JobState.FAILED, row(job).message)] == FINISHED


def test_traceback_and_output_are_in_the_log_of_the_job(queue: ListQueue) -> None:
    job = new_job()

    def run(running: RunningJob) -> None:
        sys.stdout.write("frame 1 of 2\rframe 2 of 2\n")
        raise ValueError("surprise")

    perform(job, run)
    tail = log_tail(row(job))
    assert "load-demo 1, attempt 1" in tail
    assert "\nframe 2 of 2\n" in tail
    assert "frame 1 of 2" not in tail
    assert not sys.stdout.closed


def test_log_tail_starts_with_a_whole_line(queue: ListQueue) -> None:
    job = new_job()
    perform(job, lambda running: sys.stdout.write("first line\nsecond line\nthird line\n"))
    middle_of_the_first = len("ne\nsecond line\nthird line\n")
    assert log_tail(row(job), max_bytes=middle_of_the_first) == "second line\nthird line\n"


def test_cancel_of_a_queued_job_ends_it_and_takes_it_from_the_queue(queue: ListQueue) -> None:
    job = new_job()
    cancel(job)
    assert row(job).state is JobState.CANCELLED
    assert queue.deliveries == []
    assert [(job.id, JobState.CANCELLED, "Cancelled.")] == FINISHED


def test_cancel_of_a_running_job_is_seen_by_its_next_check(
    queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tpod_core.jobs.running.CHECK_INTERVAL_S", 0.0)
    job = new_job()

    def run(running: RunningJob) -> None:
        running.check()
        cancel(job)
        assert row(job).state is JobState.RUNNING
        with pytest.raises(JobCancelled):
            running.check()
        running.check()

    perform(job, run)
    assert row(job).state is JobState.CANCELLED


def test_cancel_of_an_ended_job_is_a_conflict(queue: ListQueue) -> None:
    job = new_job()
    perform(job, lambda running: None)
    with pytest.raises(Conflict, match="already ended"):
        cancel(job)
    assert row(job).state is JobState.SUCCEEDED


def test_expired_lease_is_returned_to_the_queue_as_a_new_attempt(queue: ListQueue) -> None:
    job = new_job()
    start(job)
    let_lease_expire(job)
    two_passes(Reconciler())
    assert (row(job).state, row(job).attempt, row(job).failed_attempts) == (JobState.QUEUED, 2, 1)
    assert queue.deliveries[-1].id == f"load-demo-{job.id}-a2"


def test_running_job_without_a_lease_is_returned_to_the_queue(queue: ListQueue) -> None:
    job = new_job()
    change(job, state=JobState.RUNNING, lease_token=None, lease_expires=None)
    reconciler = Reconciler()
    reconciler.run_once()
    assert row(job).state is JobState.RUNNING, "it looked so once"
    reconciler.run_once()
    assert (row(job).state, row(job).attempt) == (JobState.QUEUED, 2)


def test_lease_that_looks_expired_once_is_left_alone(queue: ListQueue) -> None:
    job = new_job()
    start(job)
    change(job, lease_expires=1.0)
    reconciler = Reconciler()
    reconciler.run_once()
    change(job, lease_expires=2.0)  # it has beaten since, late again
    reconciler.run_once()
    assert row(job).state is JobState.RUNNING


def test_third_expired_lease_fails_the_job_with_a_plain_cause(queue: ListQueue) -> None:
    job = new_job()
    reconciler = Reconciler()
    for _ in range(MAX_FAILED_ATTEMPTS):
        start(job)
        let_lease_expire(job)
        two_passes(reconciler)
    assert row(job).state is JobState.FAILED
    assert "ended unexpectedly" in row(job).message
    assert [(job.id, JobState.FAILED, row(job).message)] == FINISHED


def test_expired_lease_of_a_cancelled_job_ends_it(queue: ListQueue) -> None:
    job = new_job()
    start(job)
    cancel(job)
    let_lease_expire(job)
    two_passes(Reconciler())
    assert row(job).state is JobState.CANCELLED


def test_run_that_lost_its_lease_writes_nothing(queue: ListQueue) -> None:
    job = new_job()
    old = start(job)
    let_lease_expire(job)
    two_passes(Reconciler())
    new = start(job)
    for write in (old.beat, old.confirm):
        with pytest.raises(LeaseLost):
            write()
            old.check()
    with pytest.raises(LeaseLost), old.transaction() as session:
        session.add(Job(kind=JobKind.LOAD_DEMO, queue=QueueName.LOW))
    assert row(job).lease_token == new.token
    new.confirm()


def test_run_that_lost_its_lease_and_returns_does_not_end_the_job(queue: ListQueue) -> None:
    job = new_job()

    def run(running: RunningJob) -> None:
        let_lease_expire(job)
        two_passes(Reconciler())

    perform(job, run)
    assert row(job).state is JobState.QUEUED
    assert FINISHED == []


def test_transaction_renews_a_lease_that_was_about_to_be_taken(queue: ListQueue) -> None:
    job = new_job()
    running = start(job)
    let_lease_expire(job)
    reconciler = Reconciler()
    reconciler.run_once()
    with running.transaction():
        pass
    reconciler.run_once()
    assert row(job).lease_token == running.token


def test_lease_is_fresh_after_a_transaction_however_long_it_took(queue: ListQueue) -> None:
    job = new_job()
    running = start(job)
    with running.transaction() as session:
        session.get_one(Job, job.id).lease_expires = 1.0  # as if it had run out meanwhile
        session.flush()
    assert (row(job).lease_expires or 0) > time.time()


def test_orderly_stop_is_no_fault(queue: ListQueue) -> None:
    job = new_job()
    for _ in range(MAX_FAILED_ATTEMPTS + 1):
        start(job, worker="low 1")
        requeue("low 1")
    assert (row(job).state, row(job).attempt, row(job).failed_attempts) == (
        JobState.QUEUED,
        MAX_FAILED_ATTEMPTS + 2,
        0,
    )


def test_death_that_the_worker_saw_needs_no_expiry(queue: ListQueue) -> None:
    mine, other = new_job(), new_job()
    start(mine, worker="low 1")
    start(other, worker="low 2")
    report_death("low 1", "Its process was killed.")
    assert (row(mine).state, row(mine).failed_attempts) == (JobState.QUEUED, 1)
    assert row(mine).message == "Its process was killed. Trying again."
    assert row(other).state is JobState.RUNNING


def test_row_that_no_queue_knows_is_delivered(queue: ListQueue) -> None:
    job = new_job()
    queue.deliveries.clear()
    two_passes(Reconciler())
    assert [delivery.job_id for delivery in queue.deliveries] == [job.id]


def test_progress_reaches_the_row_with_the_next_beat(queue: ListQueue) -> None:
    job = new_job()
    running = start(job)
    running.progress(0.25, "Reading")
    running.progress(7.0, "Checking")
    running.beat()
    assert (row(job).progress, row(job).message) == (1.0, "Checking")


def test_stuck_run_that_lost_its_lease_is_abandoned(
    queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tpod_core.jobs.running.BEAT_S", 0.01)
    monkeypatch.setattr("tpod_core.jobs.running.ABANDON_LOST_AFTER_S", 0.0)
    job = new_job()
    running = start(job)
    change(job, lease_token="another run")
    abandoned = threading.Event()
    with Heartbeat(running, abandoned.set):
        assert abandoned.wait(10)


def test_process_lock_is_for_one_at_a_time(home: Path) -> None:
    with process_lock("reconciler", 30) as first, process_lock("reconciler", 30) as second:
        assert (first, second) == (True, False)
    with process_lock("reconciler", 30) as third:
        assert third


def test_process_lock_of_a_dead_process_expires(home: Path) -> None:
    with process_lock("reconciler", -1), process_lock("reconciler", 30) as second:
        assert second


def test_idle_pass_writes_nothing(queue: ListQueue) -> None:
    reconciler = Reconciler()
    new_job()
    with db.transaction():  # holds the only write lock: a pass that wrote would wait for it
        two_passes(reconciler)


def test_run_reads_what_was_asked_and_keeps_what_came_of_it(queue: ListQueue) -> None:
    with db.transaction() as session:
        job = submit(session, JobKind.LOAD_DEMO, (), None, {"stride": 5})

    def run(job: RunningJob) -> None:
        with job.transaction() as session:
            job.record_result(session, {"found": job.request["stride"] + 1})

    perform(job, run)
    assert row(job).result == {"found": 6}
