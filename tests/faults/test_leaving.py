"""The way in which the app ends decides which processes go on without it."""

import os
import signal

import psutil
import pytest

from tests.faults.house import (
    DEADLINE_S,
    House,
    row,
    still_runs,
    submit,
    wait_for,
    wait_until,
    wait_until_it_began,
)
from tests.faults.jobs import let_go
from tpod_core.errors import Unavailable
from tpod_core.models import JobState, QueueName
from tpod_core.queue import get_queue, redis_url


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_end_of_the_app_lets_the_running_job_finish_and_then_all_leave(
    house: House, end: signal.Signals
) -> None:
    job = submit("wait")
    wait_until_it_began(job)
    house.app.send_signal(end)
    house.app.wait(DEADLINE_S)
    wait_until(lambda: not house.find("worker", "default"), "the idle worker has left")
    assert row(job).state is JobState.RUNNING
    let_go(job)
    wait_for(job, JobState.SUCCEEDED)
    wait_until(lambda: not house.everything(), "nothing runs any more")
    assert row(job).attempt == 1
    house.open()


def test_app_that_comes_back_finds_its_running_job_and_workers(house: House) -> None:
    job = submit("wait")
    process = wait_until_it_began(job)
    house.app.send_signal(signal.SIGTERM)
    house.app.wait(DEADLINE_S)
    wait_until(lambda: not house.find("worker", "default"), "the idle worker has left")
    house.open()
    assert psutil.pid_exists(process)
    wait_for(submit("quick", QueueName.DEFAULT), JobState.SUCCEEDED)
    let_go(job)
    assert wait_for(job, JobState.SUCCEEDED).attempt == 1
    after = submit("quick")
    wait_for(after, JobState.SUCCEEDED)


def test_termination_of_the_supervisor_gives_back_even_what_was_to_finish(house: House) -> None:
    job = submit("wait-once")
    wait_until_it_began(job)
    house.app.send_signal(signal.SIGTERM)
    house.app.wait(DEADLINE_S)
    wait_until(lambda: not house.find("worker", "default"), "the idle worker has left")
    [supervisor] = house.supervisors()
    supervisor.terminate()
    wait_until(lambda: not house.everything(), "nothing runs any more")
    assert (row(job).state, row(job).failed_attempts) == (JobState.QUEUED, 0)
    house.open()
    assert wait_for(job, JobState.SUCCEEDED).attempt == 2


def test_interrupt_of_the_app_leaves_nothing_and_the_job_goes_on_at_the_next_start(
    house: House,
) -> None:
    job = submit("wait-once")
    wait_until_it_began(job)
    before = house.everything()
    socket = redis_url().removeprefix("unix://")
    house.app.send_signal(signal.SIGINT)
    house.app.wait(DEADLINE_S)
    # The app waits for the supervisor's lock, which is released just before the process ends.
    wait_until(lambda: not any(map(still_runs, before)), "nothing runs any more")
    assert not os.path.lexists(socket)
    assert (row(job).state, row(job).failed_attempts) == (JobState.QUEUED, 0)
    with pytest.raises(Unavailable):
        get_queue().ping()
    house.open()
    assert wait_for(job, JobState.SUCCEEDED).attempt == 2
