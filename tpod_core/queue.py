"""Transports jobs to workers with RQ over Redis, which no other module of ``tpod_core`` uses.

A delivery may be lost or arrive twice; the job's row and its lease make up for both
(``tpod_core.jobs``).
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

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
from tpod_core.errors import InvalidInput, Unavailable
from tpod_core.log_lines import expect_errors
from tpod_core.models import JobKind, QueueName

ENTRY_POINT = "workers.registry.perform"
"""The function that a worker calls with a delivery's job id and attempt."""

UNUSABLE = (
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    redis.exceptions.ResponseError,
    redis.exceptions.InvalidResponse,
)
"""The exceptions of redis-py while the server is down or restarting, or refuses what we ask: its
memory is full, it is read-only, it cannot save, or the password is wrong."""

expect_errors(*UNUSABLE)
_EMBEDDED = "The job queue (Redis)"
_KEPT = "Jobs are kept and start by themselves when it works again."
_PASSWORD = "refuses the user name or password. Correct it"  # noqa: S105 - a sentence
_REFUSALS = {
    "OOM": "is full: its memory limit is reached. Raise its maxmemory",
    "READONLY": "is read-only, as a replica is. Use its primary",
    "MISCONF": "cannot save to its disk and therefore refuses to write. Make room on that disk",
    "NOAUTH": _PASSWORD,
    "WRONGPASS": _PASSWORD,
    "NOPERM": "does not give this user the permissions that jobs need. Grant them",
}
"""What the server's refusals mean, by the first word of its answer.
Source: redis.io/docs/latest/develop/reference/protocol-spec, "simple errors"."""

_CHECK_KEY = "tpod:check"
_CHECK_TTL_S = 60
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
    """A queue of deliveries. Every method raises Unavailable while Redis cannot do its part."""

    def deliver(self, delivery: Delivery) -> None:
        """Queue ``delivery`` unless the queue has it."""

    def known(self) -> set[str]:
        """Returns the ids of deliveries that are queued or held by a living worker."""

    def forget(self, delivery: Delivery) -> None:
        """Remove a queued delivery; a worker that holds it already will find it stale."""

    def ping(self) -> None:
        """Check that Redis responds and accepts writes."""


class RedisQueue:
    """``JobQueue`` on RQ."""

    def __init__(self, connection: redis.Redis) -> None:
        self._connection = connection
        self._queues = {
            name: rq.Queue(name.value, connection=connection, serializer=JSONSerializer)
            for name in QueueName
        }

    def deliver(self, delivery: Delivery) -> None:
        with _unusable_as_unavailable():
            if self._enqueue(delivery) or delivery.id in self.known():
                return
            # A worker died between dequeuing and starting it; remove what it left in Redis.
            self.forget(delivery)
            self._enqueue(delivery)

    def known(self) -> set[str]:
        ids: set[str] = set()
        with _unusable_as_unavailable():
            for queue in self._queues.values():
                ids.update(queue.get_job_ids())
                ids.update(self._held_by_living_workers(queue))
        return ids

    def forget(self, delivery: Delivery) -> None:
        queue = self._queues[delivery.queue]
        with _unusable_as_unavailable(), self._connection.pipeline() as pipeline:
            pipeline.lrem(queue.key, 0, delivery.id)
            pipeline.lrem(queue.intermediate_queue_key, 0, delivery.id)
            pipeline.delete(RqJob.key_for(delivery.id))
            pipeline.execute()

    def ping(self) -> None:
        with _unusable_as_unavailable():
            _check_write(self._connection)

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
        raise Unavailable(f"{_EMBEDDED} does not answer right now. {_KEPT}")
    return f"unix://{socket}"


def connect(url: str, retries: int) -> redis.Redis:
    """Connects to Redis; each command is retried ``retries`` times while Redis restarts."""
    return redis.Redis.from_url(
        url,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.02), retries),
        socket_timeout=_TIMEOUT_S,
        socket_connect_timeout=_TIMEOUT_S,
    )


def check_accepts_writes(url: str) -> None:
    """Try a small write. Raises: one of ``UNUSABLE``."""
    with closing(connect(url, _REQUEST_RETRIES)) as connection:
        _check_write(connection)


def _check_write(connection: redis.Redis) -> None:
    """PING succeeds on a server that is full or read-only."""
    connection.set(_CHECK_KEY, "", ex=_CHECK_TTL_S)


@lru_cache(maxsize=4)
def _redis_queue(url: str) -> RedisQueue:
    return RedisQueue(connect(url, _REQUEST_RETRIES))


@contextmanager
def _unusable_as_unavailable() -> Iterator[None]:
    try:
        yield
    except UNUSABLE as error:
        raise Unavailable(sentence_on(error)) from error


def sentence_on(error: Exception) -> str:
    """Returns what is wrong with the server and the way out, naming the setting if it is set."""
    url = get_settings().redis_url
    server = f"The job queue at TPOD_REDIS_URL ({redacted(url)})" if url else _EMBEDDED
    words = {getattr(error, "status_code", None), *str(error).split()}
    for code in _REFUSALS.keys() & words:
        return f"{server} {_REFUSALS[code]}. {_KEPT}"
    if isinstance(error, redis.exceptions.AuthenticationError):
        return f"{server} {_PASSWORD}. {_KEPT}"
    if isinstance(error, redis.exceptions.ResponseError):
        return f"{server} refuses our commands ({error}). {_KEPT}"
    return f"{server} does not answer right now. {_KEPT}"


def redacted(url: str) -> str:
    """Returns a parsable URL without its user, password and query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def require_valid_url(url: str) -> None:
    """Check the form of ``TPOD_REDIS_URL``, without connecting.

    Raises: InvalidInput. Its message leaves out the URL, which may contain a password.
    """
    try:
        redis.ConnectionPool.from_url(url)
        (urlsplit(url).hostname or "").encode("idna")
    except ValueError:
        raise InvalidInput(
            "TPOD_REDIS_URL is not the URL of a Redis server. Write it like "
            "redis://user:password@host:6379/0 (or rediss://, unix://), with special characters "
            "of the password percent-encoded; or leave it out to use the embedded server."
        ) from None


_replacements: list[JobQueue] = []
