"""A video file in one request: multipart, streamed to disk, never held in memory."""

from anyio import to_thread
from fastapi import APIRouter, Request
from humanize import naturalsize
from starlette.requests import ClientDisconnect

from tpod_core.errors import InvalidInput, TpodError
from tpod_core.web.dependencies import SignedIn
from tpod_core.web.jobs import JobBody
from tpod_core.web.multipart import FileField
from tpod_core.web.upload_receiver import INTERRUPTED, UploadReceiver, require_acceptable_size

router = APIRouter(tags=["uploads"])

_FORM_OVERHEAD_BYTES = 64 * 1024
_CUT_OFF = "The upload was cut off after {}. Upload the file again."


@router.post("/videos/{video_id}/data", status_code=202)
async def upload(video_id: int, request: Request, user: SignedIn) -> JobBody:
    """Receive a video file (multipart field ``file``) and queue its import.

    Errors leave neither file nor half a row: the video waits for another try.
    """
    announced = int(request.headers.get("Content-Length") or 0)
    require_acceptable_size(announced - _FORM_OVERHEAD_BYTES)
    field = FileField(request)
    incoming = await to_thread.run_sync(UploadReceiver.begin, user, video_id)
    try:
        async for piece in field.pieces():
            if incoming.take(piece):
                await to_thread.run_sync(incoming.flush)
        return JobBody.of(await to_thread.run_sync(incoming.finish, field.filename or ""))
    except ClientDisconnect:
        message = _CUT_OFF.format(naturalsize(incoming.size_bytes))
        await to_thread.run_sync(incoming.abandon, message)
        raise InvalidInput(message) from None
    except TpodError as error:
        await to_thread.run_sync(incoming.abandon, error.message)
        raise
    except BaseException:
        # A server that is shutting down cancels this task; the row must not stay "uploading".
        incoming.abandon(INTERRUPTED)
        raise
