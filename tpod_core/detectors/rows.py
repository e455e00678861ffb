"""Where a detector's files lie, and the rows that hang on it."""

from sqlmodel import Session, col, select

from tpod_core.models import Artifact, Job, JobKind, JobState

CHECKPOINT = "checkpoint"
ONNX = "onnx"
ZIP = "zip"


def directory_key(detector_id: int) -> str:
    """Everything of a detector: its published model, and the runs of its training."""
    return f"detectors/{detector_id}"


def model_key(detector_id: int) -> str:
    """The published directory: it appears whole, when everything in it has been checked."""
    return f"{directory_key(detector_id)}/model"


def subject_of(detector_id: int) -> str:
    """What a job on a detector is about."""
    return f"detector:{detector_id}"


def find_active_export(session: Session, detector_id: int) -> Job | None:
    """The export that waits or runs."""
    return next(iter(list_active(session, detector_id, JobKind.EXPORT_MODEL)), None)


def list_active(session: Session, detector_id: int, *kinds: JobKind) -> list[Job]:
    """The jobs of these kinds on a detector that wait or run, oldest first."""
    return list(
        session.exec(
            select(Job)
            .where(
                Job.subject == subject_of(detector_id),
                col(Job.kind).in_(kinds),
                col(Job.state).in_((JobState.QUEUED, JobState.RUNNING)),
            )
            .order_by(col(Job.id))
        )
    )


def find_artifact(session: Session, detector_id: int, wanted: str) -> Artifact | None:
    return session.exec(
        select(Artifact).where(Artifact.detector_id == detector_id, Artifact.format == wanted)
    ).first()
