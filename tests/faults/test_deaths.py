"""Anything may be killed at any time: every job still ends once, and rightly."""

import os
import signal
import time

import psutil
import pytest
import rq
from rq.serializers import JSONSerializer

from tests.fake_queue import ListQueue
from tests.faults.house import (
    House,
    kill,
    row,
    submit,
    wait_for,
    wait_for_mark,
    wait_until,
)
from tests.faults.jobs import let_go, marks
from tpod_core import db, jobs
from tpod_core.errors import Unavailable
from tpod_core.models import Job, JobState, QueueName
from tpod_core.queue import ENTRY_POINT, connect, get_queue, redis_url, replaced_by

SOON_S = 2.0
"""A second, and another for a busy machine."""


def test_killed_job_process_is_noticed_at_once_and_the_job_repeated(house: House) -> None:
    job = submit("wait-once")
    kill(wait_for_mark(job, 1, "began"))
    killed_at = time.monotonic()
    ended = wait_for(job, JobState.SUCCEEDED)
    assert time.monotonic() - killed_at < 3, "faster than a lease expires"
    assert (ended.attempt, ended.faults) == (2, 1)
    assert marks("wrote") == [f"{job.id}-a2.wrote"]


def test_killed_worker_takes_its_job_process_along_and_is_replaced(house: House) -> None:
    job = submit("wait-once")
    horse = psutil.Process(wait_for_mark(job, 1, "began"))
    [worker] = house.find("worker", "low")
    worker.kill()
    killed_at = time.time()
    horse.wait(5)
    assert house.successor_of(worker, "worker", "low").create_time() - killed_at < SOON_S
    assert wait_for(job, JobState.SUCCEEDED).attempt == 2
    assert marks("wrote") == [f"{job.id}-a2.wrote"]


def test_killed_server_comes_back_and_the_running_job_does_not_notice(house: House) -> None:
    running, waiting = submit("wait"), submit("quick")
    wait_for_mark(running, 1, "began")
    [server] = house.find("unixsocket")
    server.kill()
    killed_at = time.time()
    assert house.successor_of(server, "unixsocket").create_time() - killed_at < SOON_S
    later = submit("quick", QueueName.DEFAULT)
    let_go()
    for job in (running, waiting, later):
        assert wait_for(job, JobState.SUCCEEDED).attempt == 1
    assert len(marks("began")) == 3


def test_killed_supervisor_leaves_nothing_and_the_app_starts_another(house: House) -> None:
    job = submit("wait-once")
    wait_for_mark(job, 1, "began")
    [supervisor] = house.supervisors()
    orphans = supervisor.children(recursive=True)
    supervisor.kill()
    assert psutil.wait_procs(orphans, timeout=5)[1] == []
    wait_until(house.is_complete, "everything runs again")
    assert wait_for(job, JobState.SUCCEEDED).attempt == 2


def test_run_that_was_frozen_writes_nothing_after_another_took_over(house: House) -> None:
    job = submit("wait-once")
    frozen = psutil.Process(wait_for_mark(job, 1, "began"))
    frozen.suspend()
    with db.transaction() as session:  # its own worker waits for it: the other one may take it
        session.get_one(Job, job.id).queue = QueueName.DEFAULT
    assert wait_for(job, JobState.SUCCEEDED).attempt == 2
    let_go()  # the frozen run's wait is over: were it not fenced, it would write
    frozen.resume()
    frozen.wait(10)
    assert marks("wrote") == [f"{job.id}-a2.wrote"]
    assert row(job).attempt == 2


def test_duplicate_delivery_runs_once(house: House) -> None:
    busy = submit("wait")
    wait_for_mark(busy, 1, "began")
    job = submit("quick")
    queue = rq.Queue("low", connection=connect(redis_url(), 1), serializer=JSONSerializer)
    for copy in ("copy-1", "copy-2"):
        queue.enqueue(ENTRY_POINT, job.id, 1, job_id=copy, job_timeout=-1)
    let_go()
    wait_for(job, JobState.SUCCEEDED)
    wait_until(lambda: queue.finished_job_registry.count >= 4, "all deliveries were taken")
    assert marks("wrote") == [f"{busy.id}-a1.wrote", f"{job.id}-a1.wrote"]


def test_cancel_ends_a_running_job_within_a_batch_and_a_queued_one_at_once(house: House) -> None:
    running, queued = submit("wait"), submit("quick")
    wait_for_mark(running, 1, "began")
    for job in (queued, running):
        with db.transaction() as session:
            jobs.request_cancel(session, session.get_one(Job, job.id))
    assert row(queued).state is JobState.CANCELLED
    asked_at = time.monotonic()
    wait_for(running, JobState.CANCELLED)
    assert time.monotonic() - asked_at < 1.5
    after = submit("quick")
    wait_for(after, JobState.SUCCEEDED)
    assert marks("wrote") == [f"{after.id}-a1.wrote"]


def test_row_that_redis_never_heard_of_is_delivered(house: House) -> None:
    with replaced_by(ListQueue()):
        job = submit("quick")
    assert wait_for(job, JobState.SUCCEEDED).attempt == 1


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_end_of_the_app_lets_the_running_job_finish_and_then_all_leave(
    house: House, end: signal.Signals
) -> None:
    job = submit("wait")
    wait_for_mark(job, 1, "began")
    house.app.send_signal(end)
    house.app.wait(10)
    wait_until(lambda: not house.find("worker", "default"), "the idle worker has left")
    assert row(job).state is JobState.RUNNING
    let_go()
    wait_for(job, JobState.SUCCEEDED)
    wait_until(lambda: not house.everything(), "nothing runs any more")
    assert row(job).attempt == 1


def test_app_that_comes_back_finds_its_running_job_and_workers(house: House) -> None:
    job = submit("wait")
    process = wait_for_mark(job, 1, "began")
    house.app.send_signal(signal.SIGTERM)
    house.app.wait(10)
    wait_until(lambda: not house.find("worker", "default"), "the idle worker has left")
    house.open()
    assert psutil.pid_exists(process)
    wait_for(submit("quick", QueueName.DEFAULT), JobState.SUCCEEDED)
    let_go()
    assert wait_for(job, JobState.SUCCEEDED).attempt == 1
    after = submit("quick")
    wait_for(after, JobState.SUCCEEDED)


def test_interrupt_of_the_app_leaves_nothing_and_the_job_goes_on_at_the_next_start(
    house: House,
) -> None:
    job = submit("wait-once")
    wait_for_mark(job, 1, "began")
    before = house.everything()
    socket = redis_url().removeprefix("unix://")
    pressed_at = time.monotonic()
    house.app.send_signal(signal.SIGINT)
    house.app.wait(10)
    assert time.monotonic() - pressed_at < 5
    assert psutil.wait_procs(before, timeout=0)[1] == [], "all had ended before the app did"
    assert not os.path.lexists(socket)
    assert (row(job).state, row(job).faults) == (JobState.QUEUED, 0)
    with pytest.raises(Unavailable):
        get_queue().ping()
    house.open()
    assert wait_for(job, JobState.SUCCEEDED).attempt == 2
