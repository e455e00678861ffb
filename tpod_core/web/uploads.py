"""Receives a video file in one multipart request, streamed to disk."""

from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from humanize import naturalsize
from starlette.requests import ClientDisconnect

from tpod_core.errors import Conflict, InvalidInput, NotAVideo, TpodError
from tpod_core.web.dependencies import SignedIn
from tpod_core.web.jobs import JobBody
from tpod_core.web.multipart import FileField
from tpod_core.web.openapi import may_raise
from tpod_core.web.upload_receiver import INTERRUPTED, UploadReceiver, require_acceptable_size

router = APIRouter(tags=["uploads"])

_FORM_OVERHEAD_BYTES = 64 * 1024
_FILE_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}
_CUT_OFF = "The upload was cut off after {}. Upload the file again."


@router.post("/videos/{video_id}/data", status_code=202, openapi_extra=_FILE_FORM)
@may_raise(Conflict, NotAVideo)
async def upload(video_id: int, request: Request, user: SignedIn) -> JobBody:
    """Receive a video file (multipart field ``file``) and queue its import.

    After an error no partial file remains, and the video waits for another upload.
    """
    announced = int(request.headers.get("Content-Length") or 0)
    require_acceptable_size(announced - _FORM_OVERHEAD_BYTES)
    field = FileField(request)
    receiver = await to_thread.run_sync(UploadReceiver.begin, user, video_id)
    try:
        async for piece in field.pieces():
            if receiver.add(piece):
                await to_thread.run_sync(receiver.flush)
        return JobBody.of(await to_thread.run_sync(receiver.finish, field.filename or ""))
    except ClientDisconnect:
        message = _CUT_OFF.format(naturalsize(receiver.size_bytes))
        await to_thread.run_sync(receiver.abandon, message)
        raise InvalidInput(message) from None
    except TpodError as error:
        await to_thread.run_sync(receiver.abandon, error.message)
        raise
    except BaseException:
        # A server that shuts down cancels this task; the row must not stay "uploading".
        receiver.abandon(INTERRUPTED)
        raise
