"""The worker: ``tpod-worker default``, ``background`` or ``low``, one queue per process; in a
clone also ``python -m workers.main``.

SIGTERM: finish the running job, then exit. SIGINT (Ctrl-C): exit now and return the running
job to the queue. When a worker is killed, its job's process dies with it; the job's lease
expires and another worker continues the job.
"""

import argparse
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any, TypeVar
from uuid import uuid4

import rq
from rq.executions import Execution
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from tpod_core import db, training_packages
from tpod_core.embedded.processes import die_with_parent
from tpod_core.errors import Unavailable
from tpod_core.jobs import Reconciler, report_death, requeue
from tpod_core.log import LOGGER_NAME, get_logger
from tpod_core.models import QueueName
from tpod_core.queue import UNUSABLE, check_accepts_writes, connect, redis_url, sentence_on
from tpod_core.startup import start_or_exit
from workers.delivered_job import DeliveredJob

MONITORING_S = 5
MAINTENANCE_S = 15
WORKER_TTL_S = 30
EXECUTION_TTL_S = 3 * MONITORING_S
WAIT_S = 1.0
MAX_WAIT_S = 5.0
"""The longest pause between tries of a Redis that does not answer (RQ: 60 seconds)."""

_RETRIES = 20
"""Tries of one Redis command, at most a second apart: longer than a restart takes."""

NICENESS = 10
"""Of the processes of jobs that nobody waits for, so that those of the others come first."""

Result = TypeVar("Result")
_log = get_logger("workers.main")


class StopNow(SystemExit):
    """Raised in the main thread on Ctrl-C; a SystemExit, because RQ does not catch that."""


class Worker(rq.Worker):  # type: ignore[misc]
    """RQ's forking worker, for jobs whose state is in the database.

    Redis may become unreachable while a job runs: the job's lease is in the database and its
    process needs no Redis, so the worker keeps running it.
    """

    def __init__(self, queue: QueueName, reconciler: Reconciler) -> None:
        super().__init__(
            [queue.value],
            name=f"{queue}-{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}",
            connection=connect(redis_url(), _RETRIES),
            serializer=JSONSerializer,
            job_class=DeliveredJob,
            job_monitoring_interval=MONITORING_S,
            maintenance_interval=MAINTENANCE_S,
            worker_ttl=WORKER_TTL_S,
            work_horse_killed_handler=self._report_killed,
        )
        self.max_connection_wait_time = MAX_WAIT_S
        self._reconciler = reconciler
        self._exiting_now = False

    def subscribe(self) -> None:
        """Take no commands from Redis: the cancel flag replaces them and survives Redis."""

    def register_birth(self) -> None:
        patiently(super().register_birth)

    def check_for_suspension(self, burst: bool) -> None:
        patiently(partial(super().check_for_suspension, burst))

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> Any:
        """Wait for a job, and also for a Redis that is full, read-only or refuses us.

        RQ waits itself for one that does not answer.
        """
        dequeue = super().dequeue_job_and_maintain_ttl
        return patiently(partial(dequeue, timeout, max_idle_time))

    def run_maintenance_tasks(self) -> None:
        with suppress(*UNUSABLE):
            super().run_maintenance_tasks()

    def set_state(self, state: Any, pipeline: Any = None) -> None:
        """Record the state in Redis if it can be; it is shown nowhere."""
        with suppress(*UNUSABLE):
            super().set_state(state, pipeline)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Extend the worker's registration; one that is missed does no harm."""
        with suppress(*UNUSABLE):
            super().heartbeat(timeout, pipeline)

    def get_heartbeat_ttl(self, job: RqJob, working_time: float = 0.0) -> int:
        """Use a short TTL, so that a dead worker's deliveries expire soon (RQ: 65 seconds)."""
        return EXECUTION_TTL_S

    def execute_job(self, job: RqJob, queue: rq.Queue) -> None:
        try:
            super().execute_job(job, queue)
        except UNUSABLE as error:
            _log.warning("lost Redis at the start or end of %s: %s", job.id, error)

    def maintain_heartbeats(self, job: RqJob, execution: Execution) -> None:
        try:
            super().maintain_heartbeats(job, execution)
        except UNUSABLE as error:
            _log.warning("Redis is unreachable while %s runs: %s", job.id, error)

    def fork_work_horse(self, job: RqJob, queue: rq.Queue) -> None:
        """Fork while no transaction is open and no database connection can be inherited."""
        self._die_with_parent = die_with_parent()
        with self._reconciler.paused():
            db.engine().dispose()
            super().fork_work_horse(job, queue)

    def main_work_horse(self, job: RqJob, queue: rq.Queue) -> None:
        self._die_with_parent()
        make_way_for_app(QueueName(queue.name))
        super().main_work_horse(job, queue)

    @property
    def was_asked_to_stop(self) -> bool:
        return self._shutdown_requested_date is not None

    def set_shutdown_requested_date(self) -> None:
        """Do nothing: nothing reads it, and writing it in a signal handler could fail."""

    def teardown(self) -> None:
        if self._exiting_now:
            self._stop_running_job()
        with suppress(*UNUSABLE):
            super().teardown()

    def _install_signal_handlers(self) -> None:
        signal.signal(signal.SIGTERM, self.request_stop)
        signal.signal(signal.SIGINT, self._exit_now)

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """Handle a signal after the first SIGTERM: do not wait for the running job any longer."""
        self._exit_now(signum, frame)

    def _exit_now(self, signum: int, frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        self._exiting_now = True
        raise StopNow(0)

    def _stop_running_job(self) -> None:
        """Kill the job's process, if there is one, and return its job to the queue."""
        if self.horse_pid:
            self.kill_horse()
            self.wait_for_horse()
        with suppress(Unavailable):
            requeue(self.name)

    def _report_killed(self, job: RqJob, pid: int, status: int, usage: Any) -> None:
        cause = _cause_of_death(status)
        _log.error("%s: %s", job.id, cause)
        try:
            report_death(self.name, cause)
        except Unavailable as error:
            _log.warning("%s: its lease will expire instead: %s", job.id, error.message)


def patiently(call: Callable[[], Result]) -> Result:
    """Repeat ``call`` until Redis can do it; each new reason is logged once.

    A signal to stop raises out of the wait.
    """
    said = ""
    while True:
        try:
            result = call()
        except UNUSABLE as error:
            message = sentence_on(error)
        else:
            if said:
                _log.info("The job queue accepts jobs again.")
            return result
        if message != said:
            _log.warning("%s", message)
            said = message
        time.sleep(WAIT_S)


def wait_for_queue() -> None:
    """Return once the configured Redis accepts jobs; SIGTERM and SIGINT end the process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    patiently(lambda: check_accepts_writes(redis_url()))


def _leave(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


def make_way_for_app(queue: QueueName) -> None:
    """Lower the priority of this process, and leave a processor free if it trains.

    Where processes cannot be bound to processors (not Linux), the priority has to do.
    """
    if queue is QueueName.DEFAULT:
        return
    os.nice(NICENESS)
    if queue is QueueName.LOW and hasattr(os, "sched_setaffinity"):
        _, *others = sorted(os.sched_getaffinity(0))
        if others:
            os.sched_setaffinity(0, others)


def _cause_of_death(status: int) -> str:
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return "Its process was killed, most likely because the machine ran out of memory."
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return f"Its process crashed ({name}); see its log."
    return "Its process ended in the middle of the work; see its log."


def work(queue: QueueName) -> int:
    """Serve ``queue`` until told to stop; returns the exit status."""
    if queue is QueueName.LOW and not training_packages.are_installed():
        _log.error("no worker on the queue low: %s", training_packages.MISSING)
        return 1
    reconciler = Reconciler()
    try:
        wait_for_queue()
        worker = Worker(queue, reconciler)
    except (*UNUSABLE, Unavailable) as error:
        _log.error("no worker without Redis: %s", error)
        return 1
    try:
        with reconciler:
            worker.work(logging_level="WARNING")
    except UNUSABLE as error:
        _log.error("Redis remained unreachable: %s", error)
        return 1
    # RQ also returns from its loop when it gives up: report that to the parent process.
    return 0 if worker.was_asked_to_stop else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="tpod-worker", description=__doc__)
    parser.add_argument("queue", type=QueueName, choices=list(QueueName))
    queue: QueueName = parser.parse_args().queue
    start_or_exit()
    logging.getLogger("rq").handlers = logging.getLogger(LOGGER_NAME).handlers
    return work(queue)


if __name__ == "__main__":
    sys.exit(main())
