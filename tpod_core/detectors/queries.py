"""Where a detector's files lie, and the rows that hang on it."""

from sqlmodel import Session, col, select

from tpod_core.jobs.subjects import subject_with
from tpod_core.models import Artifact, Detector, Job, JobKind, JobState

CHECKPOINT = "checkpoint"
ONNX = "onnx"
ZIP = "zip"

FORMAT = "format"
"""The key of an export's request."""


def directory_key(detector_id: int) -> str:
    """Everything of a detector: its published model, and the runs of its training."""
    return f"detectors/{detector_id}"


def model_key(detector_id: int) -> str:
    """The published directory: it appears whole, when everything in it has been checked."""
    return f"{directory_key(detector_id)}/model"


def export_key(detector_id: int, wanted: str) -> str:
    """The zip of the model in another format than ONNX."""
    return f"{directory_key(detector_id)}/exports/{wanted}.zip"


def events_key(detector_id: int) -> str:
    """Where TensorBoard looks for the curves of the training."""
    return f"{directory_key(detector_id)}/events"


def list_active(session: Session, detector_id: int, *kinds: JobKind) -> list[Job]:
    """The jobs of these kinds on a detector that wait or run, oldest first."""
    return list(
        session.exec(
            select(Job)
            .where(
                Job.subject == subject_with(Detector, detector_id),
                col(Job.kind).in_(kinds),
                col(Job.state).in_((JobState.QUEUED, JobState.RUNNING)),
            )
            .order_by(col(Job.id))
        )
    )


def format_of(export: Job) -> str:
    """What an export makes."""
    return str(export.request.get(FORMAT, ZIP))


def list_exports(session: Session, detector_id: int) -> list[Job]:
    """Every export that was asked for, newest first."""
    return list(
        session.exec(
            select(Job)
            .where(
                Job.subject == subject_with(Detector, detector_id),
                Job.kind == JobKind.EXPORT_MODEL,
            )
            .order_by(col(Job.id).desc())
        )
    )


def find_active_export(session: Session, detector_id: int, wanted: str = "") -> Job | None:
    """The export that waits or runs; of one format, if it is named."""
    for job in list_exports(session, detector_id):
        if not job.state.is_final and wanted in ("", format_of(job)):
            return job
    return None


def find_artifact(session: Session, detector_id: int, wanted: str) -> Artifact | None:
    return session.exec(
        select(Artifact).where(Artifact.detector_id == detector_id, Artifact.format == wanted)
    ).first()
