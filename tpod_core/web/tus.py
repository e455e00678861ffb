"""Resumable uploads: received bytes are kept, and the client continues after them.

Source: the tus protocol 1.0.0 (tus.io/protocols/resumable-upload), with the extensions
creation, termination and expiration. The metadata contains the ``video_id`` (of a video created
by ``POST /videos``) and the ``filename``.
"""

import base64
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Annotated, Any

from anyio import CancelScope, sleep, to_thread
from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from tpod_core.config import get_settings
from tpod_core.errors import (
    Conflict,
    InvalidInput,
    NotAVideo,
    NotFound,
    TooLarge,
    TpodError,
    Unavailable,
)
from tpod_core.models import User, find_row_id
from tpod_core.storage import full_disk_as_storage_full
from tpod_core.web.conditional import Responses
from tpod_core.web.dependencies import SignedIn
from tpod_core.web.openapi import may_raise
from tpod_core.web.upload_receiver import (
    RESUMABLE_FOR_S,
    UploadReceiver,
    delete_abandoned_uploads,
    has_arrived,
    require_acceptable_size,
    resume_state_path,
)

VERSION = "1.0.0"
_CONTENT_TYPE = "application/offset+octet-stream"
_SILENT_S = 2.0
"""A client that has sent nothing for so long may be gone; another request may take over."""
_RETRY_S = 0.05
_CANCELLED = "The upload was cancelled."
_Version = Annotated[str, Header(json_schema_extra={"const": VERSION})]


@may_raise(412)
def _require_protocol(response: Response, tus_resumable: _Version = "") -> None:
    """Refuse other versions of the protocol, and send ours in the response."""
    if tus_resumable != VERSION:
        raise HTTPException(
            412, f"Send the header Tus-Resumable: {VERSION}.", {"Tus-Version": VERSION}
        )
    response.headers["Tus-Resumable"] = VERSION


router = APIRouter(prefix="/uploads", tags=["uploads"])
Tus = Depends(_require_protocol)


def _answer(status: int, description: str, *names: str) -> Responses:
    headers = {name: {"required": True, "schema": {"type": "string"}} for name in names}
    return {status: {"description": description, "headers": headers}}


_DESCRIBED = _answer(
    204, "What the server can do.", "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size"
)
_CREATED = _answer(201, "The upload.", "Tus-Resumable", "Location", "Upload-Expires")
_OFFSET = _answer(200, "The offset.", "Tus-Resumable", "Upload-Offset", "Upload-Length")
_APPENDED = _answer(204, "Received.", "Tus-Resumable", "Upload-Offset", "Upload-Expires")
_TERMINATED = _answer(204, "Cancelled.", "Tus-Resumable")
_BYTES: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {_CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}


class UploadState(BaseModel):
    """The state kept between the requests of one upload, in a file beside the partial one."""

    secret: str
    length: int
    filename: str


@router.options("", status_code=204, responses=_DESCRIBED)
def describe() -> Response:
    """Return the supported version and extensions of the protocol."""
    return Response(
        status_code=204,
        headers={
            "Tus-Resumable": VERSION,
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,termination,expiration",
            "Tus-Max-Size": str(get_settings().max_upload_bytes),
        },
    )


@router.post("", status_code=201, dependencies=[Tus], response_class=Response, responses=_CREATED)
@may_raise(NotFound, Conflict, TooLarge)
def create(
    user: SignedIn,
    request: Request,
    response: Response,
    upload_length: Annotated[int, Header(ge=1)],
    upload_metadata: Annotated[str, Header()] = "",
) -> None:
    """Start an upload; send its bytes to the ``Location`` of the response."""
    metadata = _read_metadata(upload_metadata)
    video_id = find_row_id(metadata.get("video_id", ""))
    if video_id is None:
        raise InvalidInput("Upload-Metadata must name the video_id.", "video_id")
    require_acceptable_size(upload_length)
    delete_abandoned_uploads()
    receiver = UploadReceiver.begin(user, video_id)
    state = UploadState(
        secret=secrets.token_hex(8), length=upload_length, filename=metadata.get("filename", "")
    )
    with full_disk_as_storage_full():
        resume_state_path(video_id).write_text(state.model_dump_json(), "utf-8")
    receiver.pause()
    path = request.scope.get("root_path", "") + router.prefix
    response.headers["Location"] = f"{path}/{video_id}-{state.secret}"
    response.headers["Upload-Expires"] = _expiry()


@router.head("/{upload_id}", dependencies=[Tus], response_class=Response, responses=_OFFSET)
@may_raise(Conflict)
async def offset(upload_id: str, user: SignedIn, response: Response) -> None:
    """Return the number of bytes received so far: all, once the upload is complete.

    Where the last bytes have arrived, but the request that brought them was cut off, this one
    queues the import: clients take a full offset for the end.
    """
    video_id, state = await to_thread.run_sync(_find, upload_id)
    try:
        receiver = await _take_over(user, video_id)
    except NotFound:
        if not await to_thread.run_sync(has_arrived, user, video_id):
            raise
        size_bytes = state.length
    else:
        size_bytes = receiver.size_bytes
        await _pause_or_finish(receiver, state)
    response.headers["Upload-Offset"] = str(size_bytes)
    response.headers["Upload-Length"] = str(state.length)
    response.headers["Cache-Control"] = "no-store"


@router.patch(
    "/{upload_id}",
    status_code=204,
    dependencies=[Tus],
    responses=_APPENDED,
    openapi_extra=_BYTES,
)
@may_raise(Conflict, NotAVideo)
async def append(
    upload_id: str,
    user: SignedIn,
    request: Request,
    response: Response,
    upload_offset: Annotated[int, Header(ge=0)],
    content_type: Annotated[str, Header(include_in_schema=False)] = "",
) -> None:
    """Receive the next bytes; after the last ones, queue the import."""
    if content_type != _CONTENT_TYPE:
        raise HTTPException(415, f"Send the bytes as {_CONTENT_TYPE}.")
    video_id, state = await to_thread.run_sync(_find, upload_id)
    receiver = await _take_over(user, video_id)
    if upload_offset != receiver.size_bytes:
        receiver.pause()
        raise Conflict(f"{receiver.size_bytes} bytes have arrived. Continue from there.")
    try:
        with _reading(video_id) as reading:
            await _receive(request, receiver, state, reading)
    except ClientDisconnect:
        await to_thread.run_sync(receiver.pause)
        raise InvalidInput("The connection broke. Request the offset and continue.") from None
    except TpodError as error:
        await to_thread.run_sync(receiver.abandon, error.message)
        raise
    except BaseException:
        # A server that shuts down keeps the received bytes until after its restart.
        receiver.pause()
        raise
    await _pause_or_finish(receiver, state)
    if reading.scope.cancelled_caught:
        raise Conflict("This upload goes on over another connection.")
    response.headers["Upload-Offset"] = str(receiver.size_bytes)
    response.headers["Upload-Expires"] = _expiry()


async def _pause_or_finish(receiver: UploadReceiver, state: UploadState) -> None:
    """Queue the import if all bytes are there.

    Raises: Unavailable, also where the disk is full, with the bytes kept.
    """
    if receiver.size_bytes < state.length:
        await to_thread.run_sync(receiver.pause)
        return
    try:
        await to_thread.run_sync(receiver.finish, state.filename)
    except Unavailable:
        await to_thread.run_sync(receiver.pause)
        raise
    except TpodError as error:
        await to_thread.run_sync(receiver.abandon, error.message)
        raise
    except BaseException:
        receiver.pause()
        raise


class _Reading:
    """A request that receives an upload; a newer one may end it."""

    def __init__(self) -> None:
        self.scope = CancelScope()
        self.heard_at = time.monotonic()

    @property
    def is_silent(self) -> bool:
        return time.monotonic() - self.heard_at > _SILENT_S


_readings: dict[int, _Reading] = {}
"""By video, in this process."""


@contextmanager
def _reading(video_id: int) -> Iterator[_Reading]:
    reading = _readings[video_id] = _Reading()
    try:
        with reading.scope:
            yield reading
    finally:
        del _readings[video_id]


async def _take_over(user: User, video_id: int) -> UploadReceiver:
    """Continue an upload, also if a request whose connection has died still waits for its bytes.

    Raises: NotFound; Conflict while the upload is being received or checked.
    """
    gives_up_at = time.monotonic() + 2 * _SILENT_S
    while True:
        try:
            return await to_thread.run_sync(UploadReceiver.resume, user, video_id)
        except Conflict:
            reading = _readings.get(video_id)
            if reading and reading.is_silent:
                reading.scope.cancel()
            if time.monotonic() > gives_up_at:
                raise
        await sleep(_RETRY_S)


async def _receive(
    request: Request, receiver: UploadReceiver, state: UploadState, reading: _Reading
) -> None:
    async for piece in request.stream():
        reading.heard_at = time.monotonic()
        if receiver.size_bytes + len(piece) > state.length:
            raise InvalidInput(f"More than the announced {state.length} bytes arrived.")
        if receiver.add(piece):
            await to_thread.run_sync(receiver.flush)


@router.delete("/{upload_id}", status_code=204, dependencies=[Tus], responses=_TERMINATED)
@may_raise(Conflict)
async def terminate(upload_id: str, user: SignedIn) -> None:
    """Cancel the upload and delete its bytes; a complete one stays."""
    video_id, _ = await to_thread.run_sync(_find, upload_id)
    receiver = await _take_over(user, video_id)
    await to_thread.run_sync(receiver.abandon, _CANCELLED)


def _find(upload_id: str) -> tuple[int, UploadState]:
    """Returns the video and the state of an upload. Raises: NotFound."""
    number, _, secret = upload_id.partition("-")
    try:
        state = UploadState.model_validate_json(resume_state_path(int(number)).read_bytes())
    except (ValueError, FileNotFoundError):
        state = None
    if state is None or not secrets.compare_digest(state.secret.encode(), secret.encode()):
        raise NotFound("This upload has ended or was cancelled. Start a new one.")
    return int(number), state


def _expiry() -> str:
    """Returns the time after which the upload is deleted unless more bytes arrive."""
    return formatdate(time.time() + RESUMABLE_FOR_S, usegmt=True)


def _read_metadata(header: str) -> dict[str, str]:
    """Parse ``key base64, key base64``, the protocol's notation."""
    found = {}
    for pair in header.split(","):
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode("utf-8")
        except ValueError:
            raise InvalidInput("Upload-Metadata is not key and base64 pairs.") from None
    return found
