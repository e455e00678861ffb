"""Reports a training's progress to its job, its detector and the log."""

import time

from tpod_core.detectors.attempts import TRAINING_SHARE, progress_after
from tpod_core.detectors.paths import events_key
from tpod_core.detectors.scores import EpochRow
from tpod_core.jobs import RunningJob
from tpod_core.log import get_logger
from tpod_core.services import trainings
from tpod_core.services.trainings import TrainingPlan
from tpod_core.storage import get_storage
from tpod_core.training.events import EventLog

_WRITE_INTERVAL_S = 1.0
_log = get_logger(__name__)


class TrainingReport:
    """The ``TrainingCallback`` of a training and the ``ProgressReporter`` of its packaging.

    ``epochs_done`` is the number of epochs after which the training resumes; 0 if it is new.
    """

    def __init__(self, job: RunningJob, plan: TrainingPlan, epochs_done: int) -> None:
        self._job = job
        self._plan = plan
        self._progress = progress_after(epochs_done, plan.config.epochs)
        self._epoch = epochs_done
        self._written_at = time.monotonic()
        self._first: tuple[float, float] | None = None
        self._seconds_left: float | None = None
        self._events = EventLog(get_storage().path(events_key(plan.detector_id)))

    def check(self) -> None:
        self._job.check()

    def on_batch(self, epoch: int, fraction: float) -> None:
        self._job.check()
        progress, now = fraction * TRAINING_SHARE, time.monotonic()
        if self._first is None or progress < self._progress:
            # The epoch restarted with a smaller batch: measure the pace again.
            self._first = now, fraction
            _log.info("First batch of epoch %d is done", epoch)
        self._epoch, self._progress = epoch, progress
        if now - self._written_at >= _WRITE_INTERVAL_S:
            self._seconds_left = seconds_left(now - self._first[0], self._first[1], fraction)
            self.say(f"Epoch {epoch} of {self._plan.config.epochs}")

    def on_epoch(self, row: EpochRow) -> None:
        with self._job.transaction() as session:
            trainings.record_epoch(session, self._plan.detector_id, row)
        self._events.add(row)
        losses = " ".join(f"{name} {value:.3f}" for name, value in row.train_losses.items())
        _log.info(
            "Epoch %d of %d: %s, mAP50 %.3f, mAP50-95 %.3f, %.1f s",
            row.epoch,
            self._plan.config.epochs,
            losses,
            row.map50,
            row.map50_95,
            row.seconds,
        )

    def warn(self, message: str) -> None:
        _log.warning(message)
        with self._job.transaction() as session:
            trainings.record_warning(session, self._plan.detector_id, message)

    def trained(self) -> None:
        """Called when the training itself has finished."""
        self._progress, self._seconds_left = TRAINING_SHARE, None

    def close(self) -> None:
        self._events.close()

    def say(self, message: str) -> None:
        """Record the present step. Raises: JobStopped if the job has to end."""
        self._job.check()
        self._written_at = time.monotonic()
        self._job.progress(self._progress, message)
        with self._job.transaction() as session:
            trainings.record_progress(
                session, self._plan.detector_id, self._progress, self._epoch, message
            )
            trainings.record_time_left(session, self._plan.detector_id, self._seconds_left)


def seconds_left(elapsed_s: float, first: float, now: float) -> float | None:
    """Estimate the remaining time from the pace since ``first``; ``None`` at the start."""
    return elapsed_s / (now - first) * (1 - now) if now > first else None
