"""Receives a video's file: one writer at a time, complete or not at all.

Until it is complete it is ``source.part`` in its video's directory. The writer holds the
system's lock on that file, and loses it when its process dies, so a partial file without a lock
is not being written to, however recent it is.
"""

import fcntl
import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from humanize import naturalsize

from tpod_core.access import get_video
from tpod_core.config import get_settings
from tpod_core.db import after_commit, read_session, transaction
from tpod_core.errors import Conflict, NotFound, TooLarge, TpodError
from tpod_core.events import log_after_commit
from tpod_core.log import log_event
from tpod_core.models import Job, User, VideoState, saved_id
from tpod_core.services import videos
from tpod_core.services.videos import ReceivedFile
from tpod_core.storage import full_disk_as_storage_full, get_storage, sha256_of
from tpod_core.video.probe import probe
from tpod_core.video.source import directory_key, source_key

INTERRUPTED = "The upload was interrupted. Upload the file again."
RESUMABLE_FOR_S = 24 * 3600
_WRITE_BYTES = 1024 * 1024
_paused_digests: dict[Path, tuple[int, Any]] = {}
"""By partial file: its size and the digest of its content, when a request last wrote to it."""
_SAFE_SUFFIX = re.compile(r"\.[a-z0-9]{1,15}")


def part_path(video_id: int) -> Path:
    """Returns the path of a video's file until it is complete."""
    return get_storage().path(f"{directory_key(video_id)}/source.part")


def require_acceptable_size(size_bytes: int) -> None:
    """Raises: TooLarge, StorageFull. A negative size, which is unknown, passes."""
    limit = get_settings().max_upload_bytes
    if size_bytes > limit:
        raise TooLarge(
            f"The file is larger than the {naturalsize(limit)} that this installation accepts. "
            "Cut it into parts, or ask your administrator.",
            "file",
        )
    get_storage().require_free(size_bytes)


class UploadReceiver:
    """Writes the locked file of one video. ``size_bytes`` have been received so far."""

    def __init__(self, user: User, video_id: int) -> None:
        self._user = user
        self._video_id = video_id
        self._part = part_path(video_id)
        self._file = _open_locked(self._part)
        self.size_bytes = os.fstat(self._file.fileno()).st_size
        hashed_bytes, digest = _paused_digests.pop(self._part, (0, hashlib.sha256()))
        # After a restart of the server, the file is hashed when it is complete.
        self._digest = digest if hashed_bytes == self.size_bytes else None
        self._buffer = bytearray()

    @classmethod
    def begin(cls, user: User, video_id: int) -> "UploadReceiver":
        """Start a new file, discarding the bytes of an earlier broken upload.

        Raises: NotFound; Conflict if the video already has its file or is receiving it.
        """
        with ExitStack() as on_error:
            with transaction() as session:
                videos.begin_upload(session, get_video(session, user, video_id))
                receiver = cls(user, video_id)
                on_error.callback(receiver._file.close)
                receiver._file.truncate(0)
                receiver.size_bytes, receiver._digest = 0, hashlib.sha256()
                resume_state_path(video_id).unlink(missing_ok=True)
                log_after_commit(session, "upload begun", video=video_id)
            on_error.pop_all()
        return receiver

    @classmethod
    def resume(cls, user: User, video_id: int) -> "UploadReceiver":
        """Continue after the received bytes. Raises: NotFound; Conflict while it is locked."""
        with read_session() as session:
            video = get_video(session, user, video_id)
        if video.state is not VideoState.UPLOADING or not part_path(video_id).exists():
            raise NotFound("This upload has ended or was cancelled. Start a new one.")
        return cls(user, video_id)

    def add(self, piece: bytes) -> bool:
        """Buffer ``piece``; returns true when the buffer should be flushed."""
        self.size_bytes += len(piece)
        self._buffer += piece
        return len(self._buffer) >= _WRITE_BYTES

    def flush(self) -> None:
        """Write the buffer. Raises: TooLarge, StorageFull."""
        if self.size_bytes > get_settings().max_upload_bytes:
            require_acceptable_size(self.size_bytes)
        with full_disk_as_storage_full():
            get_storage().require_free(len(self._buffer))
            self._file.write(self._buffer)
        if self._digest:
            self._digest.update(self._buffer)
        self._buffer.clear()

    def pause(self) -> None:
        """Keep the received bytes for a later request."""
        try:
            self.flush()
            if self._digest:
                _paused_digests[self._part] = self.size_bytes, self._digest
        finally:
            self._file.close()

    def finish(self, filename: str) -> Job:
        """Probe the complete file, make it the video's source, and queue its import.

        Raises: NotAVideo with the reason, NotFound; then call ``abandon``. Unavailable, also
        where the disk is full; then ``pause`` keeps the bytes for another try.
        """
        self.flush()
        if not self._part.exists():
            raise NotFound("This video was deleted while its file was arriving.")
        probe(self._part)
        clean = _clean_filename(filename)
        sha256 = self._digest.hexdigest() if self._digest else sha256_of(self._part)
        key = source_key(self._video_id, sha256, _suffix(clean))
        source = get_storage().path(key)
        with self._renamed_to(source), transaction() as session:
            video = get_video(session, self._user, self._video_id)
            # First of all, before the import can begin to write files.
            after_commit(session, lambda: self._delete_files_but(source, _resume_state(self._part)))
            received = ReceivedFile(key, clean, self.size_bytes, sha256)
            job = videos.finish_upload(session, video, received)
            log_after_commit(
                session, "upload finished", video=video.id, file=clean, size_bytes=self.size_bytes
            )
        self._file.close()
        return job

    @contextmanager
    def _renamed_to(self, source: Path) -> Iterator[None]:
        """The partial file is ``source`` after the block, unless the block fails."""
        self._part.replace(source)
        try:
            yield
        except BaseException:
            source.replace(self._part)
            raise

    def abandon(self, message: str) -> None:
        """Delete the received bytes and record ``message`` on the video.

        A file whose row has been committed stays, whatever failed afterwards.
        """
        with closing(self._file):
            if not self._has_arrived():
                log_event("upload aborted", video=self._video_id, reason=message)
                self._delete_files()
                self._record_end(message)

    def _has_arrived(self) -> bool:
        try:
            return has_arrived(self._user, self._video_id)
        except NotFound:
            return False

    def _delete_files(self) -> None:
        """Before the row is written, which on a full disk needs the room that this makes."""
        self._delete_files_but(self._part)
        self._file.truncate(0)  # the file's space is free only once it is also closed
        self._part.unlink(missing_ok=True)
        with suppress(OSError):
            self._part.parent.rmdir()  # a deleted video has no directory

    def _record_end(self, message: str) -> None:
        with transaction() as session, suppress(TpodError):
            videos.abandon_upload(session, get_video(session, self._user, self._video_id), message)

    def _delete_files_but(self, *kept: Path) -> None:
        """Delete the files that an earlier failed import may have left."""
        for path in self._part.parent.glob("*"):
            if path not in kept:
                path.unlink()


def delete_abandoned_uploads() -> None:
    """Delete uploads that no request is writing and none may resume any more."""
    with transaction() as session:
        for video in videos.list_uploading(session):
            part = part_path(saved_id(video))
            if not _is_locked(part) and not _may_be_resumed(part):
                videos.abandon_upload(session, video, INTERRUPTED)
                log_after_commit(session, "upload aborted", video=video.id, reason=INTERRUPTED)
                _paused_digests.pop(part, None)
                get_storage().delete(directory_key(saved_id(video)))


def has_arrived(user: User, video_id: int) -> bool:
    """Whether the upload is complete and its video has the file. Raises: NotFound."""
    with read_session() as session:
        video = get_video(session, user, video_id)
    return video.state not in (VideoState.CREATED, VideoState.UPLOADING)


def resume_state_path(video_id: int) -> Path:
    """Returns the file that marks an upload as resumable and holds its state.

    It stays when the upload is complete: the client asks again if the last answer was lost.
    """
    return _resume_state(part_path(video_id))


def _resume_state(part: Path) -> Path:
    return part.with_name("upload.json")


def _may_be_resumed(part: Path) -> bool:
    try:
        age_s = time.time() - part.stat().st_mtime
    except FileNotFoundError:
        return False
    return _resume_state(part).exists() and age_s < RESUMABLE_FOR_S


def _open_locked(part: Path) -> BinaryIO:
    part.parent.mkdir(parents=True, exist_ok=True)
    file = part.open("ab", buffering=0)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise Conflict("This video is already receiving its file. Wait until that ends.") from None
    return file


def _is_locked(part: Path) -> bool:
    try:
        with part.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _clean_filename(filename: str) -> str:
    """Returns the printable last component of the browser's filename; for display only."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in name if c.isprintable())[:255] or "video"


def _suffix(filename: str) -> str:
    """Returns the suffix of the stored file; its type is decided by its content."""
    suffix = PurePath(filename).suffix.lower()
    return suffix if _SAFE_SUFFIX.fullmatch(suffix) else ""
