"""Routes for training sets: preview, build, read, compare, download, delete."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict

from tpod_core.access import get_training_set, visible
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict, NotFound
from tpod_core.models import TrainingSet, TrainingSetState, saved_id
from tpod_core.services import training_set_files, training_sets
from tpod_core.services.training_set_files import ClassChanges, FrameChanges, VideoChange
from tpod_core.services.training_sets import Kind, Severity, TrainingSetSpec
from tpod_core.web.bodies import Text
from tpod_core.web.dependencies import Page, Paging, SignedIn
from tpod_core.web.openapi import may_raise

router = APIRouter(prefix="/trainsets", tags=["training sets"])

_ORDERINGS = {
    "id": TrainingSet.id,
    "name": TrainingSet.name,
    "created": TrainingSet.created_at,
    "state": TrainingSet.state,
}


class PreviewRequest(TrainingSetSpec):
    """The specification of a training set; its name is ignored in a preview."""

    name: Text = ""

    def spec(self) -> TrainingSetSpec:
        return TrainingSetSpec.model_validate(self.model_dump(exclude={"name"}))


class TrainingSetRequest(PreviewRequest):
    """The specification of a training set, with its name."""

    name: Text


class QueuedBody(BaseModel):
    id: int
    state: TrainingSetState
    job_id: int


class FindingBody(BaseModel):
    """A frame to check; ``link`` opens it on the labelling screen."""

    model_config = ConfigDict(from_attributes=True)

    kind: Kind
    severity: Severity
    sentence: str
    video_id: int
    frame_index: int
    track_id: int | None
    link: str


class PreviewBody(BaseModel):
    """``findings`` has the first findings of each kind, ``finding_counts`` the number of all."""

    statistics: dict[str, Any]
    warnings: list[str]
    findings: list[FindingBody]
    finding_counts: dict[Kind, int]


class DiffBody(BaseModel):
    """The changes from the set ``other`` to the set ``id``."""

    id: int
    other: int
    identical: bool
    videos: list[VideoChange]
    frames: FrameChanges
    classes: list[ClassChanges]


class TrainingSetBody(BaseModel):
    """A training set; ``content_hash`` is empty until it is ready."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    statistics: dict[str, Any]
    warnings: list[str]
    name: str
    state: TrainingSetState
    content_hash: str
    message: str


@router.post("", status_code=202)
@may_raise(NotFound, Conflict)
def create_training_set(user: SignedIn, body: TrainingSetRequest) -> QueuedBody:
    """Validate the specification and queue the build."""
    with read_session() as session:
        draft = training_sets.prepare(session, user, body.name, body.spec())
    with transaction() as session:
        training_set = training_sets.create(session, user, draft)
    return QueuedBody(
        id=saved_id(training_set), state=training_set.state, job_id=training_set.job_id or 0
    )


@router.post("/preview")
@may_raise(NotFound, Conflict)
def preview_training_set(user: SignedIn, body: PreviewRequest) -> PreviewBody:
    """Return statistics, split, warnings and findings of a set without building it.

    If near-duplicates are left out, the counts are upper bounds.
    """
    with read_session() as session:
        found = training_sets.preview(session, user, body.spec())
    return PreviewBody(
        statistics=asdict(found.statistics),
        warnings=list(found.warnings),
        findings=[FindingBody.model_validate(each) for each in found.findings.listed],
        finding_counts=found.findings.counts,
    )


@router.get("")
def list_training_sets(user: SignedIn, paging: Paging) -> Page[TrainingSetBody]:
    with read_session() as session:
        query = visible(user, TrainingSet)
        count, rows = paging.rows(session, query, TrainingSet.name, _ORDERINGS)
    return Page(count=count, results=[TrainingSetBody.model_validate(row) for row in rows])


@router.get("/{training_set_id}")
def get_one(user: SignedIn, training_set_id: int) -> TrainingSetBody:
    with read_session() as session:
        return TrainingSetBody.model_validate(get_training_set(session, user, training_set_id))


@router.delete("/{training_set_id}", status_code=204)
@may_raise(Conflict)
def delete_training_set(user: SignedIn, training_set_id: int) -> None:
    """Delete a set with its files. Detectors trained on it remain."""
    with transaction() as session:
        training_sets.delete(session, get_training_set(session, user, training_set_id))


@router.get("/{training_set_id}/diff")
@may_raise(Conflict)
def diff_training_sets(user: SignedIn, training_set_id: int, other: int) -> DiffBody:
    """Return the videos, frames, and boxes per class by which this set differs from ``other``."""
    with read_session() as session:
        newer = get_training_set(session, user, training_set_id)
        older = get_training_set(session, user, other)
    found = training_set_files.diff(older, newer)
    return DiffBody(id=training_set_id, other=other, **vars(found))


@router.get(
    "/{training_set_id}/download",
    response_class=StreamingResponse,
    responses={200: {"description": "The zip.", "content": {"application/zip": {}}}},
)
@may_raise(Conflict)
def download_training_set(
    user: SignedIn, training_set_id: int, format: str = "yolo"
) -> StreamingResponse:
    """Stream the files as a zip; ``format`` is yolo, coco or voc."""
    with read_session() as session:
        training_set = get_training_set(session, user, training_set_id)
    name = f"training_set_{training_set_id}_{format}.zip"
    return StreamingResponse(
        training_set_files.download(training_set, format),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
