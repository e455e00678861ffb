"""A training's progress on its way to the rows and the log, and news of a cancel back."""

import time

from tpod_core.detectors.paths import events_key
from tpod_core.detectors.scores import EpochRow
from tpod_core.jobs import RunningJob
from tpod_core.log import get_logger
from tpod_core.services import trainings
from tpod_core.services.trainings import TrainingPlan
from tpod_core.storage import get_storage
from tpod_core.training.events import EventLog

TRAINING_SHARE = 0.95
"""Of the whole progress; the rest is scoring and exporting."""

_WRITE_EVERY_S = 1.0
_log = get_logger(__name__)


class TrainingReport:
    """A ``TrainingCallback`` of the training and the ``ProgressReporter`` of its delivery."""

    def __init__(self, job: RunningJob, plan: TrainingPlan) -> None:
        self._job = job
        self._plan = plan
        self._progress = 0.0
        self._epoch = 0
        self._written_at = time.monotonic()
        self._first: tuple[float, float] | None = None
        self._seconds_left: float | None = None
        self._events = EventLog(get_storage().path(events_key(plan.detector_id)))

    def check(self) -> None:
        self._job.check()

    def on_batch(self, epoch: int, fraction: float) -> None:
        self._job.check()
        self._epoch, self._progress = epoch, fraction * TRAINING_SHARE
        now = time.monotonic()
        if self._first is None:
            self._first = now, fraction
            _log.info("First batch of epoch %d is done", epoch)
        if now - self._written_at >= _WRITE_EVERY_S:
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
        """The training itself is over."""
        self._progress, self._seconds_left = TRAINING_SHARE, None

    def close(self) -> None:
        self._events.close()

    def say(self, message: str) -> None:
        """Write down what is being done. Raises: JobStopped if it has to end."""
        self._job.check()
        self._written_at = time.monotonic()
        self._job.progress(self._progress, message)
        with self._job.transaction() as session:
            trainings.record_progress(
                session, self._plan.detector_id, self._progress, self._epoch, message
            )
            trainings.record_time_left(session, self._plan.detector_id, self._seconds_left)


def seconds_left(elapsed_s: float, first: float, now: float) -> float | None:
    """What is left after going from fraction ``first`` to ``now``; ``None`` at the start."""
    return elapsed_s / (now - first) * (1 - now) if now > first else None
