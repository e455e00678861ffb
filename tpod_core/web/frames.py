"""Routes for frames, thumbnails and original files."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from tpod_core.access import get_video
from tpod_core.db import read_session
from tpod_core.errors import Conflict, NotFound
from tpod_core.models import FpsSource, Video
from tpod_core.storage import get_storage
from tpod_core.video.encode import DEFAULT_QUALITY
from tpod_core.video.server import get_frame_server
from tpod_core.video.source import file_tag, frame_source, preview_key
from tpod_core.video.times import frame_times
from tpod_core.web.bodies import Parameters
from tpod_core.web.conditional import (
    ETAG,
    NOT_MODIFIED,
    Responses,
    StoredFile,
    is_known,
    stored_file,
    with_etag,
)
from tpod_core.web.dependencies import SignedIn, signed_in_within
from tpod_core.web.openapi import may_raise, signs_in

router = APIRouter(tags=["frames"])

_FRAME_CACHING = "private, immutable, max-age=604800"
_PREVIEW_CACHING = "private, max-age=60"
_JPEG: Responses = {200: {"content": {"image/jpeg": {}}, "description": "A JPEG.", "headers": ETAG}}


class FrameQuery(Parameters):
    """How a frame is wanted: ``width`` in pixels, ``quality`` of the JPEG, and of which file.

    A failed video can get another file, and browsers keep frames for a week: ``file``, the start
    of the file's SHA-256, gives the frames of each file addresses of their own.
    """

    width: int | None = Field(None, ge=16, le=16384)
    quality: int = Field(DEFAULT_QUALITY, ge=1, le=100)
    file: str = Field("", max_length=64)


@router.head("/videos/{video_id}/frames/{frame_index}", include_in_schema=False)
@router.get(
    "/videos/{video_id}/frames/{frame_index}",
    response_class=Response,
    responses=_JPEG | NOT_MODIFIED,
)
@signs_in
@may_raise(Conflict)
def get_frame(
    video_id: int,
    frame_index: int,
    request: Request,
    wanted: Annotated[FrameQuery, Query()],
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """Return one frame, upright; `width` scales it down.

    Frames are counted from 0 in presentation order. While a video is being imported, the frames
    indexed so far are available. With `file`, the start of the SHA-256 of the video's file, a
    frame of another file is refused.
    """
    with read_session() as session:
        video = get_video(session, signed_in_within(session, request), video_id)
    if not video.sha256.startswith(wanted.file):
        raise Conflict(f"The video “{video.name}” has another file now. Reload the page.")
    source = frame_source(video)
    index = source.index()
    if not 0 <= frame_index < len(index):
        raise NotFound(f"The video “{video.name}” has {len(index)} frames, none is {frame_index}.")
    # The frame's checksum keeps the tag valid even if the video's file is replaced.
    crc = int(index.luma_crc[frame_index])
    etag = f'"{video_id}-{frame_index}-{crc:08x}-{wanted.width or 0}-{wanted.quality}"'
    headers = {"ETag": etag, "Cache-Control": _FRAME_CACHING}
    if is_known(etag, if_none_match):
        return Response(status_code=304, headers=headers)
    jpeg = get_frame_server().jpeg(source, frame_index, wanted.width, wanted.quality)
    return Response(jpeg, media_type="image/jpeg", headers=headers)


class FrameTimesBody(BaseModel):
    """When frames are shown, in seconds after the first one.

    Frame ``n`` is shown at ``start_s + (n - first) * step_s`` of the last run ``[first, start_s,
    step_s]`` with ``first <= n``, which is exact to a millisecond. A constant rate is one run.
    """

    fps: float
    fps_source: FpsSource
    frame_count: int
    runs: list[tuple[int, float, float]]


@router.get(
    "/videos/{video_id}/times",
    response_model=FrameTimesBody,
    responses=NOT_MODIFIED | with_etag(),
)
@may_raise(Conflict)
def get_times(
    video_id: int, user: SignedIn, response: Response, if_none_match: Annotated[str, Header()] = ""
) -> Any:
    """Return when each frame is shown, of the frames indexed so far."""
    with read_session() as session:
        video = get_video(session, user, video_id)
    times = frame_times(video)
    frame_count = len(times.seconds)
    # Not kept without asking: a guessed rate can be corrected.
    etag = f'"{file_tag(video)}-{frame_count}-{video.fps!r}-{video.fps_source}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_known(etag, if_none_match):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return FrameTimesBody(
        fps=video.fps,
        fps_source=video.fps_source,
        frame_count=frame_count,
        runs=[(run.first, round(run.start_s, 6), run.step_s) for run in times.runs()],
    )


@router.head("/videos/{video_id}/preview", include_in_schema=False)
@router.get(
    "/videos/{video_id}/preview",
    response_class=FileResponse,
    responses=stored_file("A JPEG.", "image/jpeg"),
)
def get_preview(video_id: int, user: SignedIn) -> Response:
    """Return the thumbnail, which exists once the import has ended."""
    with read_session() as session:
        video = get_video(session, user, video_id)
    path = get_storage().path(preview_key(video_id))
    if not path.exists():
        raise NotFound(f"The video “{video.name}” has no thumbnail before its import has ended.")
    headers = {"Cache-Control": _PREVIEW_CACHING}
    return StoredFile(path, media_type="image/jpeg", headers=headers)


@router.head("/videos/{video_id}/file", include_in_schema=False)
@router.get(
    "/videos/{video_id}/file",
    response_class=FileResponse,
    responses=stored_file("The file.", "*/*"),
)
@may_raise(Conflict)
def get_file(video_id: int, user: SignedIn) -> Response:
    """Return the uploaded file or a range of it."""
    with read_session() as session:
        video = get_video(session, user, video_id)
    return _download(video)


def _download(video: Video) -> Response:
    if not video.source_key:
        raise Conflict(f"The video “{video.name}” has no file yet. Upload one first.")
    # As an attachment and without sniffing: an uploaded file must never run as a page.
    return StoredFile(
        get_storage().existing(video.source_key),
        filename=video.filename or video.name,
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private"},
    )
