"""A worker whose Redis refuses waits and goes on: the same process, and no traceback."""

from collections.abc import Callable

import pytest

from tests.faults.house import submit, wait_for, wait_until
from tests.faults.running_worker import RunningWorker
from tests.redis_server import RefusingRedis
from tpod_core.models import JobState, QueueName


def test_worker_that_starts_on_a_full_redis_waits_for_room(
    redis: RefusingRedis, start_worker: Callable[[], RunningWorker]
) -> None:
    redis.fill_up()
    worker = start_worker()
    wait_until(lambda: "is full" in worker.log(), "the worker says why it waits")
    job = submit("go", QueueName.DEFAULT)
    redis.recover()
    assert wait_for(job, JobState.SUCCEEDED).attempt == 1
    assert worker.stop() == 0
    assert "Traceback" not in worker.log()


def test_waiting_worker_ends_when_it_is_told_to(
    redis: RefusingRedis, start_worker: Callable[[], RunningWorker]
) -> None:
    redis.ask_for_a_password()
    worker = start_worker()
    wait_until(lambda: "TPOD_REDIS_URL" in worker.log(), "the worker says why it waits")
    assert worker.stop() == 0
    assert worker.log().count("\n") == 1


@pytest.mark.parametrize(
    ("refuse", "word"),
    [
        pytest.param(RefusingRedis.fill_up, "is full", id="full"),
        pytest.param(RefusingRedis.become_replica, "read-only", id="read-only"),
        pytest.param(RefusingRedis.ask_for_a_password, "password", id="password"),
    ],
)
def test_worker_outlives_a_redis_that_refuses_for_a_while(
    redis: RefusingRedis,
    start_worker: Callable[[], RunningWorker],
    refuse: Callable[[RefusingRedis], None],
    word: str,
) -> None:
    worker = start_worker()
    wait_for(submit("go", QueueName.DEFAULT), JobState.SUCCEEDED)
    refuse(redis)
    wait_until(lambda: word in worker.log(), f"the worker says {word}")
    job = submit("go", QueueName.DEFAULT)
    redis.recover()
    assert wait_for(job, JobState.SUCCEEDED).attempt == 1
    assert worker.process.poll() is None
    assert "Traceback" not in worker.log()
