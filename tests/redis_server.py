"""A real Redis-compatible server of a test's own, and the ways in which it may refuse."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis

from tpod_core.config import get_settings
from tpod_core.embedded.server import answers, server_command
from tpod_core.queue import connect

PASSWORD = "s3cret"
DEADLINE_S = 30


@contextmanager
def redis_server() -> Iterator[Path]:
    """Yields the path of the socket of a running server."""
    with tempfile.TemporaryDirectory(prefix="tpod-test-") as name:
        socket = Path(name) / "redis.sock"
        process = subprocess.Popen(server_command(socket, Path(name)), stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + DEADLINE_S
        while not answers(socket):
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.01)
        yield socket
        process.kill()
        process.wait()


class RefusingRedis:
    """Makes the server at ``socket`` refuse, each method in one way, until ``recover()``."""

    def __init__(self, socket: Path) -> None:
        self.url = f"unix://{socket}"
        self._snapshot = socket.parent / "dump.rdb"
        self._admin = connect(self.url, 0)
        # Signed in before a password is asked for, so that it can take the password back.
        self._admin.ping()

    def fill_up(self) -> None:
        self._admin.config_set("maxmemory-policy", "noeviction")
        self._admin.config_set("maxmemory", "1mb")
        with closing(connect(self.url, 0)) as client:
            for number in range(100):
                try:
                    client.set(f"filler:{number}", bytes(100_000))
                except redis.exceptions.OutOfMemoryError:
                    return
        raise AssertionError("100 times 100 kB fit into 1 MB")

    def become_replica(self) -> None:
        self._admin.replicaof("127.0.0.1", "1")

    def fail_to_save(self) -> None:
        self._snapshot.unlink(missing_ok=True)
        (self._snapshot / "in the way").mkdir(parents=True)
        self._admin.config_set("save", "3600 1")
        self._admin.bgsave()
        wait_until(lambda: self._admin.info("persistence")["rdb_last_bgsave_status"] == "err")

    def ask_for_a_password(self) -> None:
        self._admin.config_set("requirepass", PASSWORD)
        # Connections that are open already stay signed in.
        self._admin.client_kill_filter(_type="normal", skipme=True)

    def recover(self) -> None:
        self._admin.config_set("maxmemory", "0")
        self._admin.replicaof("NO", "ONE")
        self._admin.config_set("save", "")
        self._admin.config_set("requirepass", "")
        if self._snapshot.is_dir():
            shutil.rmtree(self._snapshot)
        self._admin.flushall()

    def close(self) -> None:
        self.recover()
        self._admin.close()


def wait_until(claim: Callable[[], bool]) -> None:
    """Poll until ``claim`` holds."""
    deadline = time.monotonic() + DEADLINE_S
    while not claim():
        assert time.monotonic() < deadline, f"not within {DEADLINE_S} s"
        time.sleep(0.02)


@contextmanager
def installed_redis(socket: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RefusingRedis]:
    """The server at ``socket`` as the queue of the test's installation."""
    server = RefusingRedis(socket)
    monkeypatch.setenv("TPOD_REDIS_URL", server.url)
    get_settings.cache_clear()
    yield server
    server.close()
