"""A video's pictures over HTTP: any frame, the thumbnail, the uploaded file."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import FileResponse

from tpod_core.access import get_video
from tpod_core.db import reading
from tpod_core.models import User, Video
from tpod_core.services import videos
from tpod_core.storage import get_storage
from tpod_core.video.server import get_frame_server
from tpod_core.video.source import frame_source
from tpod_core.web.dependencies import SignedIn

router = APIRouter(prefix="/videos/{video_id}", tags=["frames"])

_A_YEAR_S = 31_536_000
MIN_WIDTH = 16


@router.get("/frames/{frame_index}", response_class=Response)
def get_frame(
    user: SignedIn,
    video_id: int,
    frame_index: int,
    width: Annotated[int | None, Query(ge=MIN_WIDTH)] = None,
    quality: Annotated[int | None, Query(ge=1, le=100)] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """One exact frame as JPEG, upright; ``width`` only ever makes it smaller."""
    video = _video(user, video_id)
    source = frame_source(video)
    etag = _etag(video, frame_index, width, quality)
    headers = {"ETag": etag, "Cache-Control": f"private, max-age={_A_YEAR_S}, immutable"}
    if if_none_match == etag and frame_index < video.frame_count:
        return Response(status_code=304, headers=headers)
    content = get_frame_server().jpeg(source, frame_index, width, quality)
    return Response(content, media_type="image/jpeg", headers=headers)


@router.get("/preview", response_class=FileResponse)
def get_preview(user: SignedIn, video_id: int) -> Response:
    """The thumbnail on the video's card."""
    _video(user, video_id)
    path = get_storage().existing(videos.preview_key(video_id))
    return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "private"})


@router.get("/file", response_class=FileResponse)
def get_file(user: SignedIn, video_id: int) -> Response:
    """The uploaded file, whole or by ranges."""
    video = _video(user, video_id)
    return FileResponse(get_storage().existing(video.source_key), filename=video.filename)


def _video(user: User, video_id: int) -> Video:
    with reading() as session:
        return get_video(session, user, video_id)


def _etag(video: Video, frame_index: int, width: int | None, quality: int | None) -> str:
    """Strong: it names the bytes that the frame is decoded from and how it is encoded."""
    parts = (video.sha256, video.playback_key, frame_index, width, quality)
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'
