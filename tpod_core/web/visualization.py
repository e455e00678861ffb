"""Proxies the TensorBoard of a detector's training from its process on loopback.

Paths below ``/detectors/{id}/visualization/`` are TensorBoard's own. Only users who may see the
detector can reach them.
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
from tpod_core.web.conditional import Responses
from tpod_core.web.dependencies import SignedIn

router = APIRouter(prefix="/detectors", tags=["detectors"])

_TIMEOUT_S = 60
# The user's cookie and token are not forwarded.
_REQUEST_HEADERS = (
    "accept",
    "accept-encoding",
    "content-type",
    "if-none-match",
    "if-modified-since",
)
_RESPONSE_HEADERS = (
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
_POLICY = "frame-ancestors 'self'; object-src 'none'; base-uri 'self'; form-action 'self'"
"""Beside TensorBoard's own, which allows its scripts, but every site to frame its page."""
_TENSORBOARD: Responses = {
    200: {"description": "A page or data of TensorBoard.", "content": {"*/*": {}}},
    304: {"description": "Not modified."},
    "4XX": {"description": "TensorBoard refuses the request.", "content": {"*/*": {}}},
}


@router.get("/{detector_id}/visualization", include_in_schema=False)
def get_visualization(user: SignedIn, detector_id: int, request: Request) -> RedirectResponse:
    """Redirect to the path with a slash, to which TensorBoard's links are relative."""
    return RedirectResponse(f"{request.url.path}/", status_code=307)


@router.get(
    "/{detector_id}/visualization/{path:path}",
    response_class=StreamingResponse,
    responses=_TENSORBOARD,
)
async def show_visualization(
    user: SignedIn, detector_id: int, path: str, request: Request
) -> StreamingResponse:
    """Show a training's curves in TensorBoard, which the first request starts."""
    address = await run_in_threadpool(_open, user, detector_id)
    return await _forward(request, f"{address.url}{quote(path)}")


# TensorBoard's pages read series of images and scalars by POST, which changes nothing.
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


async def _forward(request: Request, url: str) -> StreamingResponse:
    """Raises: Unavailable if the process has ended or does not answer."""
    forwarded = _client().build_request(
        request.method,
        httpx.URL(url, query=request.url.query.encode()),
        headers=_only(_REQUEST_HEADERS, request.headers),
        content=await request.body(),
    )
    try:
        response = await _client().send(forwarded, stream=True)
    except httpx.TransportError as error:
        raise Unavailable("TensorBoard does not answer. Load the page again.") from error
    headers = _only(_RESPONSE_HEADERS, response.headers)
    if policy := headers.get("content-security-policy"):
        headers["content-security-policy"] = f"{policy}, {_POLICY}"  # a browser obeys both
    return StreamingResponse(_content(response), response.status_code, headers)


async def _content(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the response's bytes as they arrive, still compressed, and close it in the end."""
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    finally:
        await response.aclose()


def _only(names: tuple[str, ...], headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}


@lru_cache(maxsize=1)
def _client() -> httpx.AsyncClient:
    """Returns a client without kept connections, so that it belongs to no event loop."""
    return httpx.AsyncClient(
        timeout=_TIMEOUT_S,
        limits=httpx.Limits(max_keepalive_connections=0),
        trust_env=False,
    )
