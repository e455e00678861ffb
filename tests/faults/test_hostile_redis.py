"""Whoever can write to Redis cannot have a worker run code of theirs."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rq
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer, PickleSerializer

from tests.faults.house import submit, wait_for, wait_until
from tests.faults.running_worker import RunningWorker
from tests.redis_server import RefusingRedis
from tpod_core.models import JobState, QueueName
from tpod_core.queue import ENTRY_POINT, connect

REFUSAL = "refused and deleted an entry of the queue that is not ours"


class Bomb:
    """Makes a directory when it is unpickled."""

    def __init__(self, crater: Path) -> None:
        self._crater = crater

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._crater),)


class Intruder:
    """Somebody else who may write to our Redis."""

    def __init__(self, url: str) -> None:
        self.redis = connect(url, 0)

    def enqueue(self, job_id: str, serializer: Any, function: str, *args: Any) -> str:
        """Put a job on the queue ``default``; returns its key."""
        queue = rq.Queue("default", connection=self.redis, serializer=serializer)
        queue.enqueue(function, *args, job_id=job_id)
        return RqJob.key_for(job_id)

    def enqueue_stale_delivery(self) -> str:
        return self.enqueue("stale", JSONSerializer, ENTRY_POINT, 4711, 1)


@pytest.fixture
def intruder(redis: RefusingRedis) -> Intruder:
    return Intruder(redis.url)


def other_function(intruder: Intruder, crater: Path) -> str:
    return intruder.enqueue("other", JSONSerializer, "os.mkdir", str(crater))


def pickled_arguments(intruder: Intruder, crater: Path) -> str:
    return intruder.enqueue("pickled", PickleSerializer, ENTRY_POINT, Bomb(crater), 1)


def other_arguments(intruder: Intruder, crater: Path) -> str:
    return intruder.enqueue("arguments", JSONSerializer, ENTRY_POINT, str(crater), 1)


def unreadable_fields(intruder: Intruder, crater: Path) -> str:
    key = intruder.enqueue_stale_delivery()
    intruder.redis.hset(key, "created_at", "yesterday")
    return key


@pytest.mark.parametrize(
    "plant", [other_function, pickled_arguments, other_arguments, unreadable_fields]
)
def test_entry_that_is_no_delivery_is_refused_and_the_next_job_runs(
    intruder: Intruder,
    start_worker: Callable[[], RunningWorker],
    home: Path,
    plant: Callable[[Intruder, Path], str],
) -> None:
    crater = home / "crater"
    key = plant(intruder, crater)
    worker = start_worker()
    wait_for(submit("go", QueueName.DEFAULT), JobState.SUCCEEDED)
    assert not crater.exists()
    assert not intruder.redis.exists(key)
    assert worker.log().count(REFUSAL) == 1
    assert worker.process.poll() is None


def wait_until_performed(intruder: Intruder, key: str) -> None:
    wait_until(lambda: intruder.redis.hget(key, "status") == b"finished", "it is performed")


def test_callback_of_a_delivery_is_not_called(
    intruder: Intruder, start_worker: Callable[[], RunningWorker]
) -> None:
    key = intruder.enqueue_stale_delivery()
    intruder.redis.hset(key, "success_callback_name", "os.abort")
    start_worker()
    wait_until_performed(intruder, key)


@pytest.mark.parametrize("field", ["result", "meta", "exc_info"])
def test_pickle_beside_a_delivery_is_not_read(
    intruder: Intruder, start_worker: Callable[[], RunningWorker], home: Path, field: str
) -> None:
    crater = home / "crater"
    key = intruder.enqueue_stale_delivery()
    intruder.redis.hset(key, field, pickle.dumps(Bomb(crater)))
    start_worker()
    wait_until_performed(intruder, key)
    assert not crater.exists()
