"""Queries for the jobs and model files of a detector."""

from sqlmodel import Session, col, select

from tpod_core.models import Artifact, Job, JobKind, JobState

CHECKPOINT = "checkpoint"
ONNX = "onnx"
ZIP = "zip"

FORMAT = "format"
"""The key of the format in an export job's request."""


def list_active(session: Session, detector_id: int, *kinds: JobKind) -> list[Job]:
    """Returns the queued and running jobs of these kinds on a detector, oldest first."""
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
    """Returns the format that an export job produces."""
    return str(export.request.get(FORMAT, ZIP))


def list_exports(session: Session, detector_id: int) -> list[Job]:
    """Returns every export job of a detector, newest first."""
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


def find_active_export(session: Session, detector_id: int, export_format: str = "") -> Job | None:
    """Returns the newest queued or running export, of ``export_format`` if given."""
    for job in list_exports(session, detector_id):
        if not job.state.is_final and export_format in ("", format_of(job)):
            return job
    return None


def find_artifact(session: Session, detector_id: int, artifact_format: str) -> Artifact | None:
    return session.exec(
        select(Artifact).where(
            Artifact.detector_id == detector_id, Artifact.format == artifact_format
        )
    ).first()
