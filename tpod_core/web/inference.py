"""Routes that run a detector on one image or on a video."""

from pathlib import Path
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import FormData, UploadFile

from tpod_core.access import get_detector, get_video
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict, InvalidInput, NotAnImage
from tpod_core.inference.detection_filter import DetectionFilter
from tpod_core.models import Detector
from tpod_core.services import inference
from tpod_core.services.detector_runs import annotated_videos
from tpod_core.services.inference import FrameDetections
from tpod_core.video.pictures import read_picture, require_max_bytes
from tpod_core.web.bodies import Body, Flag, Text
from tpod_core.web.conditional import Responses, StoredFile, stored_file
from tpod_core.web.dependencies import SignedIn
from tpod_core.web.jobs import JobBody
from tpod_core.web.openapi import may_raise

router = APIRouter(prefix="/detectors/{detector_id}", tags=["detectors at work"])

_FORM_OVERHEAD_BYTES = 64 * 1024
_FILE_FIELDS = ("image", "file")
_INFERENCE_LIMITER = CapacityLimiter(2)
"""Requests that wait for a model must not occupy the threads that other requests need."""

_IMAGE_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "additionalProperties": False,
                    "properties": {
                        "image": {"type": "string", "format": "binary"},
                        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
                        "labels": {"type": "array", "items": {"type": "string"}},
                    },
                }
            }
        },
    }
}
_FILE_OR_JOB: Responses = stored_file("The copy.", "video/mp4") | {
    202: {"model": JobBody, "description": "The job that is making it."}
}


class DetectionFilterBody(Body):
    """``confidence`` defaults to the recommended one, ``labels`` to every class."""

    confidence: float | None = Field(None, ge=0, le=1)
    labels: list[Text] = Field(default_factory=list)

    def detection_filter(self) -> DetectionFilter:
        return DetectionFilter(self.confidence, tuple(self.labels))


class AnnotateBody(DetectionFilterBody):
    video_id: int


class FoundBoxBody(BaseModel):
    """``box`` is left, top, right, bottom in pixels of the upright image."""

    label: str
    score: float
    box: tuple[float, float, float, float]


class DetectionsBody(BaseModel):
    """The detections, best first; ``width`` and ``height`` of the upright image."""

    boxes: list[FoundBoxBody]
    width: int
    height: int
    latency_ms: float

    @classmethod
    def of(cls, found: FrameDetections) -> "DetectionsBody":
        width, height = found.frame_wh
        boxes = [
            FoundBoxBody(label=each.label, score=each.score, box=each.box.xyxy)
            for each in found.boxes
        ]
        return cls(boxes=boxes, width=width, height=height, latency_ms=round(found.latency_ms, 2))


@router.post("/infer", openapi_extra=_IMAGE_FORM)
@may_raise(Conflict, NotAnImage)
async def infer(detector_id: int, request: Request, user: SignedIn) -> DetectionsBody:
    """Return the detections in one image (multipart field ``image``).

    The form may also contain ``confidence``, and ``labels`` once for each class to find.
    """
    detector = await to_thread.run_sync(_find_detector, user, detector_id)
    require_max_bytes(_content_length(request) - _FORM_OVERHEAD_BYTES)
    async with request.form(max_files=1) as form:
        detection_filter = _filter_in(form)
        content = await _image_in(form).read()
    return await to_thread.run_sync(
        _detect, detector, content, detection_filter, limiter=_INFERENCE_LIMITER
    )


@router.post("/annotate", status_code=202)
@may_raise(Conflict)
def annotate(detector_id: int, body: AnnotateBody, user: SignedIn) -> JobBody:
    """Make a copy of a video with the detector's boxes drawn in."""
    with transaction() as session:
        detector = get_detector(session, user, detector_id)
        video = get_video(session, user, body.video_id)
        job = annotated_videos.start(session, user, detector, video, body.detection_filter())
    return JobBody.of(job)


@router.head("/annotated/{job_id}", include_in_schema=False)
@router.get(
    "/annotated/{job_id}",
    response_class=FileResponse,
    responses=_FILE_OR_JOB,
)
@may_raise(Conflict)
def get_annotated(
    detector_id: int, job_id: int, user: SignedIn, download: Flag = False
) -> Response:
    """Return the copy as MP4, or a range of it; 202 with the job that is making it."""
    with read_session() as session:
        detector = get_detector(session, user, detector_id)
        copy = annotated_videos.find_copy(session, user, detector, job_id)
    if not isinstance(copy, Path):
        return JSONResponse(JobBody.of(copy).model_dump(mode="json"), status_code=202)
    return StoredFile(
        copy,
        media_type="video/mp4",
        filename=f"{detector.name}-{job_id}.mp4",
        content_disposition_type="attachment" if download else "inline",
        headers={"Cache-Control": "private"},
    )


def _find_detector(user: Any, detector_id: int) -> Detector:
    with read_session() as session:
        return get_detector(session, user, detector_id)


def _detect(
    detector: Detector, content: bytes, detection_filter: DetectionFilter
) -> DetectionsBody:
    image = read_picture(content)
    return DetectionsBody.of(inference.detect_objects(detector, image, detection_filter))


def _content_length(request: Request) -> int:
    """Returns the size of the whole request; the server reads no more than that."""
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():
        raise InvalidInput("Send the length of the request as Content-Length.", "Content-Length")
    return int(length)


def _image_in(form: FormData) -> UploadFile:
    for name in _FILE_FIELDS:
        value = form.get(name)
        if isinstance(value, UploadFile):
            return value
    raise InvalidInput("Send the image as multipart/form-data in a field named 'image'.", "image")


def _filter_in(form: FormData) -> DetectionFilter:
    """Raises: RequestValidationError, also for a field that does not exist."""
    texts = {name: value for name, value in form.items() if name not in _FILE_FIELDS}
    sent: dict[str, Any] = {**texts, "labels": form.getlist("labels")}
    if "confidence" in sent:
        sent["confidence"] = _number_in(sent["confidence"])
    try:
        return DetectionFilterBody.model_validate(sent).detection_filter()
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error


def _number_in(value: object) -> object:
    """Returns the number that a field of a form holds; other texts are refused with the rest."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
