"""A thread that makes rows and queues agree again after a process has died."""

import math
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.db import database_now
from tpod_core.errors import Unavailable
from tpod_core.health import queue_watch
from tpod_core.jobs import housekeeping
from tpod_core.jobs.lifecycle import delivery_of, held_by, retry
from tpod_core.jobs.process_lock import process_lock
from tpod_core.jobs.subject_state import catch_up, list_stranded
from tpod_core.log import get_logger
from tpod_core.models import Job, JobState, saved_id
from tpod_core.queue import get_queue

INTERVAL_S = 2.0
REPAIR_EVERY_S = 10.0
CHECK_QUEUE_EVERY_S = 5.0
_LOCK_NAME = "reconciler"
_LOCK_S = 30.0
_CAUSE = "The job's process ended unexpectedly (it was killed, or the machine went down)."

_log = get_logger(__name__)


class Reconciler:
    """Requeues expired leases and delivers rows that no queue knows, every two seconds.

    It also repairs rows that wait for a job which has ended.

    It acts on a job only if two passes in a row find it lost. A laptop that has just woken up can
    so renew its leases first, and a submitter can deliver its job. Every app and worker process
    runs a reconciler; a ``ProcessLock`` lets only one of them act at a time.
    """

    def __init__(self, interval_s: float = INTERVAL_S) -> None:
        self._interval_s = interval_s
        self._stop = threading.Event()
        self._pass_lock = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name="reconciler", daemon=True)
        self._expired: set[tuple[int, float | None]] = set()
        self._unknown: set[str] = set()
        self._purged_at = self._repaired_at = self._checked_at = -math.inf

    def __enter__(self) -> "Reconciler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread; returns once the current pass has ended."""
        self._stop.set()
        self._thread.join()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No pass runs inside the block, so that a fork does not copy one half done."""
        with self._pass_lock:
            yield

    def run_once(self) -> None:
        """Run one pass; where nothing is to do, that is one indexed query and no write."""
        expired, queued = self._find_candidates()
        leases = {(saved_id(job), job.lease_expires): job for job in expired}
        lost = [job for lease, job in leases.items() if lease in self._expired]
        self._expired = set(leases)
        undelivered = self._find_undelivered(queued)
        if lost or undelivered:
            with process_lock(_LOCK_NAME, _LOCK_S) as acquired:
                if acquired:
                    self._retry(lost)
                    self._deliver(undelivered)

    def repair_if_due(self) -> None:
        """Call ``repair`` at the start and then every ``REPAIR_EVERY_S``."""
        if time.monotonic() - self._repaired_at >= REPAIR_EVERY_S:
            self._repaired_at = time.monotonic()
            self.repair()

    def repair(self) -> None:
        """Set the state of each row that waits for a job which has ended or was deleted."""
        with db.read_session() as session:
            stranded = list_stranded(session)
        if not stranded:
            return
        with process_lock(_LOCK_NAME, _LOCK_S) as acquired:
            for row in stranded if acquired else ():
                table: Any = type(row)
                with db.transaction() as session:
                    if found := session.get(table, row.id):
                        catch_up(session, found)

    def purge_if_due(self) -> None:
        """Delete old jobs and files at the start and then every hour."""
        if time.monotonic() - self._purged_at >= housekeeping.INTERVAL_S:
            self._purged_at = time.monotonic()
            housekeeping.purge(get_settings().keep_jobs_days)

    def check_queue_if_due(self) -> None:
        """Have this process know whether its queue works, at the start and then regularly."""
        if time.monotonic() - self._checked_at >= CHECK_QUEUE_EVERY_S:
            self._checked_at = time.monotonic()
            queue_watch.check()

    def _find_candidates(self) -> tuple[list[Job], list[Job]]:
        """Returns the running jobs whose lease has expired, and the queued jobs."""
        with db.read_session() as session:
            running = col(Job.state) == JobState.RUNNING
            late = running & _lease_expired()
            waiting = col(Job.state) == JobState.QUEUED
            rows = session.exec(select(Job).where(late | waiting)).all()
        expired = [job for job in rows if job.state is JobState.RUNNING]
        return expired, [job for job in rows if job.state is JobState.QUEUED]

    def _find_undelivered(self, queued: Iterable[Job]) -> list[Job]:
        """Returns the jobs that no queue knew in this pass and in the one before."""
        waiting = {delivery_of(job).id: job for job in queued}
        if not waiting:
            self._unknown = set()
            return []
        try:
            unknown = waiting.keys() - get_queue().known()
        except Unavailable:
            return []
        again, self._unknown = unknown & self._unknown, set(unknown)
        return [waiting[name] for name in sorted(again)]

    def _retry(self, lost: Iterable[Job]) -> None:
        for job in lost:
            _log.warning("job %s: lease of %s expired, attempt %s", job.id, job.worker, job.attempt)
            with db.transaction() as session:
                held = held_by(job.lease_token)
                retry(session, saved_id(job), _CAUSE, held, _lease_expired(), at_once=True)

    def _deliver(self, undelivered: Iterable[Job]) -> None:
        """Deliver what Redis takes; the rest has to wait for the next passes."""
        for job in undelivered:
            try:
                get_queue().deliver(delivery_of(job))
            except Unavailable as error:
                _log.debug("job %s remains undelivered: %s", job.id, error.message)
                return
            _log.info("job %s: attempt %s was in no queue; delivered", job.id, job.attempt)

    def _loop(self) -> None:
        """Catches every exception, because nothing else would restart the reconciler."""
        while not self._stop.wait(self._interval_s):
            try:
                with self._pass_lock:
                    self.run_once()
                    self.repair_if_due()
                    self.purge_if_due()
                self.check_queue_if_due()
            except Unavailable as error:
                _log.warning("reconciler: %s", error.message, exc_info=error)
            except Exception:
                _log.exception("reconciler: a pass failed")


def _lease_expired() -> ColumnElement[bool]:
    """A running job without a lease counts too: no process runs it."""
    return (col(Job.lease_expires) < database_now()) | col(Job.lease_expires).is_(None)
