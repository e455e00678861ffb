"""Train on parts of a detector's training set, and see how the score grows with it."""

import shutil
from pathlib import Path

from tpod_core.detectors import registry
from tpod_core.detectors.attempts import find_resumable, open_attempt
from tpod_core.detectors.paths import directory_key
from tpod_core.detectors.protocol import EvaluationContext, TrainRequest
from tpod_core.detectors.scores import EpochRow
from tpod_core.errors import Conflict
from tpod_core.evaluation import scoring
from tpod_core.evaluation.average_precision import measure
from tpod_core.evaluation.learning_curve import SHARES, Point, config_for, point_of, training_on
from tpod_core.jobs import RunningJob
from tpod_core.log import get_logger
from tpod_core.models import Detector
from tpod_core.services import learning, trainings
from tpod_core.services.trainings import TrainingPlan
from tpod_core.storage import get_storage
from workers.publishing import SPACE_BYTES
from workers.train_detector import choose_start
from workers.training_data import lay_out

_log = get_logger(__name__)


def run(job: RunningJob) -> None:
    """Job ``measure-learning``. Each finished point is kept; a broken-off one goes on."""
    storage = get_storage()
    with job.transaction() as session:
        detector = session.get(Detector, job.subject_id)
        if detector is None:
            raise Conflict("The detector was deleted. Measure another one.")
        learning.require_measurable(session, detector)
        plan = trainings.read_plan(session, job.subject_id)
    storage.require_free(SPACE_BYTES)
    workshop = storage.path(f"{directory_key(job.subject_id)}/learning")
    for share in SHARES:
        if learning.read(detector).has(share):
            continue
        place = workshop / str(share)
        if share == SHARES[-1]:
            point = _own_point(plan, detector, place)
        else:
            point = _measure(plan, share, place, _Report(job, share))
        job.confirm()
        learning.keep_point(detector, point)
        _log.info("On %d %% of the images: mAP50 %.3f", share, point.map50)
    shutil.rmtree(workshop, ignore_errors=True)


def _own_point(plan: TrainingPlan, detector: Detector, place: Path) -> Point:
    """The detector has been trained on all of them, and scored."""
    shutil.rmtree(place, ignore_errors=True)
    data = lay_out(plan, place)
    return point_of(SHARES[-1], data, detector.metrics)


def _measure(plan: TrainingPlan, share: int, place: Path, report: "_Report") -> Point:
    """Train on ``share`` percent as the detector was trained, going on where that broke off."""
    earlier = find_resumable(place)
    attempt = open_attempt(place)
    data = lay_out(plan, attempt.directory / "data")
    whole = len(data.train)
    data = training_on(data, share, plan.config.seed)
    config = config_for(plan.config, whole, len(data.train))
    provider = registry.load_provider(plan.dnn_type)
    if earlier and earlier.trained.exists():
        attempt.take_over(earlier)
    else:
        weights = choose_start(plan, earlier).weights
        provider.train(TrainRequest(plan.dnn_type, config, data, attempt, earlier, weights), report)
    gathered = scoring.gather(provider, EvaluationContext(attempt.trained, data, config), report)
    score = scoring.score_of(gathered, measure(gathered.ranked()))
    return point_of(share, data, score.as_json())


class _Report:
    """Reports to the job: a ``TrainingCallback`` and, for the score, a ``ProgressReporter``."""

    def __init__(self, job: RunningJob, share: int) -> None:
        self._job = job
        self._share = share
        self._begun = SHARES.index(share) / (len(SHARES) - 1)
        self._progress = self._begun

    def check(self) -> None:
        self._job.check()

    def on_batch(self, epoch: int, fraction: float) -> None:
        self._job.check()
        self._progress = self._begun + fraction / (len(SHARES) - 1)
        self.say(f"epoch {epoch}")

    def on_epoch(self, row: EpochRow) -> None:
        _log.info("On %d %%: epoch %d, mAP50 %.3f", self._share, row.epoch, row.map50)

    def warn(self, message: str) -> None:
        _log.warning("On %d %%: %s", self._share, message)

    def say(self, message: str) -> None:
        self._job.check()
        self._job.progress(self._progress, f"With {self._share} % of the images: {message}")
