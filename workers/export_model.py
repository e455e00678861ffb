"""Make a file of a trained detector anew, and check it again."""

import shutil
import tempfile
from pathlib import Path

from tpod_core.detectors import registry
from tpod_core.detectors.attempts import read_epochs
from tpod_core.detectors.paths import directory_key, export_key, model_key
from tpod_core.detectors.protocol import Scene
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
from workers.training_data import lay_out


def run(job: RunningJob) -> None:
    """Job ``export-model``: the zip, or the format that was asked for."""
    storage = get_storage()
    wanted = job.request.get(FORMAT, ZIP)
    with job.transaction() as session:
        plan = trainings.read_plan(session, job.subject_id)
    checkpoint = storage.path(f"{model_key(job.subject_id)}/model.pt")
    if not checkpoint.is_file():
        raise Conflict("The checkpoint of this detector is gone. Train it again.")
    storage.require_free(SPACE_BYTES)
    home = storage.path(directory_key(job.subject_id))
    with tempfile.TemporaryDirectory(dir=home, prefix=_scratch_prefix(home, job)) as scratch:
        data = lay_out(plan, Path(scratch) / "data")
        scene = Scene(checkpoint, data, plan.config, Path(scratch))
        if wanted == ZIP:
            publish(job, plan, Publication(scene, read_epochs(home)), ExportSteps(job))
            with job.transaction() as session:
                model_files.record_files(session, plan.detector_id)
        else:
            _export(job, plan, scene, get_format(wanted))


def _export(job: RunningJob, plan: TrainingPlan, scene: Scene, wanted: ExportFormat) -> None:
    """The earlier file of this format stays until the new one takes its name."""
    # Imports onnxruntime, which not every job of this kind's process needs before its checks.
    from tpod_core.exports.making import make  # noqa: PLC0415

    storage, steps = get_storage(), ExportSteps(job)
    steps.say("Loading the checkpoint")
    directory = scene.scratch / "model"
    directory.mkdir()
    task = ExportTask(
        registry.load_provider(plan.dnn_type),
        _on_cpu(scene),
        storage.path(model_key(plan.detector_id)),
        directory,
        steps.check,
    )
    agreed = make(wanted, task, steps)
    with storage.writing(export_key(plan.detector_id, wanted.name)) as file:
        model_zip.pack_into(file, directory)
        job.confirm()
    with job.transaction() as session:
        model_files.record_export(session, plan.detector_id, wanted.name, agreed.as_json())


def _on_cpu(scene: Scene) -> Scene:
    """Where the exports run too: a GPU's own rounding is no fault of theirs."""
    config = scene.config.model_copy(update={"device": "cpu"})
    return Scene(scene.checkpoint, scene.data, config, scene.scratch)


def _scratch_prefix(home: Path, job: RunningJob) -> str:
    """One for each job; what its killed runs left behind goes."""
    prefix = f"export-{job.id}-"
    for left in home.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    return prefix


class ExportSteps:
    """What an export does, on its way to its job, and news of a cancel back."""

    def __init__(self, job: RunningJob) -> None:
        self._job = job

    def check(self) -> None:
        self._job.check()

    def say(self, message: str) -> None:
        self._job.check()
        self._job.progress(0.5, message)
