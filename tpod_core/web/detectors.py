"""Detectors over HTTP: families, trainings, scores, models."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from tpod_core.access import get_detector, get_training_set, visible
from tpod_core.db import read_session, transaction
from tpod_core.detectors import registry
from tpod_core.detectors.config import parameters
from tpod_core.detectors.queries import ZIP
from tpod_core.models import Detector, DetectorState
from tpod_core.services import detectors, model_files
from tpod_core.services.detectors import DetectorDraft
from tpod_core.services.model_files import Offer
from tpod_core.web.dependencies import Page, Paging, SignedIn
from tpod_core.web.jobs import JobBody

router = APIRouter(prefix="/detectors", tags=["detectors"])

_ORDERINGS = {
    "id": Detector.id,
    "name": Detector.name,
    "created": Detector.created_at,
    "state": Detector.state,
}


class TypeBody(BaseModel):
    """A family that can be trained."""

    type: str
    label: str
    family: str
    description: str


class ParameterBody(BaseModel):
    """One key of ``train_config``; ``range`` is [lowest, highest]."""

    name: str
    title: str
    type: str
    default: Any
    range: tuple[float, float] | None
    step: int | None
    choices: list[str] | None
    help: str
    advanced: bool


class TrainingConfigBody(BaseModel):
    type: str
    parameters: list[ParameterBody]


class DraftBody(BaseModel):
    """A detector to train. Keys missing from ``train_config`` are chosen for the set."""

    model_config = ConfigDict(extra="forbid")

    name: str
    dnn_type: str
    train_set_id: int
    train_config: dict[str, Any] = Field(default_factory=dict)
    parent_id: int | None = None


class DetectorBody(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    dnn_type: str
    state: DetectorState
    progress: float
    epoch: int
    epochs: int
    seconds_left: float | None
    message: str
    labels: list[str]
    metrics: dict[str, Any]
    train_config: dict[str, Any]
    train_set_id: int | None
    parent_id: int | None
    job_id: int | None


class FormatBody(BaseModel):
    """A format of the model. ``missing`` says what to install first, ``failure`` why the
    newest export came to nothing; ``agreement`` is with the checkpoint, on validation images."""

    format: str
    label: str
    description: str
    missing: str
    failure: str
    size_bytes: int | None
    agreement: dict[str, Any] | None
    job_id: int | None

    @classmethod
    def of(cls, offer: Offer) -> Self:
        return cls(
            format=offer.format.name,
            label=offer.format.label,
            description=offer.format.description,
            missing=offer.missing,
            failure=offer.failure,
            size_bytes=offer.artifact.size_bytes if offer.artifact else None,
            agreement=offer.artifact.agreement if offer.artifact else None,
            job_id=offer.job.id if offer.job else None,
        )


class LogBody(BaseModel):
    log: str


@router.get("/types")
def list_types(user: SignedIn) -> list[TypeBody]:
    return [
        TypeBody(
            type=known.type,
            label=known.label,
            family=known.family,
            description=known.description,
        )
        for known in registry.list_types()
    ]


@router.get("/training_configs/{dnn_type}")
def get_training_config(
    user: SignedIn, dnn_type: str, train_set_id: int | None = None
) -> TrainingConfigBody:
    """The keys of ``train_config``; with a training set, defaults are those that suit it."""
    model = registry.config_model(dnn_type)
    size = None
    if train_set_id is not None:
        with read_session() as session:
            size = detectors.training_set_size(get_training_set(session, user, train_set_id))
    rows = [ParameterBody(**asdict(row)) for row in parameters(model, size)]
    return TrainingConfigBody(type=dnn_type, parameters=rows)


@router.post("", status_code=202)
def post_detector(user: SignedIn, body: DraftBody) -> DetectorBody:
    """Queue a training. The answer's ``job_id`` is the job to watch, or cancel."""
    draft = DetectorDraft(**body.model_dump())
    with transaction() as session:
        detector = detectors.create(session, user, draft)
    return DetectorBody.model_validate(detector)


@router.get("")
def list_detectors(user: SignedIn, paging: Paging) -> Page[DetectorBody]:
    with read_session() as session:
        query = visible(user, Detector)
        count, rows = paging.rows(session, query, Detector.name, _ORDERINGS)
    return Page(count=count, results=[DetectorBody.model_validate(row) for row in rows])


@router.get("/{detector_id}")
def get_one(user: SignedIn, detector_id: int) -> DetectorBody:
    with read_session() as session:
        return DetectorBody.model_validate(get_detector(session, user, detector_id))


@router.delete("/{detector_id}", status_code=204)
def delete(user: SignedIn, detector_id: int) -> None:
    """Remove the detector and its files; 409 while it is being trained or exported."""
    with transaction() as session:
        detectors.delete(session, get_detector(session, user, detector_id))


@router.post("/{detector_id}/cancel", status_code=202)
def cancel(user: SignedIn, detector_id: int) -> DetectorBody:
    """End the training within a batch; the state says when it has ended."""
    with transaction() as session:
        detector = get_detector(session, user, detector_id)
        detectors.cancel(session, detector)
    return DetectorBody.model_validate(detector)


@router.post("/{detector_id}/resume", status_code=202)
def resume(user: SignedIn, detector_id: int) -> JobBody:
    """Go on from the last finished epoch of a cancelled or failed training."""
    with transaction() as session:
        job = detectors.resume(session, get_detector(session, user, detector_id))
    return JobBody.of(job)


@router.get("/{detector_id}/log")
def get_log(user: SignedIn, detector_id: int) -> LogBody:
    """The end of the training's log."""
    with read_session() as session:
        return LogBody(log=detectors.read_log(session, get_detector(session, user, detector_id)))


@router.get("/{detector_id}/formats")
def list_formats(user: SignedIn, detector_id: int) -> list[FormatBody]:
    """What the model can be had in beside the zip, and how each stands."""
    with read_session() as session:
        detector = get_detector(session, user, detector_id)
        return [FormatBody.of(offer) for offer in model_files.list_offers(session, detector)]


@router.post("/{detector_id}/model", status_code=202)
def post_model(
    user: SignedIn, detector_id: int, wanted: Annotated[str, Query(alias="format")] = ZIP
) -> JobBody:
    """Export the model anew. The zip exists already when a training ends.

    409 where the format needs a package that is not installed.
    """
    with transaction() as session:
        detector = get_detector(session, user, detector_id)
        job = model_files.start_export(session, detector, wanted)
    return JobBody.of(job)


@router.get(
    "/{detector_id}/model",
    response_class=FileResponse,
    responses={200: {"content": {"application/zip": {}}}, 202: {"model": JobBody}},
)
def get_model(
    user: SignedIn, detector_id: int, wanted: Annotated[str, Query(alias="format")] = ZIP
) -> Response:
    """The zip; 202 with the job that is making it. Every format comes as a zip."""
    with read_session() as session:
        detector = get_detector(session, user, detector_id)
        model = model_files.find_model(session, detector, wanted)
    if not isinstance(model, Path):
        return JSONResponse(JobBody.of(model).model_dump(mode="json"), status_code=202)
    name = detector.name if wanted == ZIP else f"{detector.name} {wanted}"
    return FileResponse(model, media_type="application/zip", filename=f"{name}.zip")
