"""Transports jobs to workers with RQ over Redis, which no other module of ``tpod_core`` uses.

A delivery may be lost or arrive twice; the job's row and its lease make up for both
(``tpod_core.jobs``).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import redis
import rq
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from rq.exceptions import DuplicateJobError
from rq.job import Job as RqJob
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from tpod_core.config import get_settings
from tpod_core.embedded.paths import find_socket
from tpod_core.errors import Unavailable
from tpod_core.models import JobKind, QueueName

ENTRY_POINT = "workers.registry.perform"
"""The function that a worker calls with a delivery's job id and attempt."""

AWAY = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)
"""The exceptions of redis-py while the server is down or restarting."""

_AWAY_MESSAGE = (
    "The job queue (Redis) does not answer right now. "
    "Jobs are kept and start by themselves when it is back."
)
_FIRST_OF_THEIR_QUEUE = frozenset({JobKind.EXPORT_MODEL})
"""Kinds that people wait for among those that they do not."""

_RESULT_TTL_S = 60
_FAILURE_TTL_S = 600
_TIMEOUT_S = 2.0
_REQUEST_RETRIES = 1


@dataclass(frozen=True)
class Delivery:
    """One attempt of one job in the queue; ``id`` is its id in RQ, which refuses a colon."""

    kind: JobKind
    queue: QueueName
    job_id: int
    attempt: int

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.job_id}-a{self.attempt}"


class JobQueue(Protocol):
    """A queue of deliveries. Every method raises Unavailable while Redis does not respond."""

    def deliver(self, delivery: Delivery) -> None:
        """Queue ``delivery`` unless the queue has it."""

    def known(self) -> set[str]:
        """Returns the ids of deliveries that are queued or held by a living worker."""

    def forget(self, delivery: Delivery) -> None:
        """Remove a queued delivery; a worker that holds it already will find it stale."""

    def ping(self) -> None:
        """Check that Redis responds."""


class RedisQueue:
    """``JobQueue`` on RQ."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection
        self._queues = {
            name: rq.Queue(name.value, connection=connection, serializer=JSONSerializer)
            for name in QueueName
        }

    def deliver(self, delivery: Delivery) -> None:
        with _away_as_unavailable():
            if self._enqueue(delivery) or delivery.id in self.known():
                return
            # A worker died between dequeuing and starting it; remove what it left in Redis.
            self.forget(delivery)
            self._enqueue(delivery)

    def known(self) -> set[str]:
        ids: set[str] = set()
        with _away_as_unavailable():
            for queue in self._queues.values():
                ids.update(queue.get_job_ids())
                ids.update(self._held_by_living_workers(queue))
        return ids

    def forget(self, delivery: Delivery) -> None:
        queue = self._queues[delivery.queue]
        with _away_as_unavailable(), self._connection.pipeline() as pipeline:
            pipeline.lrem(queue.key, 0, delivery.id)
            pipeline.lrem(queue.intermediate_queue_key, 0, delivery.id)
            pipeline.delete(RqJob.key_for(delivery.id))
            pipeline.execute()

    def ping(self) -> None:
        with _away_as_unavailable():
            self._connection.ping()

    def _enqueue(self, delivery: Delivery) -> bool:
        """Returns whether it was queued; false if Redis has a job with this id."""
        try:
            self._queues[delivery.queue].enqueue(
                ENTRY_POINT,
                delivery.job_id,
                delivery.attempt,
                job_id=delivery.id,
                unique=True,
                at_front=delivery.kind in _FIRST_OF_THEIR_QUEUE,
                job_timeout=-1,
                result_ttl=_RESULT_TTL_S,
                failure_ttl=_FAILURE_TTL_S,
                description=delivery.id,
            )
        except DuplicateJobError:
            return False
        return True

    def _held_by_living_workers(self, queue: rq.Queue) -> list[str]:
        """Returns the started jobs that have not expired; living workers renew their own."""
        registry = StartedJobRegistry(queue=queue)
        entries = self._connection.zrangebyscore(registry.key, time.time(), "+inf")
        return [registry.parse_job_id(entry) for entry in entries]


def get_queue() -> JobQueue:
    """Returns the process's queue. Raises: Unavailable if the embedded server never started."""
    return _replacements[-1] if _replacements else _redis_queue(redis_url())


@contextmanager
def replaced_by(queue: JobQueue) -> Iterator[None]:
    """Make ``get_queue`` return ``queue`` inside the block, for tests."""
    _replacements.append(queue)
    try:
        yield
    finally:
        _replacements.remove(queue)


def redis_url() -> str:
    """Returns the URL of Redis. Raises: Unavailable if the embedded server never started."""
    settings = get_settings()
    if settings.redis_url:
        return settings.redis_url
    socket = find_socket(settings.data_dir)
    if socket is None:
        raise Unavailable(_AWAY_MESSAGE)
    return f"unix://{socket}"


def connect(url: str, retries: int) -> redis.Redis:
    """Connects to Redis; each command is retried ``retries`` times while Redis restarts."""
    return redis.Redis.from_url(
        url,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.02), retries),
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
    )


@lru_cache(maxsize=4)
def _redis_queue(url: str) -> RedisQueue:
    return RedisQueue(connect(url, _REQUEST_RETRIES))


@contextmanager
def _away_as_unavailable() -> Iterator[None]:
    try:
        yield
    except AWAY as error:
        raise Unavailable(_AWAY_MESSAGE) from error


_replacements: list[JobQueue] = []
