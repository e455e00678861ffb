"""TensorBoard of one detector's training, passed on from its process on loopback.

A path below ``/detectors/{id}/visualization/`` is one of TensorBoard's own; whoever may not
see the detector does not reach it.
"""

from collections.abc import AsyncIterator, Mapping
from functools import lru_cache
from urllib.parse import quote

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.concurrency import run_in_threadpool

from tpod_core.access import get_detector
from tpod_core.db import read_session
from tpod_core.detectors.paths import events_key
from tpod_core.errors import Unavailable
from tpod_core.models import saved_id
from tpod_core.storage import get_storage
from tpod_core.tensorboard import get_tensorboards
from tpod_core.tensorboard.pool import Address
from tpod_core.web.dependencies import SignedIn

router = APIRouter(prefix="/detectors", tags=["detectors"])

_ANSWERS_WITHIN_S = 60
# Who asks is between the browser and us: neither its cookie nor its token is passed on.
_ASKED = ("accept", "accept-encoding", "content-type", "if-none-match", "if-modified-since")
_ANSWERED = (
    "cache-control",
    "content-encoding",
    "content-length",
    "content-security-policy",
    "content-type",
    "etag",
    "last-modified",
    "vary",
    "x-content-type-options",
)


@router.get("/{detector_id}/visualization", include_in_schema=False)
def get_visualization(user: SignedIn, detector_id: int, request: Request) -> RedirectResponse:
    """TensorBoard's own links are relative to a path that ends in a slash."""
    return RedirectResponse(f"{request.url.path}/", status_code=307)


@router.get("/{detector_id}/visualization/{path:path}", response_class=StreamingResponse)
async def show_visualization(
    user: SignedIn, detector_id: int, path: str, request: Request
) -> StreamingResponse:
    """The curves of a training in TensorBoard, which is started by the first request."""
    address = await run_in_threadpool(_open, user, detector_id)
    return await _pass_on(request, f"{address.url}{quote(path)}")


# TensorBoard asks for series of pictures and figures by POST; it changes nothing.
router.add_api_route(
    "/{detector_id}/visualization/{path:path}",
    show_visualization,
    methods=["POST"],
    response_class=StreamingResponse,
    include_in_schema=False,
)


def _open(user: SignedIn, detector_id: int) -> Address:
    with read_session() as session:
        detector = get_detector(session, user, detector_id)
    return get_tensorboards().open(get_storage().path(events_key(saved_id(detector))))


async def _pass_on(request: Request, url: str) -> StreamingResponse:
    """Raises: Unavailable if the process is gone or does not answer."""
    asked = _client().build_request(
        request.method,
        httpx.URL(url, query=request.url.query.encode()),
        headers=_only(_ASKED, request.headers),
        content=await request.body(),
    )
    try:
        answer = await _client().send(asked, stream=True)
    except httpx.TransportError as error:
        raise Unavailable("TensorBoard does not answer. Load the page again.") from error
    return StreamingResponse(_content(answer), answer.status_code, _only(_ANSWERED, answer.headers))


async def _content(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The answer's bytes as they come, compressed as they are; closed however that ends."""
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def _only(names: tuple[str, ...], headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}


@lru_cache(maxsize=1)
def _client() -> httpx.AsyncClient:
    """Keeps no connection, so that it belongs to no event loop."""
    return httpx.AsyncClient(
        timeout=_ANSWERS_WITHIN_S,
        limits=httpx.Limits(max_keepalive_connections=0),
        trust_env=False,
    )
