"""The files of a trained detector: export, find, record."""

from collections.abc import Iterable, Mapping
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
from tpod_core.exports.formats import ExportFormat, get_format
from tpod_core.exports.formats import list_formats as list_export_formats
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

_FILES = {
    CHECKPOINT: CHECKPOINT_NAME,
    ONNX: ONNX_NAME,
    ZIP: model_zip.ZIP_NAME,
}


@dataclass(frozen=True)
class FormatStatus:
    """The state of one export format of a trained detector.

    Attributes:
        missing: what to install before it can be made; empty if nothing.
        artifact: the file that can be downloaded now.
        job: the newest export of this format.
    """

    format: ExportFormat
    missing: str
    artifact: Artifact | None
    job: Job | None

    @property
    def is_exporting(self) -> bool:
        return self.job is not None and not self.job.state.is_final

    @property
    def failure(self) -> str:
        """Why the newest export failed; empty if it did not."""
        failed = self.job is not None and self.job.state is JobState.FAILED
        return self.job.message if failed and self.job else ""


def list_formats(session: Session, detector: Detector) -> list[FormatStatus]:
    """Returns the status of every format beside the zip, in display order."""
    exports = list_exports(session, saved_id(detector))
    newest = {format_of(job): job for job in reversed(exports)}
    return [
        FormatStatus(
            known,
            known.missing(),
            find_artifact(session, saved_id(detector), known.name),
            newest.get(known.name),
        )
        for known in list_export_formats()
    ]


def find_zip(session: Session, detector: Detector) -> Artifact | None:
    """Returns the zip with the ONNX model, which exists as soon as a training ends."""
    return find_artifact(session, saved_id(detector), ZIP)


def find_zip_export(session: Session, detector: Detector) -> Job | None:
    """The job that scores the model and makes its zip anew, while it waits or runs."""
    return find_active_export(session, saved_id(detector), ZIP)


def start_export(session: Session, detector: Detector, model_format: str) -> Job:
    """Queue an export, unless one of the same format is already queued or running.

    Raises: InvalidInput for an unknown format, Conflict before the detector is trained or if
    a package is missing.
    """
    missing = "" if model_format == ZIP else get_format(model_format).missing()
    if detector.state is not DetectorState.TRAINED:
        raise Conflict(f"{detector.name} has no model yet ({detector.state}).")
    if missing:
        raise Conflict(missing)
    return find_active_export(session, saved_id(detector), model_format) or jobs.submit(
        session,
        JobKind.EXPORT_MODEL,
        [detector],
        detector.owner_id,
        {FORMAT: model_format},
    )


def find_model(session: Session, detector: Detector, model_format: str) -> Path | Job:
    """Returns the model file, or the job that is making it.

    Raises: InvalidInput for an unknown format, Conflict if the detector is neither trained nor
    being trained, NotFound if the file was not made yet or is missing.
    """
    is_zip = model_format == ZIP
    label = "The model file" if is_zip else f"The {get_format(model_format).label} model"
    if detector.state in (DetectorState.QUEUED, DetectorState.TRAINING):
        training = session.get(Job, detector.job_id or 0)
        if training is not None and not training.state.is_final:
            return training
    if detector.state is not DetectorState.TRAINED:
        raise Conflict(f"{detector.name} has no model ({detector.state}). Resume its training.")
    artifact = find_artifact(session, saved_id(detector), model_format)
    path = get_storage().path(artifact.key) if artifact else None
    if path and path.is_file():
        return path
    export = find_active_export(session, saved_id(detector), model_format)
    if export:
        return export
    if artifact:
        raise NotFound(f"{label} of {detector.name} is missing. Export it again.")
    raise NotFound(f"{label} of {detector.name} was not made yet. Export it first.")


@dataclass(frozen=True)
class StoredFile:
    """A file of a detector as it is in the storage."""

    model_format: str
    key: str
    size_bytes: int
    sha256: str


def read_published(detector_id: int) -> list[StoredFile]:
    """Hash every published file, which takes long: not for a transaction."""
    return [
        _read(name, f"{model_key(detector_id)}/{filename}") for name, filename in _FILES.items()
    ]


def read_export(detector_id: int, model_format: str) -> StoredFile:
    """Hash a stored export, which takes long: not for a transaction."""
    return _read(model_format, export_key(detector_id, model_format))


def record_files(session: Session, detector_id: int, files: Iterable[StoredFile]) -> None:
    """Record published files, replacing earlier records."""
    for file in files:
        _record(session, detector_id, file)


def record_export(
    session: Session, detector_id: int, file: StoredFile, agreement: Mapping[str, Any]
) -> None:
    """Record a stored export and its agreement with the checkpoint."""
    _record(session, detector_id, file).agreement = dict(agreement)


def _read(model_format: str, key: str) -> StoredFile:
    path = get_storage().existing(key)
    return StoredFile(model_format, key, path.stat().st_size, sha256_of(path))


def _record(session: Session, detector_id: int, file: StoredFile) -> Artifact:
    row = find_artifact(session, detector_id, file.model_format)
    if row is None:
        row = Artifact(
            detector_id=detector_id, format=file.model_format, key="", size_bytes=0, sha256=""
        )
    row.key, row.size_bytes, row.sha256 = file.key, file.size_bytes, file.sha256
    row.created_at = utc_now()
    session.add(row)
    return row
