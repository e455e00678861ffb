"""Our queue on a real server: what comes twice, gets lost, or finds nobody at home."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import rq
from rq.executions import Execution
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from tests.redis_server import redis_server
from tpod_core.config import get_settings
from tpod_core.embedded.paths import publish_socket, server_dir, withdraw_socket
from tpod_core.embedded.server import answers, server_command
from tpod_core.errors import Unavailable
from tpod_core.models import JobKind, QueueName
from tpod_core.queue import ENTRY_POINT, Delivery, RedisQueue, connect, get_queue, redis_url

DELIVERY = Delivery(JobKind.TRAIN_DETECTOR, QueueName.LOW, 12, 3)


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    """A server for this module; the path of its socket."""
    with redis_server() as socket:
        yield socket


@pytest.fixture
def queue(server: Path) -> Iterator[RedisQueue]:
    connection = connect(f"unix://{server}", 0)
    connection.flushall()
    yield RedisQueue(connection)
    connection.close()


@pytest.fixture
def low(server: Path) -> Iterator[rq.Queue]:
    """The same queue as a worker sees it."""
    connection = connect(f"unix://{server}", 0)
    yield rq.Queue("low", connection=connection, serializer=JSONSerializer)
    connection.close()


def take(low: rq.Queue) -> str | None:
    """What a worker does first: move the id to the intermediate list."""
    moved = rq.Queue.lmove(low.connection, low.key, None)
    return None if moved is None else moved[1].decode()


def test_delivery_carries_the_row_and_the_attempt_and_never_times_out(
    queue: RedisQueue, low: rq.Queue
) -> None:
    queue.deliver(DELIVERY)
    [job] = low.get_jobs()
    assert job.id == "train-detector-12-a3"
    assert (job.func_name, list(job.args), job.timeout) == (ENTRY_POINT, [12, 3], -1)


def test_delivery_is_queued_once_however_often_it_is_made(queue: RedisQueue, low: rq.Queue) -> None:
    for _ in range(3):
        queue.deliver(DELIVERY)
    assert low.get_job_ids() == [DELIVERY.id]


def test_delivery_that_a_dead_worker_had_taken_is_queued_again(
    queue: RedisQueue, low: rq.Queue
) -> None:
    queue.deliver(DELIVERY)
    assert take(low) == DELIVERY.id
    assert queue.known() == set()
    queue.deliver(DELIVERY)
    assert low.get_job_ids() == [DELIVERY.id]
    assert low.intermediate_queue.get_job_ids() == []


@pytest.mark.parametrize(("ttl_s", "known"), [(60, {DELIVERY.id}), (-60, set())], ids=str)
def test_started_delivery_is_known_while_its_worker_renews_it(
    queue: RedisQueue, low: rq.Queue, ttl_s: int, known: set[str]
) -> None:
    queue.deliver(DELIVERY)
    take(low)
    job = RqJob.fetch(DELIVERY.id, connection=low.connection, serializer=JSONSerializer)
    execution = Execution("run", job.id, low.connection, "worker")
    with low.connection.pipeline() as pipeline:
        score = time.time() + ttl_s
        pipeline.zadd(low.started_job_registry.key, {execution.composite_key: score})
        pipeline.execute()
    assert queue.known() == known


def test_forgotten_delivery_leaves_no_trace(queue: RedisQueue, low: rq.Queue) -> None:
    queue.deliver(DELIVERY)
    queue.forget(DELIVERY)
    assert low.get_job_ids() == []
    assert not RqJob.exists(DELIVERY.id, connection=low.connection)


def test_queue_of_a_server_that_is_away_says_so(tmp_path: Path) -> None:
    away = RedisQueue(connect(f"unix://{tmp_path / 'nobody.sock'}", 0))
    for ask in (
        away.ping,
        away.known,
        lambda: away.deliver(DELIVERY),
        lambda: away.forget(DELIVERY),
    ):
        with pytest.raises(Unavailable, match="does not answer"):
            ask()


def test_redis_url_of_the_settings_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TPOD_REDIS_URL", "redis://elsewhere:6379/0")
    get_settings.cache_clear()
    assert redis_url() == "redis://elsewhere:6379/0"


def test_embedded_queue_is_unavailable_until_its_server_has_started(home: Path) -> None:
    with pytest.raises(Unavailable):
        get_queue()


def test_queue_finds_the_embedded_server_by_the_data_directory(home: Path) -> None:
    socket = publish_socket(home)
    process = subprocess.Popen(server_command(socket, server_dir(home)), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not answers(socket):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    get_queue().ping()
    process.terminate()
    process.wait()
    withdraw_socket(home)


def test_export_goes_before_what_nobody_waits_for(queue: RedisQueue, server: Path) -> None:
    kinds = (JobKind.REVIEW_VIDEO, JobKind.PROPAGATE_TRACKS, JobKind.EXPORT_MODEL)
    for number, kind in enumerate(kinds, 1):
        queue.deliver(Delivery(kind, kind.queue, number, 1))
    with closing(connect(f"unix://{server}", 0)) as connection:
        waiting = rq.Queue("background", connection=connection, serializer=JSONSerializer)
        order = waiting.get_job_ids()
    assert order == ["export-model-3-a1", "review-video-1-a1", "propagate-tracks-2-a1"]


def test_only_what_people_wait_for_is_in_the_default_queue() -> None:
    awaited = {kind for kind in JobKind if kind.queue is QueueName.DEFAULT}
    assert awaited == {JobKind.IMPORT_VIDEO, JobKind.BUILD_TRAINING_SET, JobKind.LOAD_DEMO}
