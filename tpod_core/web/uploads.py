"""Video files on their way in: streamed to disk, never held in memory."""

import hashlib
import time
from contextlib import suppress
from pathlib import Path, PurePath

from anyio import to_thread
from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect

from tpod_core.access import get_video
from tpod_core.config import get_settings
from tpod_core.db import transaction
from tpod_core.errors import InvalidInput, TooLarge, TpodError
from tpod_core.log import get_logger
from tpod_core.models import User
from tpod_core.services import videos
from tpod_core.services.videos import ReceivedFile
from tpod_core.storage import full_disk_as_storage_full, get_storage
from tpod_core.video.probe import probe
from tpod_core.web.dependencies import SignedIn
from tpod_core.web.jobs import JobBody
from tpod_core.web.multipart import FileField

router = APIRouter(tags=["uploads"])

_WRITE_BYTES = 1024 * 1024
_FORM_OVERHEAD_BYTES = 64 * 1024
_STALE_AFTER_S = 60.0
_CUT_OFF = "The upload was cut off after {:.1f} MB. Upload the file again."
_log = get_logger(__name__)


@router.post("/videos/{video_id}/data", status_code=202)
async def upload(video_id: int, request: Request, user: SignedIn) -> JobBody:
    """Receive a video file (multipart field ``file``) and queue its import.

    Errors leave neither file nor half a row: the video waits for another try.
    """
    announced = int(request.headers.get("Content-Length") or 0)
    require_acceptable_size(announced - _FORM_OVERHEAD_BYTES)
    field = FileField(request)
    incoming = await to_thread.run_sync(Incoming.begin, user, video_id)
    try:
        async for piece in field.pieces():
            if incoming.take(piece):
                await to_thread.run_sync(incoming.flush)
        return await to_thread.run_sync(incoming.finish, field.filename or "")
    except ClientDisconnect:
        message = _CUT_OFF.format(incoming.size_bytes / 1e6)
        await to_thread.run_sync(incoming.abandon, message)
        raise InvalidInput(message) from None
    except TpodError as error:
        await to_thread.run_sync(incoming.abandon, error.message)
        raise
    except BaseException:
        # A server that is shutting down cancels this task; the row must not stay "uploading".
        incoming.abandon("The upload was interrupted. Upload the file again.")
        raise


def require_acceptable_size(size_bytes: int) -> None:
    """Raises: TooLarge, StorageFull. A negative or unknown size passes here."""
    limit = get_settings().max_upload_bytes
    if size_bytes > limit:
        raise TooLarge(
            f"The file is larger than the {limit / 1e9:.1f} GB that this installation accepts. "
            "Cut it into parts, or ask your administrator.",
            "file",
        )
    get_storage().require_free(size_bytes)


class Incoming:
    """A file that is being received for one video."""

    def __init__(self, user: User, video_id: int, part: Path) -> None:
        self.size_bytes = 0
        self._user = user
        self._video_id = video_id
        self._part = part
        self._file = part.open("wb")
        self._digest = hashlib.sha256()
        self._buffer = bytearray()

    @classmethod
    def begin(cls, user: User, video_id: int) -> "Incoming":
        """Raises: NotFound, Conflict if the video cannot take a file."""
        part = get_storage().path(f"{videos.directory_key(video_id)}/source.part")
        with transaction() as session:
            video = get_video(session, user, video_id)
            videos.begin_upload(session, video, stale=_is_stale(part))
        part.parent.mkdir(parents=True, exist_ok=True)
        return cls(user, video_id, part)

    def take(self, piece: bytes) -> bool:
        """Hold ``piece``; True when enough has come together to be worth a ``flush``."""
        self.size_bytes += len(piece)
        self._buffer += piece
        return len(self._buffer) >= _WRITE_BYTES

    def flush(self) -> None:
        """Raises: TooLarge, StorageFull."""
        if self.size_bytes > get_settings().max_upload_bytes:
            require_acceptable_size(self.size_bytes)
        with full_disk_as_storage_full():
            get_storage().require_free(len(self._buffer))
            self._file.write(self._buffer)
        self._digest.update(self._buffer)
        self._buffer.clear()

    def finish(self, filename: str) -> JobBody:
        """Look at the whole file and queue its import. Raises: NotAVideo, StorageFull."""
        self.flush()
        self._file.close()
        return take_over(self._user, self._video_id, self._part, filename, self._digest.hexdigest())

    def abandon(self, message: str) -> None:
        """Leave nothing behind but a sentence on the card."""
        self._file.close()
        self._part.unlink(missing_ok=True)
        with suppress(OSError):
            self._part.parent.rmdir()  # only if it is empty: a failed import may have left more
        _log.info("upload of video %s abandoned: %s", self._video_id, message)
        with transaction() as session, suppress(TpodError):
            videos.abandon_upload(session, get_video(session, self._user, self._video_id), message)


def take_over(user: User, video_id: int, part: Path, filename: str, sha256: str) -> JobBody:
    """Make a whole file the source of a video that is in state "uploading".

    Raises: NotAVideo with the reason, and the file stays where it was.
    """
    probe(part)
    clean = PurePath(filename.replace("\\", "/")).name[:255] or "video"
    key = f"{videos.directory_key(video_id)}/source{PurePath(clean).suffix.lower()[:16]}"
    with transaction() as session:
        video = get_video(session, user, video_id)
        size_bytes = part.stat().st_size
        part.replace(get_storage().path(key))
        job = videos.finish_upload(session, video, ReceivedFile(key, clean, size_bytes, sha256))
    return JobBody.of(job)


def _is_stale(part: Path) -> bool:
    """Whether an upload that has a part file, or lost it, has stopped writing."""
    try:
        return time.time() - part.stat().st_mtime > _STALE_AFTER_S
    except FileNotFoundError:
        return True
