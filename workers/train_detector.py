"""Job ``train-detector``: trains, scores, exports and publishes a detector."""

from contextlib import closing

from tpod_core.config import get_settings
from tpod_core.detectors import registry
from tpod_core.detectors.attempts import Attempt, find_resumable, open_attempt, remove_attempts
from tpod_core.detectors.paths import directory_key
from tpod_core.detectors.protocol import EvaluationContext, TrainRequest
from tpod_core.detectors.weights import InitialWeights, resolve_weights
from tpod_core.errors import Conflict
from tpod_core.jobs import RunningJob
from tpod_core.log import get_logger
from tpod_core.services import findings, model_files, trainings
from tpod_core.services.trainings import TrainingPlan
from tpod_core.storage import get_storage
from workers.publishing import SPACE_BYTES, Publication, publish
from workers.training_data import prepare_data
from workers.training_report import TrainingReport

_log = get_logger(__name__)


def run(job: RunningJob) -> None:
    """Train and publish. Resuming after a crash repeats at most one epoch."""
    storage = get_storage()
    home = storage.path(directory_key(job.subject_id))
    with job.transaction() as session:
        plan = trainings.begin_training(session, job.subject_id)
    if plan is not None:
        storage.require_free(SPACE_BYTES)
        earlier = find_resumable(home)
        epochs_done = earlier.epochs_done if earlier else 0
        with closing(TrainingReport(job, plan, epochs_done)) as report:
            report.say("Preparing the data and the weights to start from")
            request = _prepare(job, plan, earlier)
            _train(plan, request, report)
            _publish(job, plan, request, report)
    remove_attempts(home)


def _prepare(job: RunningJob, plan: TrainingPlan, earlier: Attempt | None) -> TrainRequest:
    """Prepare the attempt's directory, its data and the initial weights."""
    attempt = open_attempt(get_storage().path(directory_key(plan.detector_id)))
    data = prepare_data(plan, attempt.directory / "data")
    initial = choose_initial_weights(plan, earlier)
    new_warnings = (initial.warning, *plan.warnings, *data.notes)
    warnings = plan.warnings if earlier else tuple(dict.fromkeys(filter(None, new_warnings)))
    with job.transaction() as session:
        trainings.record_start(session, plan.detector_id, data.classes, warnings)
    for warning in warnings:
        _log.warning(warning)
    return TrainRequest(plan.dnn_type, plan.config, data, attempt, earlier, initial.weights)


def _train(plan: TrainingPlan, request: TrainRequest, report: TrainingReport) -> None:
    if request.resume and request.resume.trained.exists():
        request.attempt.take_over(request.resume)
    else:
        report.say("Loading the training libraries")
        registry.load_provider(plan.dnn_type).train(request, report)
    report.trained()


def choose_initial_weights(plan: TrainingPlan, earlier: Attempt | None) -> InitialWeights:
    """Choose the parent's, published or random weights; an earlier attempt brings its own."""
    if earlier is not None:
        return InitialWeights(None)
    if plan.parent_key is not None:
        checkpoint = get_storage().path(plan.parent_key)
        if not checkpoint.is_file():
            raise Conflict("The parent's model file is missing. Train without a parent.")
        return InitialWeights(checkpoint)
    if plan.config.pretrained == "random":
        return InitialWeights(None)
    return resolve_weights(registry.get_type(plan.dnn_type).weights_url, get_settings())


def _publish(
    job: RunningJob, plan: TrainingPlan, request: TrainRequest, report: TrainingReport
) -> None:
    context = EvaluationContext(request.attempt.trained, request.data, plan.config)
    package = publish(job, plan, Publication(context, request.attempt.epochs()), report)
    metrics, warnings = package.metrics, package.warnings
    files = model_files.read_published(plan.detector_id)
    with job.transaction() as session:
        trainings.record_trained(session, plan.detector_id, metrics, warnings)
        model_files.record_files(session, plan.detector_id, files)
        findings.record(session, plan.detector_id, package.unmatched)
    for warning in warnings:
        _log.warning(warning)
    _log.info("Trained: mAP50 %.3f, mAP50-95 %.3f", metrics["mAP50"], metrics["mAP50-95"])
