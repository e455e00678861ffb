"""Labels of a video over HTTP: the document, edits, and the boxes of any frame."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse

from tpod_core.access import get_video
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict, EditConflict, InvalidInput
from tpod_core.models import MAX_ID_DIGITS, MAX_ROW_ID, User, Video
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
from tpod_core.web.conditional import NOT_MODIFIED, is_known, with_etag
from tpod_core.web.dependencies import SignedIn
from tpod_core.web.openapi import may_raise

MAX_FRAMES = 10_000
"""Per request."""

router = APIRouter(prefix="/videos/{video_id}", tags=["annotations"])


@router.head("/annotations", include_in_schema=False)
@router.get(
    "/annotations",
    response_model=DocumentBody | ChangesBody,
    responses=with_etag() | NOT_MODIFIED,
)
@may_raise(Conflict)
def get_annotations(
    user: SignedIn,
    video_id: int,
    since: Annotated[int | None, Query(ge=0, le=MAX_ROW_ID)] = None,
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """Return all annotations of the video. The ETag is the revision; send it back as If-Match.

    With ``since``, return only the changes after that revision; 409 ``too_old`` if the log no
    longer reaches back to it: then request everything.
    """
    with read_session() as session:
        video = get_video(session, user, video_id)
        if is_known(etag(video.revision), if_none_match):
            return Response(status_code=304, headers={"ETag": etag(video.revision)})
        if since is None:
            return _document(annotations.get_document(session, video))
        changes = annotations.get_changes(session, video, since)
    return JSONResponse(changes_json(changes), headers={"ETag": etag(changes.revision)})


@router.put("/annotations", response_model=DocumentBody, responses=with_etag())
@may_raise(Conflict)
def put_annotations(
    user: SignedIn,
    video_id: int,
    body: DocumentBody,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Replace all annotations. Tracks without an id are new; the video's label list stays.

    Send the revision that the document is based on as If-Match or in the body.
    """
    replacement = body.document()
    with transaction() as session:
        video = get_video(session, user, video_id)
        base = _base_revision(video, if_match, body.revision)
        document = annotations.replace_document(session, user, video, replacement, base)
    return _document(document)


@router.patch("/annotations", responses=with_etag())
@may_raise(Conflict)
def patch_annotations(
    user: SignedIn, video_id: int, body: EditsBody, response: Response
) -> EditResultBody:
    """Apply operations in order, all or none, as one step that can be undone.

    They are applied on top of other users' changes since ``revision``: 409 ``edit_conflict``
    only if these changed a track, label or range that the operations touch; 409 ``too_old`` if
    the log no longer reaches back to the revision.
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
@may_raise(Conflict)
def undo_annotations(user: SignedIn, video_id: int, body: StepBody) -> TakenBackBody:
    """Undo your own last step; 409 ``edit_conflict`` if somebody has changed its tracks since."""
    return _run_step(user, video_id, body, annotations.undo)


@router.post("/annotations/redo")
@may_raise(Conflict)
def redo_annotations(user: SignedIn, video_id: int, body: StepBody) -> TakenBackBody:
    """Redo the step that you undid last."""
    return _run_step(user, video_id, body, annotations.redo)


def _run_step(
    user: User, video_id: int, body: StepBody, step: Callable[..., annotations.UndoResult]
) -> TakenBackBody:
    body.require_author(user)
    with transaction() as session:
        video = get_video(session, user, video_id)
        result = step(session, user, video, batch=body.batch)
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
    """Return the boxes used for training, including derived ones: on ``frame``, or from ``start``
    up to but not including ``stop``; of all tracks, or of ``track_ids``, like ``3,14``."""
    with read_session() as session:
        video = get_video(session, user, video_id)
        first, end = _frame_range(video, frame, start, stop)
        boxes = annotations.boxes_in(session, video, first, end, _ids(track_ids))
    return JSONResponse(frames_json(boxes))


def _ids(text: str | None) -> list[int] | None:
    if text is None:
        return None
    ids = [int(number) for number in text.split(",")]
    return [number for number in ids if number <= MAX_ROW_ID]


def _document(document: AnnotationDoc) -> Response:
    return JSONResponse(document_json(document), headers={"ETag": etag(document.revision)})


def etag(revision: int) -> str:
    return f'"{revision}"'


def _base_revision(video: Video, if_match: str | None, in_body: int | None) -> int:
    """Returns the revision that the request is based on; if given twice, an outdated one."""
    if if_match is None and in_body is None:
        raise InvalidInput(
            "Say which revision you edited: its ETag as If-Match, or `revision` in the body.",
            "If-Match",
        )
    given = {revision for revision in (_revision_of(if_match), in_body) if revision is not None}
    stale = given - {video.revision}
    return min(stale) if stale else video.revision


def _revision_of(if_match: str | None) -> int | None:
    """Parse ``"7"`` or ``W/"7"``; ``None`` matches any revision (RFC 9110, 13.1.1)."""
    if if_match is None or if_match.strip() == "*":
        return None
    digits = if_match.strip().removeprefix("W/").strip('"')
    if not digits.isdecimal() or len(digits) > MAX_ID_DIGITS:
        raise EditConflict(
            f"{if_match[:40]} is not a revision of this video. Get the newest ETag first."
        )
    return int(digits)


def _frame_range(
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
