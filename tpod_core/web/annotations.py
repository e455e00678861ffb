"""Labels of a video over HTTP: the document, edits, and the boxes of any frame."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse

from tpod_core.access import get_video
from tpod_core.db import read_session, transaction
from tpod_core.errors import EditConflict, InvalidInput
from tpod_core.models import MAX_ROW_ID, User, Video
from tpod_core.services import annotations
from tpod_core.services.annotations import AnnotationDoc
from tpod_core.web.annotation_bodies import (
    ChangesBody,
    DocumentBody,
    EditResultBody,
    EditsBody,
    FramesBody,
    StepBody,
    TakenBackBody,
    changes_json,
    document_json,
    frames_json,
)
from tpod_core.web.dependencies import SignedIn

MAX_FRAMES = 10_000
"""So many frames may be asked for in one call."""

router = APIRouter(prefix="/videos/{video_id}", tags=["annotations"])


@router.get("/annotations", response_model=DocumentBody | ChangesBody)
def get_annotations(
    user: SignedIn,
    video_id: int,
    since: Annotated[int | None, Query(ge=0, le=MAX_ROW_ID)] = None,
) -> Response:
    """Everything labelled in the video. The ETag is the revision; send it back as If-Match.

    With ``since`` only what changed after that revision: 409 ``too_old`` where nobody can tell
    any more, then ask for everything.
    """
    with read_session() as session:
        video = get_video(session, user, video_id)
        if since is None:
            return _document(annotations.get_document(session, video))
        changes = annotations.get_changes(session, video, since)
    return JSONResponse(changes_json(changes), headers={"ETag": etag(changes.revision)})


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
    """Do operations in order, all or none, as one step that can be undone.

    They are done on top of what others did since ``revision``. The answer is 409
    ``edit_conflict`` only where these changed a track, label or range that they touch, and
    ``too_old`` where nobody can tell any more.
    """
    body.require_author(user)
    with transaction() as session:
        video = get_video(session, user, video_id)
        result = annotations.apply_edits(
            session, user, video, body.ops, body.revision, batch=body.batch
        )
    response.headers["ETag"] = etag(result.revision)
    return EditResultBody(
        revision=result.revision, tracks=result.tracks, track_ids=list(result.track_ids)
    )


@router.post("/annotations/undo")
def undo_annotations(user: SignedIn, video_id: int, body: StepBody) -> TakenBackBody:
    """Take your own last step back: 409 ``edit_conflict`` if another changed its tracks since."""
    return _take_back(user, video_id, body, annotations.undo)


@router.post("/annotations/redo")
def redo_annotations(user: SignedIn, video_id: int, body: StepBody) -> TakenBackBody:
    """Do again what you took back last."""
    return _take_back(user, video_id, body, annotations.redo)


def _take_back(
    user: User, video_id: int, body: StepBody, act: Callable[..., annotations.UndoResult]
) -> TakenBackBody:
    body.require_author(user)
    with transaction() as session:
        video = get_video(session, user, video_id)
        result = act(session, user, video, batch=body.batch)
    return TakenBackBody(revision=result.revision, frame=result.frame, what=result.what)


@router.get("/boxes", response_model=FramesBody)
def get_boxes(
    user: SignedIn,
    video_id: int,
    frame: Annotated[int | None, Query(ge=0)] = None,
    start: Annotated[int | None, Query(ge=0)] = None,
    stop: Annotated[int | None, Query(ge=1)] = None,
    track_ids: Annotated[str | None, Query(pattern=r"^[0-9]{1,19}(,[0-9]{1,19})*$")] = None,
) -> Response:
    """The boxes that training will see, derived ones included: of ``frame``, or from ``start``
    up to but not including ``stop``; of all tracks, or of ``track_ids``, like ``3,14``."""
    with read_session() as session:
        video = get_video(session, user, video_id)
        first, end = _requested(video, frame, start, stop)
        boxes = annotations.boxes_in(session, video, first, end, _ids(track_ids))
    return JSONResponse(frames_json(boxes))


def _ids(listed: str | None) -> list[int] | None:
    if listed is None:
        return None
    ids = [int(number) for number in listed.split(",")]
    return [number for number in ids if number <= MAX_ROW_ID]


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
