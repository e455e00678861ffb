"""Detectors at work over HTTP: on one image, and on a whole video."""

from pathlib import Path
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile

from tpod_core.access import get_detector, get_video
from tpod_core.db import read_session, transaction
from tpod_core.errors import InvalidInput
from tpod_core.inference.detection_filter import DetectionFilter
from tpod_core.models import Detector
from tpod_core.services import inference
from tpod_core.services.detector_runs import annotated_videos
from tpod_core.services.inference import FrameDetections
from tpod_core.video.pictures import read_picture, require_max_bytes
from tpod_core.web.dependencies import SignedIn
from tpod_core.web.jobs import JobBody

router = APIRouter(prefix="/detectors/{detector_id}", tags=["detectors at work"])

_FORM_OVERHEAD_BYTES = 64 * 1024
_FILE_FIELDS = ("image", "file")
_LOOKS_AT_ONCE = CapacityLimiter(2)
"""Those who wait for a model must not hold the threads that everything else needs."""

_IMAGE_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
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


class WishBody(BaseModel):
    """Without a ``confidence`` the recommended one, without ``labels`` every class."""

    model_config = ConfigDict(extra="forbid")

    confidence: float | None = Field(None, ge=0, le=1)
    labels: list[str] = []

    def wish(self) -> DetectionFilter:
        return DetectionFilter(self.confidence, tuple(self.labels))


class AnnotateBody(WishBody):
    video_id: int


class FoundBoxBody(BaseModel):
    """``box`` is left, top, right, bottom in pixels of the upright image."""

    label: str
    score: float
    box: tuple[float, float, float, float]


class LookBody(BaseModel):
    """What was found, best first; ``width`` and ``height`` are those of the upright image."""

    boxes: list[FoundBoxBody]
    width: int
    height: int
    latency_ms: float

    @classmethod
    def of(cls, look: FrameDetections) -> "LookBody":
        width, height = look.frame_wh
        boxes = [
            FoundBoxBody(label=found.label, score=found.score, box=found.box.xyxy)
            for found in look.boxes
        ]
        return cls(boxes=boxes, width=width, height=height, latency_ms=round(look.latency_ms, 2))


@router.post("/infer", openapi_extra=_IMAGE_FORM)
async def infer(detector_id: int, request: Request, user: SignedIn) -> LookBody:
    """What the detector finds in one image (multipart field ``image``).

    The form may also hold ``confidence``, and ``labels`` once for each class that is wanted.
    """
    detector = await to_thread.run_sync(_find_detector, user, detector_id)
    require_max_bytes(_announced(request) - _FORM_OVERHEAD_BYTES)
    async with request.form(max_files=1) as form:
        wish = _wish_in(form)
        content = await _image_in(form).read()
    return await to_thread.run_sync(_look, detector, content, wish, limiter=_LOOKS_AT_ONCE)


@router.post("/annotate", status_code=202)
def annotate(detector_id: int, body: AnnotateBody, user: SignedIn) -> JobBody:
    """Make a copy of a video with the detector's boxes drawn in."""
    with transaction() as session:
        detector = get_detector(session, user, detector_id)
        video = get_video(session, user, body.video_id)
        job = annotated_videos.start(session, user, detector, video, body.wish())
    return JobBody.of(job)


@router.get(
    "/annotated/{job_id}",
    response_class=FileResponse,
    responses={200: {"content": {"video/mp4": {}}}, 202: {"model": JobBody}},
)
def get_annotated(
    detector_id: int, job_id: int, user: SignedIn, download: Annotated[bool, Query()] = False
) -> Response:
    """The copy as MP4, ranges are served; 202 with the job that is making it."""
    with read_session() as session:
        detector = get_detector(session, user, detector_id)
        made = annotated_videos.find_copy(session, user, detector, job_id)
    if not isinstance(made, Path):
        return JSONResponse(JobBody.of(made).model_dump(mode="json"), status_code=202)
    return FileResponse(
        made,
        media_type="video/mp4",
        filename=f"{detector.name}-{job_id}.mp4",
        content_disposition_type="attachment" if download else "inline",
        headers={"Cache-Control": "private"},
    )


def _find_detector(user: Any, detector_id: int) -> Detector:
    with read_session() as session:
        return get_detector(session, user, detector_id)


def _look(detector: Detector, content: bytes, wish: DetectionFilter) -> LookBody:
    return LookBody.of(inference.look_at(detector, read_picture(content), wish))


def _announced(request: Request) -> int:
    """The size of the whole request; the server cuts off what goes beyond."""
    announced = request.headers.get("Content-Length", "")
    if not announced.isdecimal():
        raise InvalidInput("Say in Content-Length how long the request is.", "Content-Length")
    return int(announced)


def _image_in(form: FormData) -> UploadFile:
    for name in _FILE_FIELDS:
        value = form.get(name)
        if isinstance(value, UploadFile):
            return value
    raise InvalidInput("Send the image as multipart/form-data in a field named 'image'.", "image")


def _wish_in(form: FormData) -> DetectionFilter:
    sent = {"labels": form.getlist("labels")} | {
        name: value for name, value in form.items() if name == "confidence"
    }
    try:
        return WishBody.model_validate(sent).wish()
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
