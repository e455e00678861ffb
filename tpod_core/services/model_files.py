"""The files of a trained detector: ask for them, download them, write down what there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import Session

from tpod_core import jobs
from tpod_core.detectors.paths import CHECKPOINT_NAME, ONNX_NAME, export_key, model_key
from tpod_core.detectors.queries import (
    CHECKPOINT,
    FORMAT,
    ONNX,
    ZIP,
    find_active_export,
    find_artifact,
    format_of,
    list_exports,
)
from tpod_core.errors import Conflict, NotFound
from tpod_core.exports import model_zip
from tpod_core.exports.formats import ExportFormat, get_format, list_formats
from tpod_core.models import (
    Artifact,
    Detector,
    DetectorState,
    Job,
    JobKind,
    JobState,
    saved_id,
    utc_now,
)
from tpod_core.storage import get_storage, sha256_of
from tpod_core.training_packages import usual_queue

_FILES = {
    CHECKPOINT: CHECKPOINT_NAME,
    ONNX: ONNX_NAME,
    ZIP: model_zip.ZIP_NAME,
}


@dataclass(frozen=True)
class Offer:
    """One format of a trained detector, and how it stands.

    Attributes:
        missing: what to install before it can be made; empty if nothing is.
        artifact: the file that can be downloaded now.
        job: the newest export of this format, unless its file is there and nothing follows.
    """

    format: ExportFormat
    missing: str
    artifact: Artifact | None
    job: Job | None

    @property
    def is_being_made(self) -> bool:
        return self.job is not None and not self.job.state.is_final

    @property
    def failure(self) -> str:
        """Why the newest export did not come to its file."""
        failed = self.job is not None and self.job.state is JobState.FAILED
        return self.job.message if failed and self.job else ""


def list_offers(session: Session, detector: Detector) -> list[Offer]:
    """Every format beside the zip, in the order in which they are shown."""
    exports = list_exports(session, saved_id(detector))
    newest = {format_of(job): job for job in reversed(exports)}
    return [
        Offer(
            known,
            known.missing(),
            find_artifact(session, saved_id(detector), known.name),
            newest.get(known.name),
        )
        for known in list_formats()
    ]


def find_zip(session: Session, detector: Detector) -> Artifact | None:
    """The zip with the ONNX model, which is there as soon as a training ends."""
    return find_artifact(session, saved_id(detector), ZIP)


def start_export(session: Session, detector: Detector, wanted: str) -> Job:
    """Make a model file anew; the job under way, if there is one already.

    Raises: InvalidInput for an unknown format, Conflict before the detector is trained or if
    a package is missing.
    """
    missing = "" if wanted == ZIP else get_format(wanted).missing()
    if detector.state is not DetectorState.TRAINED:
        raise Conflict(f"{detector.name} has no model yet ({detector.state}).")
    if missing:
        raise Conflict(missing)
    return find_active_export(session, saved_id(detector), wanted) or jobs.submit(
        session,
        JobKind.EXPORT_MODEL,
        usual_queue(JobKind.EXPORT_MODEL),
        [detector],
        detector.owner_id,
        {FORMAT: wanted},
    )


def find_model(session: Session, detector: Detector, wanted: str) -> Path | Job:
    """The file, or the job that is making it.

    Raises: InvalidInput for an unknown format, Conflict if no model will come by itself,
    NotFound if the file was not made yet or is gone.
    """
    label = "The model file" if wanted == ZIP else f"The {get_format(wanted).label} model"
    if detector.state in (DetectorState.QUEUED, DetectorState.TRAINING):
        training = session.get(Job, detector.job_id or 0)
        if training is not None and not training.state.is_final:
            return training
    if detector.state is not DetectorState.TRAINED:
        raise Conflict(f"{detector.name} has no model ({detector.state}). Resume its training.")
    artifact = find_artifact(session, saved_id(detector), wanted)
    path = get_storage().path(artifact.key) if artifact else None
    if path and path.is_file():
        return path
    making = find_active_export(session, saved_id(detector), wanted)
    if making:
        return making
    if artifact:
        raise NotFound(f"{label} of {detector.name} is gone. Export it again.")
    raise NotFound(f"{label} of {detector.name} was not made yet. Export it first.")


def record_files(session: Session, detector_id: int) -> None:
    """Write down every published file, replacing what was known of it."""
    for name, filename in _FILES.items():
        _record(session, detector_id, name, f"{model_key(detector_id)}/{filename}")


def record_export(
    session: Session, detector_id: int, wanted: str, agreement: Mapping[str, Any]
) -> None:
    """Write down an export that is in its place, and how near it is to the checkpoint."""
    row = _record(session, detector_id, wanted, export_key(detector_id, wanted))
    row.agreement = dict(agreement)


def _record(session: Session, detector_id: int, name: str, key: str) -> Artifact:
    path = get_storage().existing(key)
    size_bytes, sha256 = path.stat().st_size, sha256_of(path)
    row = find_artifact(session, detector_id, name)
    if row is None:
        row = Artifact(detector_id=detector_id, format=name, key=key, size_bytes=0, sha256=sha256)
    row.key, row.size_bytes, row.sha256, row.created_at = key, size_bytes, sha256, utc_now()
    session.add(row)
    return row
