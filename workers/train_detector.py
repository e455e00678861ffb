"""Train a detector, score it, export it, publish it."""

from contextlib import closing

from tpod_core.config import get_settings
from tpod_core.detectors import registry
from tpod_core.detectors.attempts import Attempt, find_resumable, open_attempt, remove_attempts
from tpod_core.detectors.paths import directory_key
from tpod_core.detectors.protocol import Scene, TrainRequest
from tpod_core.detectors.weights import Start, resolve_start
from tpod_core.errors import Conflict
from tpod_core.jobs import RunningJob
from tpod_core.log import get_logger
from tpod_core.services import findings, model_files, trainings
from tpod_core.services.trainings import TrainingPlan
from tpod_core.storage import get_storage
from workers.publishing import SPACE_BYTES, Publication, publish
from workers.training_data import lay_out
from workers.training_report import TrainingReport

_log = get_logger(__name__)


def run(job: RunningJob) -> None:
    """Job ``train-detector``. Going on after a crash costs one epoch at most."""
    storage = get_storage()
    home = storage.path(directory_key(job.subject_id))
    with job.transaction() as session:
        plan = trainings.begin_training(session, job.subject_id)
    if plan is not None:
        storage.require_free(SPACE_BYTES)
        with closing(TrainingReport(job, plan)) as report:
            report.say("Preparing the data and the weights to start from")
            request = _prepare(job, plan)
            _train(plan, request, report)
            _publish(job, plan, request, report)
    remove_attempts(home)


def _prepare(job: RunningJob, plan: TrainingPlan) -> TrainRequest:
    """A directory for this run, the data laid out in it, and where to start from."""
    home = get_storage().path(directory_key(plan.detector_id))
    earlier = find_resumable(home)
    attempt = open_attempt(home)
    data = lay_out(plan, attempt.directory / "data")
    start = choose_start(plan, earlier)
    told = (start.warning, *plan.warnings, *data.notes)
    warnings = plan.warnings if earlier else tuple(dict.fromkeys(filter(None, told)))
    with job.transaction() as session:
        trainings.record_start(session, plan.detector_id, data.classes, warnings)
    for warning in warnings:
        _log.warning(warning)
    return TrainRequest(plan.dnn_type, plan.config, data, attempt, earlier, start.weights)


def _train(plan: TrainingPlan, request: TrainRequest, report: TrainingReport) -> None:
    if request.resume and request.resume.trained.exists():
        request.attempt.take_over(request.resume)
    else:
        report.say("Loading the training libraries")
        registry.load_provider(plan.dnn_type).train(request, report)
    report.trained()


def choose_start(plan: TrainingPlan, earlier: Attempt | None) -> Start:
    """The weights: those of the earlier run, of the parent, published ones, or random ones."""
    if earlier is not None:
        return Start(None)
    if plan.parent_key is not None:
        checkpoint = get_storage().path(plan.parent_key)
        if not checkpoint.is_file():
            raise Conflict("The parent's model file is gone. Train without a parent.")
        return Start(checkpoint)
    if plan.config.pretrained == "random":
        return Start(None)
    return resolve_start(registry.get_type(plan.dnn_type).weights_url, get_settings())


def _publish(
    job: RunningJob, plan: TrainingPlan, request: TrainRequest, report: TrainingReport
) -> None:
    scene = Scene(request.attempt.trained, request.data, plan.config)
    delivered = publish(job, plan, Publication(scene, request.attempt.epochs()), report)
    metrics, warnings = delivered.metrics, delivered.warnings
    with job.transaction() as session:
        trainings.record_trained(session, plan.detector_id, metrics, warnings)
        model_files.record_files(session, plan.detector_id)
        findings.record(session, plan.detector_id, delivered.unexplained)
    for warning in warnings:
        _log.warning(warning)
    _log.info("Trained: mAP50 %.3f, mAP50-95 %.3f", metrics["mAP50"], metrics["mAP50-95"])
