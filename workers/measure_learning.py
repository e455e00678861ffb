"""Job ``measure-learning``: trains on parts of a training set to measure how the score grows."""

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
from tpod_core.evaluation.learning_curve import SHARES, Point, config_for, point_of, with_share
from tpod_core.jobs import RunningJob
from tpod_core.log import get_logger
from tpod_core.models import Detector
from tpod_core.services import learning, trainings
from tpod_core.services.trainings import TrainingPlan
from tpod_core.storage import get_storage
from workers.publishing import SPACE_BYTES
from workers.train_detector import choose_initial_weights
from workers.training_data import prepare_data

_log = get_logger(__name__)


def run(job: RunningJob) -> None:
    """Measure every point. Finished points are kept, and an interrupted one is resumed."""
    storage = get_storage()
    with job.transaction() as session:
        detector = session.get(Detector, job.subject_id)
        if detector is None:
            raise Conflict("The detector was deleted. Measure another one.")
        learning.require_measurable(session, detector)
        plan = trainings.read_plan(session, job.subject_id)
    storage.require_free(SPACE_BYTES)
    directory = storage.path(f"{directory_key(job.subject_id)}/learning")
    for share in SHARES:
        if learning.read(detector).has(share):
            continue
        point_directory = directory / str(share)
        if share == SHARES[-1]:
            point = _own_point(plan, detector, point_directory)
        else:
            point = _measure(plan, share, point_directory, _Report(job, share))
        job.confirm()
        learning.keep_point(detector, point)
        _log.info("On %d %% of the images: mAP50 %.3f", share, point.map50)
    shutil.rmtree(directory, ignore_errors=True)


def _own_point(plan: TrainingPlan, detector: Detector, directory: Path) -> Point:
    """Returns the point of the detector itself, which was trained on all images and scored."""
    shutil.rmtree(directory, ignore_errors=True)
    data = prepare_data(plan, directory)
    return point_of(SHARES[-1], data, detector.metrics)


def _measure(plan: TrainingPlan, share: int, directory: Path, report: "_Report") -> Point:
    """Train on ``share`` percent like the detector, resuming an interrupted attempt."""
    earlier = find_resumable(directory)
    attempt = open_attempt(directory)
    data = prepare_data(plan, attempt.directory / "data")
    all_images = len(data.train)
    data = with_share(data, share, plan.config.seed)
    config = config_for(plan.config, all_images, len(data.train))
    provider = registry.load_provider(plan.dnn_type)
    if earlier and earlier.trained.exists():
        attempt.take_over(earlier)
    else:
        weights = choose_initial_weights(plan, earlier).weights
        provider.train(TrainRequest(plan.dnn_type, config, data, attempt, earlier, weights), report)
    gathered = scoring.gather(provider, EvaluationContext(attempt.trained, data, config), report)
    score = scoring.score_of(gathered, measure(gathered.arrays()))
    return point_of(share, data, score.as_json())


class _Report:
    """Reports to the job: a ``TrainingCallback`` and, for the score, a ``ProgressReporter``."""

    def __init__(self, job: RunningJob, share: int) -> None:
        self._job = job
        self._share = share
        self._start_progress = SHARES.index(share) / (len(SHARES) - 1)
        self._progress = self._start_progress

    def check(self) -> None:
        self._job.check()

    def on_batch(self, epoch: int, fraction: float) -> None:
        self._job.check()
        self._progress = self._start_progress + fraction / (len(SHARES) - 1)
        self.say(f"epoch {epoch}")

    def on_epoch(self, row: EpochRow) -> None:
        _log.info("On %d %%: epoch %d, mAP50 %.3f", self._share, row.epoch, row.map50)

    def warn(self, message: str) -> None:
        _log.warning("On %d %%: %s", self._share, message)

    def say(self, message: str) -> None:
        self._job.check()
        self._job.progress(self._progress, f"With {self._share} % of the images: {message}")
