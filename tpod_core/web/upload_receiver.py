"""A video's file on its way to disk: one writer at a time, whole or not at all.

Until it is whole it lies in its video's directory as ``source.part``. Whoever writes holds the
system's lock on that file, and a process that dies loses it: so a part that nobody holds is
not being written to, however recent it is.
"""

import fcntl
import hashlib
import os
import re
import time
from contextlib import suppress
from pathlib import Path, PurePath
from typing import BinaryIO

from humanize import naturalsize

from tpod_core.access import get_video
from tpod_core.config import get_settings
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict, NotFound, TooLarge, TpodError
from tpod_core.log import get_logger
from tpod_core.models import Job, User, VideoState, saved_id
from tpod_core.services import videos
from tpod_core.services.videos import ReceivedFile
from tpod_core.storage import full_disk_as_storage_full, get_storage, sha256_of
from tpod_core.video.probe import probe
from tpod_core.video.source import directory_key

INTERRUPTED = "The upload was interrupted. Upload the file again."
RESUMABLE_FOR_S = 24 * 3600
_WRITE_BYTES = 1024 * 1024
_PLAIN_SUFFIX = re.compile(r"\.[a-z0-9]{1,15}")
_log = get_logger(__name__)


def part_path(video_id: int) -> Path:
    """Where a video's file grows until it is whole."""
    return get_storage().path(f"{directory_key(video_id)}/source.part")


def require_acceptable_size(size_bytes: int) -> None:
    """Raises: TooLarge, StorageFull. A negative or unknown size passes here."""
    limit = get_settings().max_upload_bytes
    if size_bytes > limit:
        raise TooLarge(
            f"The file is larger than the {naturalsize(limit)} that this installation accepts. "
            "Cut it into parts, or ask your administrator.",
            "file",
        )
    get_storage().require_free(size_bytes)


class UploadReceiver:
    """The file of one video, held for writing. ``size_bytes`` have been taken so far."""

    def __init__(self, user: User, video_id: int) -> None:
        self._user = user
        self._video_id = video_id
        self._part = part_path(video_id)
        self._file = _hold(self._part)
        self.size_bytes = os.fstat(self._file.fileno()).st_size
        # A file that goes on where an earlier request ended is hashed when it is whole.
        self._digest = None if self.size_bytes else hashlib.sha256()
        self._buffer = bytearray()

    @classmethod
    def begin(cls, user: User, video_id: int) -> "UploadReceiver":
        """A new file. What an upload that died has left is thrown away.

        Raises: NotFound; Conflict if the video has its data, or is receiving it.
        """
        with transaction() as session:
            videos.begin_upload(session, get_video(session, user, video_id))
            incoming = cls(user, video_id)
            incoming._file.truncate(0)
            incoming.size_bytes, incoming._digest = 0, hashlib.sha256()
        return incoming

    @classmethod
    def resume(cls, user: User, video_id: int) -> "UploadReceiver":
        """Go on at the end of what has arrived. Raises: NotFound, Conflict while held."""
        with read_session() as session:
            video = get_video(session, user, video_id)
        if video.state is not VideoState.UPLOADING or not part_path(video_id).exists():
            raise NotFound("This upload has ended or was given up. Begin a new one.")
        return cls(user, video_id)

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
        if self._digest:
            self._digest.update(self._buffer)
        self._buffer.clear()

    def pause(self) -> None:
        """Keep what has arrived for a later request."""
        try:
            self.flush()
        finally:
            self._file.close()

    def finish(self, filename: str) -> Job:
        """Look at the whole file, make it the video's source, and queue its import.

        Raises: NotAVideo with the reason, StorageFull, NotFound; ``abandon`` is due then.
        """
        self.flush()
        if not self._part.exists():
            raise NotFound("This video was deleted while its file was arriving.")
        probe(self._part)
        clean = _clean_filename(filename)
        key = f"{directory_key(self._video_id)}/source{_suffix(clean)}"
        sha256 = self._digest.hexdigest() if self._digest else sha256_of(self._part)
        with transaction() as session:
            video = get_video(session, self._user, self._video_id)
            self._remove_all_but_the_part()
            self._part.replace(get_storage().path(key))
            received = ReceivedFile(key, clean, self.size_bytes, sha256)
            job = videos.finish_upload(session, video, received)
        self._file.close()
        return job

    def abandon(self, message: str) -> None:
        """Leave nothing behind but a sentence on the card."""
        _log.info("upload of video %s abandoned: %s", self._video_id, message)
        with transaction() as session, suppress(TpodError):
            videos.abandon_upload(session, get_video(session, self._user, self._video_id), message)
        self._remove_all_but_the_part()
        self._part.unlink(missing_ok=True)
        with suppress(OSError):
            self._part.parent.rmdir()  # a video that was deleted meanwhile has none
        self._file.close()

    def _remove_all_but_the_part(self) -> None:
        """An import that failed earlier may have left files of another upload."""
        for path in self._part.parent.glob("*"):
            if path != self._part:
                path.unlink()


def drop_dead_uploads() -> None:
    """Give up what no request is writing and none may resume: a server died, or time is up."""
    with transaction() as session:
        for video in videos.list_uploading(session):
            part = part_path(saved_id(video))
            if not _is_held(part) and not _may_be_resumed(part):
                videos.abandon_upload(session, video, INTERRUPTED)
                get_storage().delete(directory_key(saved_id(video)))


def resume_note_path(video_id: int) -> Path:
    """Where it is written that requests to come may go on with the part."""
    return _resume_note(part_path(video_id))


def _resume_note(part: Path) -> Path:
    return part.with_name("upload.json")


def _may_be_resumed(part: Path) -> bool:
    try:
        age_s = time.time() - part.stat().st_mtime
    except FileNotFoundError:
        return False
    return _resume_note(part).exists() and age_s < RESUMABLE_FOR_S


def _hold(part: Path) -> BinaryIO:
    part.parent.mkdir(parents=True, exist_ok=True)
    file = part.open("ab", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise Conflict("This video is receiving its file already. Wait until that ends.") from None
    return file


def _is_held(part: Path) -> bool:
    try:
        with part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _clean_filename(filename: str) -> str:
    """The last part of what the browser says, printable; a name for people, never a path."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[:255] or "video"


def _suffix(filename: str) -> str:
    """The ending that the stored file keeps; what is in the file decides what it is."""
    suffix = PurePath(filename).suffix.lower()
    return suffix if _PLAIN_SUFFIX.fullmatch(suffix) else ""
