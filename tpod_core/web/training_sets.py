"""Training sets over HTTP: preview, build, read, download, delete."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from tpod_core.access import get_training_set, visible
from tpod_core.db import reading, transaction
from tpod_core.models import TrainingSet, TrainingSetState, saved_id
from tpod_core.services import training_sets
from tpod_core.services.training_sets import Choice
from tpod_core.web.dependencies import Page, Paging, SignedIn

router = APIRouter(prefix="/trainsets", tags=["training sets"])

_ORDERINGS = {
    "id": TrainingSet.id,
    "name": TrainingSet.name,
    "created": TrainingSet.created_at,
    "state": TrainingSet.state,
}


class PreviewRequest(Choice):
    """A choice; a name may come along, but does not matter yet."""

    name: str = ""

    def choice(self) -> Choice:
        return Choice.model_validate(self.model_dump(exclude={"name"}))


class TrainingSetRequest(PreviewRequest):
    """A choice with a name."""

    name: str


class QueuedBody(BaseModel):
    id: int
    state: TrainingSetState
    job_id: int


class PreviewBody(BaseModel):
    statistics: dict[str, Any]
    warnings: list[str]


class TrainingSetBody(PreviewBody):
    """A training set; ``content_hash`` is empty until it is ready."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    state: TrainingSetState
    content_hash: str
    message: str


@router.post("", status_code=202)
def create_training_set(user: SignedIn, body: TrainingSetRequest) -> QueuedBody:
    """Check the choice and queue its building; what cannot be built is refused here."""
    with transaction() as session:
        training_set = training_sets.create(session, user, body.name, body.choice())
    return QueuedBody(
        id=saved_id(training_set), state=training_set.state, job_id=training_set.job_id or 0
    )


@router.post("/preview")
def preview_training_set(user: SignedIn, body: PreviewRequest) -> PreviewBody:
    """Statistics, split and warnings of a choice, without building it."""
    with reading() as session:
        found = training_sets.preview(session, user, body.choice())
    return PreviewBody(statistics=asdict(found.statistics), warnings=list(found.warnings))


@router.get("")
def list_training_sets(user: SignedIn, paging: Paging) -> Page[TrainingSetBody]:
    with reading() as session:
        query = visible(user, TrainingSet)
        count, rows = paging.rows(session, query, TrainingSet.name, _ORDERINGS)
    return Page(count=count, results=[TrainingSetBody.model_validate(row) for row in rows])


@router.get("/{training_set_id}")
def get_one(user: SignedIn, training_set_id: int) -> TrainingSetBody:
    with reading() as session:
        return TrainingSetBody.model_validate(get_training_set(session, user, training_set_id))


@router.delete("/{training_set_id}", status_code=204)
def delete_training_set(user: SignedIn, training_set_id: int) -> None:
    """Delete a set with its files. Detectors trained on it stay."""
    with transaction() as session:
        training_sets.delete(session, get_training_set(session, user, training_set_id))


@router.get("/{training_set_id}/download", response_class=StreamingResponse)
def download_training_set(
    user: SignedIn, training_set_id: int, format: str = "yolo"
) -> StreamingResponse:
    """The files as a zip, made while it is sent."""
    with reading() as session:
        training_set = get_training_set(session, user, training_set_id)
    name = f"training_set_{training_set_id}_{format}.zip"
    return StreamingResponse(
        training_sets.download(training_set, format),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
