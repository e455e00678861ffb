"""Routes for detectors: families, trainings, logs, models."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from tpod_core.access import get_detector, get_training_set, visible
from tpod_core.db import read_session, transaction
from tpod_core.detectors import registry
from tpod_core.detectors.config import parameters
from tpod_core.detectors.queries import ZIP
from tpod_core.errors import Conflict, NotFound
from tpod_core.models import Detector, DetectorState
from tpod_core.services import detectors, model_files
from tpod_core.services.detectors import DetectorDraft
from tpod_core.services.model_files import FormatStatus
from tpod_core.web.bodies import Body, Text
from tpod_core.web.conditional import Responses, StoredFile, stored_file
from tpod_core.web.dependencies import Page, Paging, SignedIn
from tpod_core.web.jobs import JobBody
from tpod_core.web.openapi import may_raise

router = APIRouter(prefix="/detectors", tags=["detectors"])

_ORDERINGS = {
    "id": Detector.id,
    "name": Detector.name,
    "created": Detector.created_at,
    "state": Detector.state,
}
_FILE_OR_JOB: Responses = stored_file("The zip.", "application/zip") | {
    202: {"model": JobBody, "description": "The job that is making it."}
}


class TypeBody(BaseModel):
    """A detector family that can be trained."""

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


class DraftBody(Body):
    """A detector to train. Missing keys of ``train_config`` get values that suit the set."""

    name: Text
    dnn_type: Text
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


class OneDetectorBody(DetectorBody):
    """A detector; ``warnings`` are about its training, and about the set that it is scored on."""

    warnings: list[str]

    @classmethod
    def read(cls, session: Session, detector: Detector) -> Self:
        known = detector.metrics.get("warnings", [])
        warnings = [*known, *detectors.read_doubts(session, detector)]
        body = DetectorBody.model_validate(detector).model_dump()
        return cls(**body, warnings=warnings)


class FormatBody(BaseModel):
    """An export format of the model. ``missing`` says what to install first, ``failure`` why the
    newest export failed; ``agreement`` compares with the checkpoint on validation images."""

    format: str
    label: str
    description: str
    missing: str
    failure: str
    size_bytes: int | None
    agreement: dict[str, Any] | None
    job_id: int | None

    @classmethod
    def of(cls, status: FormatStatus) -> Self:
        return cls(
            format=status.format.name,
            label=status.format.label,
            description=status.format.description,
            missing=status.missing,
            failure=status.failure,
            size_bytes=status.artifact.size_bytes if status.artifact else None,
            agreement=status.artifact.agreement if status.artifact else None,
            job_id=status.job.id if status.job else None,
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
    """Return the keys of ``train_config``, with defaults that suit the training set, if given."""
    model = registry.config_model(dnn_type)
    size = None
    if train_set_id is not None:
        with read_session() as session:
            size = detectors.training_set_size(get_training_set(session, user, train_set_id))
    rows = [ParameterBody(**asdict(row)) for row in parameters(model, size)]
    return TrainingConfigBody(type=dnn_type, parameters=rows)


@router.post("", status_code=202)
@may_raise(NotFound, Conflict)
def post_detector(user: SignedIn, body: DraftBody) -> OneDetectorBody:
    """Queue a training. The ``job_id`` of the response is the job to watch or cancel."""
    draft = DetectorDraft(**body.model_dump())
    with transaction() as session:
        detector = detectors.create(session, user, draft)
        return OneDetectorBody.read(session, detector)


@router.get("")
def list_detectors(user: SignedIn, paging: Paging) -> Page[DetectorBody]:
    with read_session() as session:
        query = visible(user, Detector)
        count, rows = paging.rows(session, query, Detector.name, _ORDERINGS)
    return Page(count=count, results=[DetectorBody.model_validate(row) for row in rows])


@router.get("/{detector_id}")
def get_one(user: SignedIn, detector_id: int) -> OneDetectorBody:
    with read_session() as session:
        return OneDetectorBody.read(session, get_detector(session, user, detector_id))


@router.delete("/{detector_id}", status_code=204)
@may_raise(Conflict)
def delete(user: SignedIn, detector_id: int) -> None:
    """Delete the detector and its files; 409 while it is being trained or exported."""
    with transaction() as session:
        detectors.delete(session, get_detector(session, user, detector_id))


@router.post("/{detector_id}/cancel", status_code=202)
@may_raise(Conflict)
def cancel(user: SignedIn, detector_id: int) -> DetectorBody:
    """Cancel the training, which ends after the current batch; the state tells when."""
    with transaction() as session:
        detector = get_detector(session, user, detector_id)
        detectors.cancel(session, detector)
    return DetectorBody.model_validate(detector)


@router.post("/{detector_id}/resume", status_code=202)
@may_raise(Conflict)
def resume(user: SignedIn, detector_id: int) -> JobBody:
    """Resume a cancelled or failed training from its last finished epoch."""
    with transaction() as session:
        job = detectors.resume(session, get_detector(session, user, detector_id))
    return JobBody.of(job)


@router.get("/{detector_id}/log")
def get_log(user: SignedIn, detector_id: int) -> LogBody:
    """Return the end of the training's log."""
    with read_session() as session:
        return LogBody(log=detectors.read_log(session, get_detector(session, user, detector_id)))


@router.get("/{detector_id}/formats")
def list_formats(user: SignedIn, detector_id: int) -> list[FormatBody]:
    """Return the export formats beside the zip, with the status of each."""
    with read_session() as session:
        detector = get_detector(session, user, detector_id)
        return [FormatBody.of(status) for status in model_files.list_formats(session, detector)]


@router.post("/{detector_id}/model", status_code=202)
@may_raise(Conflict)
def post_model(
    user: SignedIn, detector_id: int, model_format: Annotated[str, Query(alias="format")] = ZIP
) -> JobBody:
    """Export the model again. The zip already exists when a training ends.

    409 if the format needs a package that is not installed.
    """
    with transaction() as session:
        detector = get_detector(session, user, detector_id)
        job = model_files.start_export(session, detector, model_format)
    return JobBody.of(job)


@router.head("/{detector_id}/model", include_in_schema=False)
@router.get(
    "/{detector_id}/model",
    response_class=FileResponse,
    responses=_FILE_OR_JOB,
)
@may_raise(Conflict)
def get_model(
    user: SignedIn, detector_id: int, model_format: Annotated[str, Query(alias="format")] = ZIP
) -> Response:
    """Return the zip, or 202 with the job that is making it. Every format is a zip."""
    with read_session() as session:
        detector = get_detector(session, user, detector_id)
        model = model_files.find_model(session, detector, model_format)
    if not isinstance(model, Path):
        return JSONResponse(JobBody.of(model).model_dump(mode="json"), status_code=202)
    name = detector.name if model_format == ZIP else f"{detector.name} {model_format}"
    return StoredFile(model, media_type="application/zip", filename=f"{name}.zip")
