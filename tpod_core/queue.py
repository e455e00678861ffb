"""The way a job travels to a worker: RQ over Redis. No other module of ``tpod_core`` knows them.

RQ is transport only. A delivery may be lost or come twice; the job's row and its lease make
up for both (``tpod_core.jobs``).
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
"""What a worker calls with a delivery's job id and attempt."""

AWAY = (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError)
"""What redis-py raises while the server is down or restarting."""

_AWAY_SENTENCE = (
    "The job queue (Redis) does not answer right now. "
    "Jobs are kept and start by themselves when it is back."
)
_RESULT_TTL_S = 60
_FAILURE_TTL_S = 600
_TIMEOUT_S = 2.0
_RETRIES_OF_A_REQUEST = 1


@dataclass(frozen=True)
class Delivery:
    """One attempt of one job on its way; ``id`` is its name in Redis (RQ refuses a colon)."""

    kind: JobKind
    queue: QueueName
    job_id: int
    attempt: int

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.job_id}-a{self.attempt}"


class JobQueue(Protocol):
    """The door to Redis. Every method raises Unavailable while it is away."""

    def deliver(self, delivery: Delivery) -> None:
        """Queue ``delivery`` unless it is known already."""

    def known(self) -> set[str]:
        """Ids of the deliveries that wait in a queue or are with a living worker."""

    def forget(self, delivery: Delivery) -> None:
        """Take a waiting delivery out; a worker that has it already will find it stale."""

    def ping(self) -> None:
        """Do nothing, if Redis answers."""


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
            # A worker died between taking it and starting it; what it left is in the way.
            self.forget(delivery)
            self._enqueue(delivery)

    def known(self) -> set[str]:
        ids: set[str] = set()
        with _away_as_unavailable():
            for queue in self._queues.values():
                ids.update(queue.get_job_ids())
                ids.update(self._with_a_living_worker(queue))
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
        """Whether it is queued now; false if Redis holds a job of this id already."""
        try:
            self._queues[delivery.queue].enqueue(
                ENTRY_POINT,
                delivery.job_id,
                delivery.attempt,
                job_id=delivery.id,
                unique=True,
                job_timeout=-1,
                result_ttl=_RESULT_TTL_S,
                failure_ttl=_FAILURE_TTL_S,
                description=delivery.id,
            )
        except DuplicateJobError:
            return False
        return True

    def _with_a_living_worker(self, queue: rq.Queue) -> list[str]:
        """The started registry's entries that have not expired; a worker renews its own."""
        registry = StartedJobRegistry(queue=queue)
        entries = self._connection.zrangebyscore(registry.key, time.time(), "+inf")
        return [registry.parse_job_id(entry) for entry in entries]


def get_queue() -> JobQueue:
    """The process's queue. Raises: Unavailable if the embedded server never started."""
    return _replacements[-1] if _replacements else _redis_queue(redis_url())


@contextmanager
def replaced_by(queue: JobQueue) -> Iterator[None]:
    """Let ``get_queue`` answer ``queue`` inside the block: the door at which tests stand."""
    _replacements.append(queue)
    try:
        yield
    finally:
        _replacements.remove(queue)


def redis_url() -> str:
    """Where Redis is. Raises: Unavailable if the embedded server never started."""
    settings = get_settings()
    if settings.redis_url:
        return settings.redis_url
    socket = find_socket(settings.data_dir)
    if socket is None:
        raise Unavailable(_AWAY_SENTENCE)
    return f"unix://{socket}"


def connect(url: str, retries: int) -> redis.Redis:
    """A connection that tries each command ``retries`` times more while Redis restarts."""
    return redis.Redis.from_url(
        url,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.02), retries),
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
    )


@lru_cache(maxsize=4)
def _redis_queue(url: str) -> RedisQueue:
    return RedisQueue(connect(url, _RETRIES_OF_A_REQUEST))


@contextmanager
def _away_as_unavailable() -> Iterator[None]:
    try:
        yield
    except AWAY as error:
        raise Unavailable(_AWAY_SENTENCE) from error


_replacements: list[JobQueue] = []
