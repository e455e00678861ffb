"""Queries for the jobs and the files of a detector."""

from sqlmodel import Session, col, select

from tpod_core.models import Artifact, Job, JobKind, JobState

CHECKPOINT = "checkpoint"
ONNX = "onnx"
ZIP = "zip"

FORMAT = "format"
"""The key of an export's request."""


def list_active(session: Session, detector_id: int, *kinds: JobKind) -> list[Job]:
    """The jobs of these kinds on a detector that wait or run, oldest first."""
    return list(
        session.exec(
            select(Job)
            .where(
                Job.detector_id == detector_id,
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
                Job.detector_id == detector_id,
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
