"""Any process may be killed at any time: every job still ends exactly once, as it should."""

import time

import psutil
import rq
from rq.serializers import JSONSerializer

from tests.fake_queue import ListQueue
from tests.faults.house import (
    DEADLINE_S,
    House,
    add_video_waiting_for,
    kill,
    row,
    submit,
    video_row,
    wait_for,
    wait_until,
    wait_until_it_began,
)
from tests.faults.jobs import attempts_that, let_go
from tpod_core import db, jobs
from tpod_core.jobs.lifecycle import MAX_FAILED_ATTEMPTS
from tpod_core.models import Job, JobState, QueueName, VideoState
from tpod_core.queue import ENTRY_POINT, connect, redis_url, replaced_by

SOON_S = 5.0
"""One second, and a margin for a busy machine: less than a lease or RQ's own timeouts."""


def test_killed_job_process_is_noticed_at_once_and_the_job_repeated(house: House) -> None:
    job = submit("wait-once")
    kill(wait_until_it_began(job))
    killed_at = time.monotonic()
    ended = wait_for(job, JobState.SUCCEEDED)
    assert time.monotonic() - killed_at < SOON_S, "without waiting for its lease"
    assert (ended.attempt, ended.failed_attempts) == (2, 1)
    for attempt in (1, 2):
        assert f"attempt {attempt}, " in jobs.log_tail(ended)
    assert attempts_that("wrote", job) == [2]


def test_killed_worker_takes_its_job_process_along_and_is_replaced(house: House) -> None:
    job = submit("wait-once")
    horse = psutil.Process(wait_until_it_began(job))
    [worker] = house.find("worker", "low")
    worker.kill()
    killed_at = time.time()
    horse.wait(SOON_S)
    assert house.successor_of(worker, "worker", "low").create_time() - killed_at < SOON_S
    assert wait_for(job, JobState.SUCCEEDED).attempt == 2
    assert attempts_that("wrote", job) == [2]


def test_killed_server_comes_back_and_the_running_job_does_not_notice(house: House) -> None:
    running, waiting = submit("wait"), submit("quick")
    wait_until_it_began(running)
    [server] = house.find("unixsocket")
    server.kill()
    killed_at = time.time()
    assert house.successor_of(server, "unixsocket").create_time() - killed_at < SOON_S
    later = submit("quick", QueueName.DEFAULT)
    let_go(running)
    for job in (running, waiting, later):
        assert wait_for(job, JobState.SUCCEEDED).attempt == 1
        assert attempts_that("began", job) == [1]


def test_killed_supervisor_leaves_nothing_and_the_app_starts_another(house: House) -> None:
    job = submit("wait-once")
    wait_until_it_began(job)
    [supervisor] = house.supervisors()
    orphans = supervisor.children(recursive=True)
    supervisor.kill()
    assert psutil.wait_procs(orphans, timeout=SOON_S)[1] == []
    wait_until(house.is_complete, "everything runs again")
    assert wait_for(job, JobState.SUCCEEDED).attempt == 2


def test_run_that_was_frozen_writes_nothing_after_another_took_over(house: House) -> None:
    job = submit("wait-once")
    frozen = psutil.Process(wait_until_it_began(job))
    frozen.suspend()
    with (
        db.transaction() as session
    ):  # its own worker is blocked by the frozen run, so the other worker takes it
        session.get_one(Job, job.id).queue = QueueName.DEFAULT
    assert wait_for(job, JobState.SUCCEEDED).attempt == 2
    let_go(job)  # ends the frozen run's wait: without fencing it would write
    frozen.resume()
    frozen.wait(DEADLINE_S)
    assert attempts_that("wrote", job) == [2]
    assert row(job).attempt == 2


def test_duplicate_delivery_runs_once(house: House) -> None:
    busy = submit("wait")
    wait_until_it_began(busy)
    job = submit("quick")
    queue = rq.Queue("low", connection=connect(redis_url(), 1), serializer=JSONSerializer)
    copies = ("copy-1", "copy-2")
    for copy in copies:
        queue.enqueue(ENTRY_POINT, job.id, 1, job_id=copy, job_timeout=-1)
    let_go(busy)
    wait_for(job, JobState.SUCCEEDED)
    wait_until(
        lambda: set(queue.finished_job_registry.get_job_ids()) >= set(copies), "all were taken"
    )
    assert attempts_that("wrote", job) == [1]


def test_cancel_ends_a_running_job_within_a_batch_and_a_queued_one_at_once(house: House) -> None:
    running, queued = submit("wait"), submit("quick")
    wait_until_it_began(running)
    for job in (queued, running):
        with db.transaction() as session:
            jobs.request_cancel(session, session.get_one(Job, job.id))
    assert row(queued).state is JobState.CANCELLED
    asked_at = time.monotonic()
    wait_for(running, JobState.CANCELLED)
    assert time.monotonic() - asked_at < SOON_S
    after = submit("quick")
    wait_for(after, JobState.SUCCEEDED)
    assert attempts_that("began", queued) == []
    assert attempts_that("wrote", running) == []


def test_video_whose_import_is_killed_every_time_has_failed_with_the_cause(house: House) -> None:
    job = submit("wait")
    video_id = add_video_waiting_for(job)
    for attempt in range(1, MAX_FAILED_ATTEMPTS + 1):
        assert video_row(video_id).state is VideoState.PROCESSING
        kill(wait_until_it_began(job, attempt))
    wait_for(job, JobState.FAILED)
    assert video_row(video_id).state is VideoState.FAILED
    assert "was killed" in video_row(video_id).message


def test_video_that_missed_the_end_of_its_import_is_told_by_whoever_is_alive(house: House) -> None:
    job = submit("quick")
    wait_for(job, JobState.SUCCEEDED)
    video_id = add_video_waiting_for(job)
    [worker] = house.find("worker", "low")
    worker.kill()
    wait_until(lambda: video_row(video_id).state is VideoState.FAILED, "the video has failed")


def test_row_that_redis_never_heard_of_is_delivered(house: House) -> None:
    with replaced_by(ListQueue()):
        job = submit("quick")
    assert wait_for(job, JobState.SUCCEEDED).attempt == 1
