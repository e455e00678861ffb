"""The run of a job as the job's own code uses it, and the thread that keeps its lease."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from tpod_core import db
from tpod_core.errors import JobCancelled, JobStopped, LeaseLost, TpodError, Unavailable
from tpod_core.jobs.lifecycle import held_by, renew
from tpod_core.log import get_logger
from tpod_core.models import Job, JobKind, saved_id
from tpod_core.storage import get_storage

BEAT_S = 2.0
CHECK_INTERVAL_S = 0.5
"""``check()`` reads at most this often whether the job was cancelled."""

ABANDON_LOST_AFTER_S = 5.0
ABANDON_CANCELLED_AFTER_S = 30.0

_log = get_logger(__name__)


class RunningJob:
    """One run of a job: its parameters, its progress, and its writes under the lease.

    Everything that a run writes outside its own directory goes through ``transaction()``. Output
    files are written beside their target and renamed after ``confirm()``.
    """

    def __init__(self, row: Job) -> None:
        assert row.lease_token is not None, "a run begins with a claim"
        self.id: int = saved_id(row)
        self.attempt: int = row.attempt
        self.kind: JobKind = row.kind
        self.video_id: int | None = row.video_id
        self.detector_id: int | None = row.detector_id
        self.owner_id: int | None = row.owner_id
        self.request: dict[str, Any] = row.request
        self.token: str = row.lease_token
        self.log_path: Path = get_storage().path(row.log_key)
        self._subject_id = row.subject_id
        self._progress = (0.0, "")
        self._written_at = self._checked_at = time.monotonic()
        self._lost = threading.Event()
        self._cancelled = threading.Event()

    @property
    def subject_id(self) -> int:
        """The id of the job's subject. Raises: JobStopped if it was deleted before this run."""
        if self._subject_id is None:
            noun = self.kind.subject.replace("_", " ")
            raise JobStopped(f"The {noun} was deleted; there is nothing left to do.")
        return self._subject_id

    def check(self) -> None:
        """Call it for each batch or frame; it is cheap.

        Raises: LeaseLost if another run has taken over, JobCancelled if a user cancelled the job.
        """
        if time.monotonic() - self._checked_at >= CHECK_INTERVAL_S:
            with suppress(Unavailable):
                self._read_cancel_request()
        self._raise_if_stopped()

    def progress(self, fraction: float, message: str = "") -> None:
        """Report progress (0 to 1) and the current activity; saved twice a second at most."""
        self._progress = (min(max(fraction, 0.0), 1.0), message)
        if time.monotonic() - self._written_at >= CHECK_INTERVAL_S:
            # A missed report does not matter: the heartbeat writes it later.
            with suppress(Unavailable):
                self.beat()
            self._raise_if_stopped()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a write transaction that commits only while this run holds its lease.

        Raises: LeaseLost; then nothing is written.
        """
        with db.transaction() as session:
            self._renew_or_stop(session)
            yield session
            # The block may have taken long: renew the lease before others can read the row again.
            self._renew_or_stop(session)

    def record_result(self, session: Session, result: Mapping[str, Any]) -> None:
        """Store the job's result as JSON; ``session`` is that of a ``transaction()``."""
        session.get_one(Job, self.id).result = dict(result)

    def confirm(self) -> None:
        """Check the lease right before output is renamed into place. Raises: LeaseLost."""
        with self.transaction():
            pass

    def beat(self) -> None:
        """Renew the lease, write the progress, and read whether the job was cancelled."""
        progress = self._progress
        with db.transaction() as session:
            row = renew(session, self.id, self.token, progress=progress[0], message=progress[1])
        self._set_flags(None if row is None else row.cancel_requested)
        self._written_at = time.monotonic()

    @property
    def stop_reason(self) -> type[TpodError] | None:
        """The error with which this run has to end; ``None`` while it may go on."""
        if self._lost.is_set():
            return LeaseLost
        return JobCancelled if self._cancelled.is_set() else None

    def _renew_or_stop(self, session: Session) -> None:
        if renew(session, self.id, self.token) is None:
            self._lost.set()
            self._raise_if_stopped()

    def _read_cancel_request(self) -> None:
        with db.read_session() as session:
            wanted = (col(Job.id) == self.id) & held_by(self.token)
            self._set_flags(session.exec(select(Job.cancel_requested).where(wanted)).first())

    def _set_flags(self, cancel_requested: bool | None) -> None:
        """``None`` means that another run holds the lease."""
        self._checked_at = time.monotonic()
        if cancel_requested is None:
            self._lost.set()
        elif cancel_requested:
            self._cancelled.set()

    def _raise_if_stopped(self) -> None:
        if self._lost.is_set():
            raise LeaseLost(f"Another run of job {self.id} has taken over; this one ends.")
        if self._cancelled.is_set():
            raise JobCancelled("Cancelled.")


class Heartbeat:
    """A thread that renews a run's lease while the job computes.

    If the run has to end but does not call ``check``, stuck in a long computation, ``abandon``
    ends its process.
    """

    def __init__(self, job: RunningJob, abandon: Callable[[], None]) -> None:
        self._job = job
        self._abandon = abandon
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        stopped_at: float | None = None
        while not self._ended.wait(BEAT_S):
            try:
                self._job.beat()
            except (TpodError, SQLAlchemyError) as error:
                said = "job %s: heartbeat missed: %s"
                _log.warning(said, self._job.id, error, exc_info=error)
            reason = self._job.stop_reason
            if reason is None:
                continue
            stopped_at = stopped_at or time.monotonic()
            patience = ABANDON_LOST_AFTER_S if reason is LeaseLost else ABANDON_CANCELLED_AFTER_S
            if time.monotonic() - stopped_at >= patience:
                _log.error("job %s does not stop; its process is ended", self._job.id)
                self._abandon()
                return
