"""Resumable uploads: what has arrived stays, and the client goes on where it was cut.

Source: the tus protocol 1.0.0 (tus.io/protocols/resumable-upload), with the extensions
creation, termination and expiration. The metadata names the ``video_id`` (a video made by
``POST /videos``) and the ``filename``.
"""

import base64
import secrets
import time
from email.utils import formatdate
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from tpod_core.config import get_settings
from tpod_core.errors import Conflict, InvalidInput, NotFound, TpodError
from tpod_core.storage import full_disk_as_storage_full
from tpod_core.web.dependencies import SignedIn
from tpod_core.web.upload_receiver import (
    RESUMABLE_FOR_S,
    UploadReceiver,
    drop_dead_uploads,
    require_acceptable_size,
    resume_note_path,
)

VERSION = "1.0.0"
_CONTENT_TYPE = "application/offset+octet-stream"
_CANCELLED = "The upload was cancelled."


def _speak_tus(response: Response, tus_resumable: Annotated[str, Header()] = "") -> None:
    """Refuse another version of the protocol, and say ours in the answer."""
    if tus_resumable != VERSION:
        raise HTTPException(
            412, f"Send the header Tus-Resumable: {VERSION}.", {"Tus-Version": VERSION}
        )
    response.headers["Tus-Resumable"] = VERSION


router = APIRouter(prefix="/uploads", tags=["uploads"])
Tus = Depends(_speak_tus)


class Note(BaseModel):
    """What is remembered between the requests of one upload, beside its part."""

    secret: str
    length: int
    filename: str


@router.options("", status_code=204)
def describe() -> Response:
    """What this server speaks."""
    return Response(
        status_code=204,
        headers={
            "Tus-Resumable": VERSION,
            "Tus-Version": VERSION,
            "Tus-Extension": "creation,termination,expiration",
            "Tus-Max-Size": str(get_settings().max_upload_bytes),
        },
    )


@router.post("", status_code=201, dependencies=[Tus])
def create(
    user: SignedIn,
    request: Request,
    response: Response,
    upload_length: Annotated[int, Header(ge=1)],
    upload_metadata: Annotated[str, Header()] = "",
) -> None:
    """Begin an upload; the answer's ``Location`` takes its bytes."""
    metadata = _read_metadata(upload_metadata)
    if not metadata.get("video_id", "").isdecimal():
        raise InvalidInput("Upload-Metadata must name the video_id.", "video_id")
    require_acceptable_size(upload_length)
    drop_dead_uploads()
    video_id = int(metadata["video_id"])
    incoming = UploadReceiver.begin(user, video_id)
    note = Note(
        secret=secrets.token_hex(8), length=upload_length, filename=metadata.get("filename", "")
    )
    with full_disk_as_storage_full():
        resume_note_path(video_id).write_text(note.model_dump_json(), "utf-8")
    incoming.pause()
    path = request.scope.get("root_path", "") + router.prefix
    response.headers["Location"] = f"{path}/{video_id}-{note.secret}"
    response.headers["Upload-Expires"] = _expiry()


@router.head("/{upload_id}", dependencies=[Tus])
def offset(upload_id: str, user: SignedIn, response: Response) -> None:
    """How much has arrived."""
    video_id, note = _find(upload_id)
    incoming = UploadReceiver.resume(user, video_id)
    incoming.pause()
    response.headers["Upload-Offset"] = str(incoming.size_bytes)
    response.headers["Upload-Length"] = str(note.length)
    response.headers["Cache-Control"] = "no-store"


@router.patch("/{upload_id}", status_code=204, dependencies=[Tus])
async def append(
    upload_id: str,
    user: SignedIn,
    request: Request,
    response: Response,
    upload_offset: Annotated[int, Header(ge=0)],
    content_type: Annotated[str, Header()] = "",
) -> None:
    """Take the next bytes; the last of them queue the import."""
    if content_type != _CONTENT_TYPE:
        raise HTTPException(415, f"Send the bytes as {_CONTENT_TYPE}.")
    video_id, note = await to_thread.run_sync(_find, upload_id)
    incoming = await to_thread.run_sync(UploadReceiver.resume, user, video_id)
    if upload_offset != incoming.size_bytes:
        incoming.pause()
        raise Conflict(f"{incoming.size_bytes} bytes have arrived. Go on from there.")
    try:
        await _receive(request, incoming, note)
    except ClientDisconnect:
        await to_thread.run_sync(incoming.pause)
        raise InvalidInput("The connection broke. Ask for the offset, and go on.") from None
    except TpodError as error:
        await to_thread.run_sync(incoming.abandon, error.message)
        raise
    except BaseException:
        # A server that is shutting down keeps what has arrived, for after its restart.
        incoming.pause()
        raise
    response.headers["Upload-Offset"] = str(incoming.size_bytes)
    response.headers["Upload-Expires"] = _expiry()


async def _receive(request: Request, incoming: UploadReceiver, note: Note) -> None:
    async for piece in request.stream():
        if incoming.size_bytes + len(piece) > note.length:
            raise InvalidInput(f"More bytes came than the {note.length} that were announced.")
        if incoming.take(piece):
            await to_thread.run_sync(incoming.flush)
    if incoming.size_bytes < note.length:
        await to_thread.run_sync(incoming.pause)
    else:
        await to_thread.run_sync(incoming.finish, note.filename)


@router.delete("/{upload_id}", status_code=204, dependencies=[Tus])
def terminate(upload_id: str, user: SignedIn) -> None:
    """Give up; nothing of it stays."""
    video_id, _ = _find(upload_id)
    UploadReceiver.resume(user, video_id).abandon(_CANCELLED)


def _find(upload_id: str) -> tuple[int, Note]:
    """The video of an upload, and what is remembered of it. Raises: NotFound."""
    number, _, secret = upload_id.partition("-")
    try:
        note = Note.model_validate_json(resume_note_path(int(number)).read_bytes())
    except (ValueError, FileNotFoundError):
        note = None
    if note is None or not secrets.compare_digest(note.secret.encode(), secret.encode()):
        raise NotFound("This upload has ended or was given up. Begin a new one.")
    return int(number), note


def _expiry() -> str:
    """When an upload that nobody goes on with is given up."""
    return formatdate(time.time() + RESUMABLE_FOR_S, usegmt=True)


def _read_metadata(header: str) -> dict[str, str]:
    """``key base64, key base64``; the protocol's own notation."""
    found = {}
    for pair in header.split(","):
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode("utf-8")
        except ValueError:
            raise InvalidInput("Upload-Metadata is not key and base64 pairs.") from None
    return found
