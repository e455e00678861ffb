"""The thread that brings rows and queues together again after anything has died."""

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
from tpod_core.jobs import housekeeping
from tpod_core.jobs.lifecycle import delivery_of, held_by, retry
from tpod_core.jobs.process_lock import process_lock
from tpod_core.jobs.subject_state import catch_up, list_stranded
from tpod_core.log import get_logger
from tpod_core.models import Job, JobState, saved_id
from tpod_core.queue import get_queue

INTERVAL_S = 2.0
REPAIR_EVERY_S = 10.0
_LOCK_NAME = "reconciler"
_LOCK_S = 30.0
_CAUSE = "The job's process stopped without a word (killed, or the machine went down)."

_log = get_logger(__name__)


class Reconciler:
    """Requeues expired leases and delivers rows that no queue knows, every two seconds.

    It also repairs rows that wait for a job which is over, whatever kept its end from them.

    What looks lost must look so in two passes running: a laptop that wakes up, or a row whose
    submitter is just about to tell Redis, gets the time to put itself right. Runs in every
    app and worker process; the ``ProcessLock`` lets one of them act at a time.
    """

    def __init__(self, interval_s: float = INTERVAL_S) -> None:
        self._interval_s = interval_s
        self._stop = threading.Event()
        self._working = threading.Lock()
        self._thread = threading.Thread(target=self._loop, name="reconciler", daemon=True)
        self._expired: set[tuple[int, float | None]] = set()
        self._unknown: set[str] = set()
        self._purged_at = self._repaired_at = -math.inf

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; returns when a pass that was under way has ended."""
        self._stop.set()
        self._thread.join()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """No pass is under way inside the block: a fork must not copy one half done."""
        with self._working:
            yield

    def run_once(self) -> None:
        """One pass. Idle, it is one indexed query and no write."""
        expired, queued = self._look()
        seen = {(saved_id(job), job.lease_expires): job for job in expired}
        lost = [job for lease, job in seen.items() if lease in self._expired]
        self._expired = set(seen)
        undelivered = self._second_time_unknown(queued)
        if lost or undelivered:
            with process_lock(_LOCK_NAME, _LOCK_S) as mine:
                if mine:
                    self._retry(lost)
                    self._deliver(undelivered)

    def repair_if_due(self) -> None:
        """At the start and then every few seconds, repair what waits for a job that is over."""
        if time.monotonic() - self._repaired_at >= REPAIR_EVERY_S:
            self._repaired_at = time.monotonic()
            self.repair()

    def repair(self) -> None:
        """Give each row that waits for a job which has ended, or is gone, the state it missed."""
        with db.read_session() as session:
            stranded = list_stranded(session)
        if not stranded:
            return
        with process_lock(_LOCK_NAME, _LOCK_S) as mine:
            for row in stranded if mine else ():
                table: Any = type(row)
                with db.transaction() as session:
                    if found := session.get(table, row.id):
                        catch_up(session, found)

    def purge_if_due(self) -> None:
        """At the start and then every hour, forget what was kept long enough."""
        if time.monotonic() - self._purged_at >= housekeeping.EVERY_S:
            self._purged_at = time.monotonic()
            housekeeping.purge(get_settings().keep_jobs_days)

    def _look(self) -> tuple[list[Job], list[Job]]:
        with db.read_session() as session:
            running = col(Job.state) == JobState.RUNNING
            late = running & _lease_is_over()
            waiting = col(Job.state) == JobState.QUEUED
            rows = session.exec(select(Job).where(late | waiting)).all()
        expired = [job for job in rows if job.state is JobState.RUNNING]
        return expired, [job for job in rows if job.state is JobState.QUEUED]

    def _second_time_unknown(self, queued: Iterable[Job]) -> list[Job]:
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
                retry(session, saved_id(job), _CAUSE, held, _lease_is_over(), at_once=True)

    def _deliver(self, undelivered: Iterable[Job]) -> None:
        for job in undelivered:
            _log.info("job %s: attempt %s was in no queue; delivered", job.id, job.attempt)
            get_queue().deliver(delivery_of(job))

    def _loop(self) -> None:
        """The thread's door: broad by intent, for nothing but this thread repairs the rest."""
        while not self._stop.wait(self._interval_s):
            try:
                with self._working:
                    self.run_once()
                    self.repair_if_due()
                    self.purge_if_due()
            except Unavailable as error:
                _log.warning("reconciler: %s", error.message)
            except Exception:
                _log.exception("reconciler: a pass failed")


def _lease_is_over() -> ColumnElement[bool]:
    """A running job without a lease has nobody behind it either."""
    return (col(Job.lease_expires) < database_now()) | col(Job.lease_expires).is_(None)
