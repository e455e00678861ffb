"""The rows that jobs work on: as columns of ``Job``, and as text in the API."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, String, case, cast, func, literal
from sqlmodel import col

from tpod_core.models import (
    DELETED,
    Detector,
    Job,
    JobKind,
    Subject,
    TrainingSet,
    Video,
    saved_id,
)

Row = Video | TrainingSet | Detector

SUBJECTS: dict[type[Row], Subject] = {
    Video: Subject.VIDEO,
    TrainingSet: Subject.TRAINING_SET,
    Detector: Subject.DETECTOR,
}


def reference_columns(rows: Iterable[Row]) -> dict[str, Any]:
    """Returns the column values of a job that references ``rows``, at most one of each table."""
    return {SUBJECTS[type(row)].column: saved_id(row) for row in rows}


def subject_text() -> ColumnElement[str]:
    """Returns ``Job.subject`` as an SQL expression, for searches."""
    return case(
        {kind: _text(kind.subject) for kind in JobKind}, value=col(Job.kind), else_=literal("")
    )


def _text(subject: Subject) -> ColumnElement[str]:
    row_id = cast(col(getattr(Job, subject.column)), String)
    return literal(f"{subject}:").concat(func.coalesce(row_id, DELETED))
