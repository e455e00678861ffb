"""Job ``export-model``: exports a trained detector again and checks the result."""

import shutil
import tempfile
from pathlib import Path

from tpod_core.detectors import registry
from tpod_core.detectors.attempts import read_epochs
from tpod_core.detectors.paths import directory_key, export_key, model_key
from tpod_core.detectors.protocol import EvaluationContext
from tpod_core.detectors.queries import FORMAT, ZIP
from tpod_core.errors import Conflict
from tpod_core.exports import model_zip
from tpod_core.exports.formats import ExportFormat, get_format
from tpod_core.exports.task import ExportTask
from tpod_core.jobs import RunningJob
from tpod_core.services import model_files, trainings
from tpod_core.services.trainings import TrainingPlan
from tpod_core.storage import get_storage
from workers.publishing import SPACE_BYTES, Publication, publish
from workers.training_data import prepare_data


def run(job: RunningJob) -> None:
    """Make the zip or the requested format."""
    storage = get_storage()
    model_format = job.request.get(FORMAT, ZIP)
    with job.transaction() as session:
        plan = trainings.read_plan(session, job.subject_id)
    checkpoint = storage.path(f"{model_key(job.subject_id)}/model.pt")
    if not checkpoint.is_file():
        raise Conflict("The checkpoint of this detector is missing. Train it again.")
    storage.require_free(SPACE_BYTES)
    home = storage.path(directory_key(job.subject_id))
    with tempfile.TemporaryDirectory(dir=home, prefix=_scratch_prefix(home, job)) as scratch:
        data = prepare_data(plan, Path(scratch) / "data")
        context = EvaluationContext(checkpoint, data, plan.config, Path(scratch))
        if model_format == ZIP:
            publication = Publication(context, read_epochs(home))
            package = publish(job, plan, publication, JobReporter(job))
            files = model_files.read_published(plan.detector_id)
            with job.transaction() as session:
                trainings.record_score(session, plan.detector_id, package.metrics)
                model_files.record_files(session, plan.detector_id, files)
        else:
            _export(job, plan, context, get_format(model_format))


def _export(
    job: RunningJob, plan: TrainingPlan, context: EvaluationContext, export_format: ExportFormat
) -> None:
    """Replace the earlier file of this format once the new one is complete."""
    # Imports onnxruntime, which is not needed before the checks have passed.
    from tpod_core.exports.making import make  # noqa: PLC0415

    storage, reporter = get_storage(), JobReporter(job)
    reporter.say("Loading the checkpoint")
    directory = context.scratch / "model"
    directory.mkdir()
    task = ExportTask(
        registry.load_provider(plan.dnn_type),
        _on_cpu(context),
        storage.path(model_key(plan.detector_id)),
        directory,
        reporter.check,
    )
    agreed = make(export_format, task, reporter)
    with storage.writing(export_key(plan.detector_id, export_format.name)) as file:
        model_zip.pack_into(file, directory)
        job.confirm()
    stored = model_files.read_export(plan.detector_id, export_format.name)
    with job.transaction() as session:
        model_files.record_export(session, plan.detector_id, stored, agreed.as_json())


def _on_cpu(context: EvaluationContext) -> EvaluationContext:
    """Compare on the CPU, like the exports: a GPU rounds differently."""
    config = context.config.model_copy(update={"device": "cpu"})
    return EvaluationContext(context.checkpoint, context.data, config, context.scratch)


def _scratch_prefix(home: Path, job: RunningJob) -> str:
    """Returns the job's prefix of scratch directories, after deleting those of killed runs."""
    prefix = f"export-{job.id}-"
    for left in home.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    return prefix


class JobReporter:
    """A ``ProgressReporter`` that reports to the job."""

    def __init__(self, job: RunningJob) -> None:
        self._job = job

    def check(self) -> None:
        self._job.check()

    def say(self, message: str) -> None:
        self._job.check()
        self._job.progress(0.5, message)
