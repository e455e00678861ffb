"""The files of a trained detector: ask for them, download them, write down what there is."""

from pathlib import Path

from sqlmodel import Session

from tpod_core import jobs
from tpod_core.detectors import delivery, model_zip
from tpod_core.detectors.rows import (
    CHECKPOINT,
    ONNX,
    ZIP,
    find_active_export,
    find_artifact,
    model_key,
    subject_of,
)
from tpod_core.errors import Conflict, InvalidInput, NotFound
from tpod_core.models import Artifact, Detector, DetectorState, Job, JobKind, QueueName, saved_id
from tpod_core.storage import get_storage, sha256_of

FORMATS = (ZIP,)
"""What can be asked for."""

_FILES = {
    CHECKPOINT: delivery.CHECKPOINT_NAME,
    ONNX: delivery.ONNX_NAME,
    ZIP: model_zip.ZIP_NAME,
}


def start_export(session: Session, detector: Detector, wanted: str) -> Job:
    """Make a model file anew; the job under way, if there is one already.

    Raises: InvalidInput for an unknown format, Conflict before the detector is trained.
    """
    _require_format(wanted)
    if detector.state is not DetectorState.TRAINED:
        raise Conflict(f"{detector.name} has no model yet ({detector.state}).")
    return find_active_export(session, saved_id(detector)) or jobs.submit(
        session,
        JobKind.EXPORT_MODEL,
        QueueName.DEFAULT,
        subject_of(saved_id(detector)),
        detector.owner_id,
    )


def find_model(session: Session, detector: Detector, wanted: str) -> Path | Job:
    """The file, or the job that is making it.

    Raises: InvalidInput for an unknown format, Conflict if no model will come by itself,
    NotFound if the file is gone.
    """
    _require_format(wanted)
    if detector.state in (DetectorState.QUEUED, DetectorState.TRAINING):
        return session.get_one(Job, detector.job_id)
    if detector.state is not DetectorState.TRAINED:
        raise Conflict(f"{detector.name} has no model ({detector.state}). Resume its training.")
    artifact = find_artifact(session, saved_id(detector), wanted)
    path = get_storage().path(artifact.key) if artifact else None
    if path and path.is_file():
        return path
    making = find_active_export(session, saved_id(detector))
    if making:
        return making
    raise NotFound(f"The model file of {detector.name} is gone. Export it again.")


def record_files(session: Session, detector_id: int) -> None:
    """Write down every published file, replacing what was known of it."""
    for name, filename in _FILES.items():
        key = f"{model_key(detector_id)}/{filename}"
        path = get_storage().existing(key)
        size_bytes, sha256 = path.stat().st_size, sha256_of(path)
        row = find_artifact(session, detector_id, name)
        if row is None:
            row = Artifact(
                detector_id=detector_id, format=name, key=key, size_bytes=0, sha256=sha256
            )
        row.key, row.size_bytes, row.sha256 = key, size_bytes, sha256
        session.add(row)


def _require_format(wanted: str) -> None:
    if wanted not in FORMATS:
        raise InvalidInput(
            f"There is no format {wanted!r}. There are: {', '.join(FORMATS)}.", "format"
        )
