"""Labels of a video over HTTP: the document, edits, and the boxes of any frame."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse

from tpod_core.access import get_video
from tpod_core.db import reading, transaction
from tpod_core.errors import EditConflict, InvalidInput
from tpod_core.models import Video
from tpod_core.services import annotations
from tpod_core.services.annotations import AnnotationDoc
from tpod_core.web.annotation_bodies import (
    DocumentBody,
    EditResultBody,
    EditsBody,
    FramesBody,
    document_json,
    frames_json,
)
from tpod_core.web.dependencies import SignedIn

MAX_FRAMES = 10_000
"""So many frames may be asked for in one call."""

router = APIRouter(prefix="/videos/{video_id}", tags=["annotations"])


@router.get("/annotations", response_model=DocumentBody)
def get_annotations(user: SignedIn, video_id: int) -> Response:
    """Everything labelled in the video. The ETag is the revision; send it back as If-Match."""
    with reading() as session:
        document = annotations.get_document(session, get_video(session, user, video_id))
    return _document(document)


@router.put("/annotations", response_model=DocumentBody)
def put_annotations(
    user: SignedIn,
    video_id: int,
    body: DocumentBody,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Replace everything. Tracks without an id are new; the video's label list stays.

    The revision that you saw goes into If-Match or into the body.
    """
    wanted = body.document()
    with transaction() as session:
        video = get_video(session, user, video_id)
        seen = _seen(video, if_match, body.revision)
        document = annotations.replace_document(session, user, video, wanted, seen)
    return _document(document)


@router.patch("/annotations")
def patch_annotations(
    user: SignedIn, video_id: int, body: EditsBody, response: Response
) -> EditResultBody:
    """Do edits in order, all or none, as one step that can be undone."""
    with transaction() as session:
        video = get_video(session, user, video_id)
        result = annotations.apply_edits(session, user, video, body.edits(), body.revision)
    response.headers["ETag"] = etag(result.revision)
    return EditResultBody(revision=result.revision, track_ids=list(result.track_ids))


@router.get("/boxes", response_model=FramesBody)
def get_boxes(
    user: SignedIn,
    video_id: int,
    frame: Annotated[int | None, Query(ge=0)] = None,
    start: Annotated[int | None, Query(ge=0)] = None,
    stop: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """The boxes that training will see, derived ones included: of ``frame``, or from ``start``
    up to but not including ``stop``."""
    with reading() as session:
        video = get_video(session, user, video_id)
        first, end = _requested(video, frame, start, stop)
        boxes = annotations.boxes_in(session, video, first, end)
    return JSONResponse(frames_json(boxes))


def _document(document: AnnotationDoc) -> Response:
    return JSONResponse(document_json(document), headers={"ETag": etag(document.revision)})


def etag(revision: int) -> str:
    return f'"{revision}"'


def _seen(video: Video, if_match: str | None, in_body: int | None) -> int:
    """The revision that the client saw; where it is named twice, each must be current."""
    if if_match is None and in_body is None:
        raise InvalidInput(
            "Say which revision you saw: its ETag as If-Match, or `revision` in the body.",
            "If-Match",
        )
    named = {revision for revision in (_revision_of(if_match), in_body) if revision is not None}
    stale = named - {video.revision}
    return min(stale) if stale else video.revision


def _revision_of(if_match: str | None) -> int | None:
    """``"7"`` or ``W/"7"`` as a number; ``None`` where any revision will do (RFC 9110, 13.1.1)."""
    if if_match is None or if_match.strip() == "*":
        return None
    digits = if_match.strip().removeprefix("W/").strip('"')
    if not digits.isdecimal():
        raise EditConflict(f"{if_match} is no revision of this video. Get the newest ETag first.")
    return int(digits)


def _requested(
    video: Video, frame: int | None, start: int | None, stop: int | None
) -> tuple[int, int]:
    if frame is not None and start is None and stop is None:
        first, end, field = frame, frame + 1, "frame"
    elif frame is None and start is not None and stop is not None:
        first, end, field = start, stop, "stop"
    else:
        raise InvalidInput("Ask for one `frame`, or for `start` and `stop`.", "frame")
    if not first < end <= video.frame_count:
        raise InvalidInput(
            f"This video has frames 0 to {video.frame_count - 1}; `stop` is not included.", field
        )
    if end - first > MAX_FRAMES:
        raise InvalidInput(f"Ask for at most {MAX_FRAMES} frames at once.", field)
    return first, end
