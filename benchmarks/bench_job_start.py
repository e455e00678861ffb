"""From "submit" to the first line of a job on an idle worker, beside a bare RQ worker.

Both run at the same embedded server, in turns, on the same machine: the difference is our
row, its claim and its lease.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROUNDS = 15
DEADLINE_S = 30.0
OURS, BARE = "default", "bare"


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("nothing happened")
        time.sleep(0.0005)


@contextmanager
def server_and_workers(home: Path) -> Iterator[None]:
    """A server, one of our workers and one of RQ's, all idle."""
    from tpod_core.embedded.paths import publish_socket, server_dir, withdraw_socket
    from tpod_core.embedded.server import answers, server_command
    from tpod_core.queue import redis_url

    socket = publish_socket(home)
    processes = [
        subprocess.Popen(server_command(socket, server_dir(home)), stdout=subprocess.DEVNULL)
    ]
    wait_until(lambda: answers(socket))
    rq_command = [*("-m", "rq.cli", "worker", "--quiet", "--url", redis_url()), BARE]
    for arguments in (["-m", "tests.faults.worker", OURS], rq_command):
        processes.append(subprocess.Popen([sys.executable, *arguments]))
    try:
        yield
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(DEADLINE_S)
        withdraw_socket(home)


def time_ours() -> float:
    """Seconds until a submitted job of ours has said that it began."""
    from tests.faults.house import submit
    from tests.faults.jobs import attempts_that
    from tpod_core.models import QueueName

    asked_at = time.perf_counter()
    job = submit("quick", QueueName.DEFAULT)
    wait_until(lambda: bool(attempts_that("began", job)))
    return time.perf_counter() - asked_at


def time_bare(note: Path) -> float:
    """Seconds until a job given straight to RQ has touched ``note``."""
    import rq

    from tpod_core.queue import connect, redis_url

    note.unlink(missing_ok=True)
    queue = rq.Queue(BARE, connection=connect(redis_url(), 0))
    asked_at = time.perf_counter()
    queue.enqueue("pathlib.Path.touch", note)
    wait_until(note.exists)
    return time.perf_counter() - asked_at


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        os.environ["TPOD_DATA_DIR"] = name
        from tpod_core import db
        from tpod_core.migrations import upgrade

        upgrade(db.engine())
        with server_and_workers(home):
            time_ours(), time_bare(home / "note")  # both workers have started
            turns = [(time_ours(), time_bare(home / "note")) for _ in range(ROUNDS)]
    ours, bare = (statistics.median(times) for times in zip(*turns, strict=True))
    print(f"submit to first line: {ours * 1000:.0f} ms; bare RQ: {bare * 1000:.0f} ms")
    print(f"ours / bare = {ours / bare:.2f}; ours - bare = {(ours - bare) * 1000:.0f} ms")


if __name__ == "__main__":
    main()
