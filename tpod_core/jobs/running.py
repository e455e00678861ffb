"""What a job's own code sees of its run, and the heart that keeps its lease."""

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
LOOK_S = 0.5
"""How old the news about a cancellation may be in ``check()``."""

ABANDON_LOST_AFTER_S = 5.0
ABANDON_CANCELLED_AFTER_S = 30.0

_log = get_logger(__name__)


class RunningJob:
    """One run of one job: what it works on, and its ties to the row.

    Everything a run writes outside its own directory goes through ``transaction()``; output
    files are made beside their place and renamed after ``confirm()``.
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
        self._written_at = self._looked_at = time.monotonic()
        self._lost = threading.Event()
        self._cancelled = threading.Event()

    @property
    def subject_id(self) -> int:
        """The row that the job is about. Raises: JobStopped if it was deleted before this run."""
        if self._subject_id is None:
            noun = self.kind.subject.replace("_", " ")
            raise JobStopped(f"The {noun} was deleted; there is nothing left to do.")
        return self._subject_id

    def check(self) -> None:
        """Call it for each batch or frame: it costs next to nothing.

        Raises: LeaseLost if another run has taken over, JobCancelled if a person asked.
        """
        if time.monotonic() - self._looked_at >= LOOK_S:
            with suppress(Unavailable):
                self._look()
        self._raise_if_stopped()

    def progress(self, fraction: float, message: str = "") -> None:
        """Tell how far it is (0 to 1) and what it does; written twice a second at most."""
        self._progress = (min(max(fraction, 0.0), 1.0), message)
        if time.monotonic() - self._written_at >= LOOK_S:
            # The job does not depend on telling how far it is: the heartbeat tries again.
            with suppress(Unavailable):
                self.beat()
            self._raise_if_stopped()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A write transaction that commits only while this run holds its lease.

        Raises: LeaseLost, and nothing is written.
        """
        with db.transaction() as session:
            self._renew_or_stop(session)
            yield session
            # However long the block took, the lease is fresh when others can see the row again.
            self._renew_or_stop(session)

    def record_result(self, session: Session, result: Mapping[str, Any]) -> None:
        """Keep what came of it, as JSON; ``session`` is that of a ``transaction()``."""
        session.get_one(Job, self.id).result = dict(result)

    def confirm(self) -> None:
        """Call it right before renaming output into place. Raises: LeaseLost."""
        with self.transaction():
            pass

    def beat(self) -> None:
        """Renew the lease, write the progress, and learn what has become of the job."""
        progress = self._progress
        with db.transaction() as session:
            row = renew(session, self.id, self.token, progress=progress[0], message=progress[1])
        self._note(None if row is None else row.cancel_requested)
        self._written_at = time.monotonic()

    @property
    def stopped_for(self) -> type[TpodError] | None:
        """Why this run has to end, if it has to."""
        if self._lost.is_set():
            return LeaseLost
        return JobCancelled if self._cancelled.is_set() else None

    def _renew_or_stop(self, session: Session) -> None:
        if renew(session, self.id, self.token) is None:
            self._lost.set()
            self._raise_if_stopped()

    def _look(self) -> None:
        with db.read_session() as session:
            wanted = (col(Job.id) == self.id) & held_by(self.token)
            self._note(session.exec(select(Job.cancel_requested).where(wanted)).first())

    def _note(self, cancel_requested: bool | None) -> None:
        """``None``: the row is no longer ours."""
        self._looked_at = time.monotonic()
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
    """A thread that keeps a run's lease while its own code computes.

    A run that has to end but does not look, stuck in a long computation, is abandoned:
    ``abandon`` ends its process.
    """

    def __init__(self, job: RunningJob, abandon: Callable[[], None]) -> None:
        self._job = job
        self._abandon = abandon
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat_until_over, name="heartbeat", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat_until_over(self) -> None:
        stopped_at: float | None = None
        while not self._over.wait(BEAT_S):
            try:
                self._job.beat()
            except (TpodError, SQLAlchemyError) as error:
                _log.warning("job %s: heartbeat missed: %s", self._job.id, error)
            reason = self._job.stopped_for
            if reason is None:
                continue
            stopped_at = stopped_at or time.monotonic()
            patience = ABANDON_LOST_AFTER_S if reason is LeaseLost else ABANDON_CANCELLED_AFTER_S
            if time.monotonic() - stopped_at >= patience:
                _log.error("job %s: does not end; its process is abandoned", self._job.id)
                self._abandon()
                return
