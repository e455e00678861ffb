"""Make the files of a trained detector anew, and check them again."""

import tempfile
from pathlib import Path

from tpod_core.detectors.attempts import read_epochs
from tpod_core.detectors.protocol import Scene
from tpod_core.detectors.rows import directory_key, model_key
from tpod_core.errors import Conflict
from tpod_core.jobs import RunningJob
from tpod_core.services import model_files, trainings
from tpod_core.storage import get_storage
from workers.publishing import Publication, publish
from workers.training_data import lay_out


def run(job: RunningJob) -> None:
    """Job ``export-model``."""
    storage = get_storage()
    with job.transaction() as session:
        plan = trainings.read_plan(session, job.subject_id)
    home = storage.path(directory_key(job.subject_id))
    checkpoint = storage.path(f"{model_key(job.subject_id)}/model.pt")
    if not checkpoint.is_file():
        raise Conflict("The checkpoint of this detector is gone. Train it again.")
    with tempfile.TemporaryDirectory(dir=home, prefix="export-") as scratch:
        data = lay_out(plan, Path(scratch) / "data")
        scene = Scene(checkpoint, data, plan.config)
        publish(job, plan, Publication(scene, read_epochs(home)), ExportSteps(job))
    with job.transaction() as session:
        model_files.record_files(session, plan.detector_id)


class ExportSteps:
    """What an export does, on its way to its job, and news of a cancel back."""

    def __init__(self, job: RunningJob) -> None:
        self._job = job

    def check(self) -> None:
        self._job.check()

    def say(self, message: str) -> None:
        self._job.check()
        self._job.progress(0.5, message)
