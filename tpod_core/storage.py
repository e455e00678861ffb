"""Stores all files below the data directory, by key: a relative path with ``/`` separators.

No other module builds paths. Files are written beside their target and renamed into place, so
no incomplete file is ever visible under its key.
"""

import ctypes
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from uuid import uuid4

from humanize import naturalsize

from tpod_core.config import get_settings
from tpod_core.errors import InvalidInput, NotFound, StorageFull

DISK_FULL = "The disk is full. Delete videos or ask your administrator for space."
_PART_SUFFIX = ".part"
_PART_PATTERN = f"*.{'?' * 8}{_PART_SUFFIX}"
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2
_MAX_PART_DEPTH = 4
"""The greatest depth below the root of files and directories that are written this way."""


@dataclass(frozen=True)
class Storage:
    """Stores files below ``root``, and keeps ``min_free_bytes`` of its disk free."""

    root: Path
    min_free_bytes: int = 0

    def path(self, key: str) -> Path:
        """Returns the path of ``key``, which need not exist. Raises: InvalidInput outside root."""
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts:
            raise InvalidInput(f"{key!r} is not a place in the data directory.")
        return self.root.joinpath(*parts)

    def existing(self, key: str) -> Path:
        """Returns the path of an existing file or directory. Raises: NotFound."""
        path = self.path(key)
        if not key or not path.exists():
            raise NotFound(f"The file {key!r} is not there any more.")
        return path

    @contextmanager
    def writing(self, key: str) -> Iterator[BinaryIO]:
        """Opens a file that appears under ``key`` when the block ends without an exception.

        Raises: StorageFull; the incomplete file is then deleted.
        """
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = _part_beside(target)
        with full_disk_as_storage_full():
            try:
                with part.open("wb") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)

    def write(self, key: str, content: bytes) -> Path:
        """Write ``content`` to ``key`` atomically."""
        with self.writing(key) as file:
            file.write(content)
        return self.path(key)

    @contextmanager
    def making_directory(self, key: str) -> Iterator[Path]:
        """Yields an empty directory that replaces ``key`` if the block ends without exception."""
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = _part_beside(target)
        with full_disk_as_storage_full():
            try:
                part.mkdir()
                yield part
                _replace_directory(part, target)
            finally:
                shutil.rmtree(part, ignore_errors=True)

    def discard_parts(self, key: str) -> None:
        """Delete what killed writers of ``key`` left behind; only its current writer may call."""
        target = self.path(key)
        for part in target.parent.glob(f"{target.name}.*{_PART_SUFFIX}"):
            self.delete(part.relative_to(self.root).as_posix())

    def discard_old_parts(self, before: datetime) -> int:
        """Delete what killed writers left behind before a time; returns how many parts."""
        patterns = ("*/" * depth + _PART_PATTERN for depth in range(_MAX_PART_DEPTH))
        old = [
            part
            for pattern in patterns
            for part in self.root.glob(pattern)
            if part.lstat().st_mtime < before.timestamp()
        ]
        for part in old:
            self.delete(part.relative_to(self.root).as_posix())
        return len(old)

    def delete(self, key: str) -> None:
        """Delete a file or a whole directory, if it exists."""
        path = self.path(key)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """Returns how many bytes may still be written."""
        self.root.mkdir(parents=True, exist_ok=True)
        return max(0, shutil.disk_usage(self.root).free - self.min_free_bytes)

    def require_free(self, size_bytes: int) -> None:
        """Raises: StorageFull if ``size_bytes`` more do not fit."""
        free = self.free_bytes()
        if size_bytes > free:
            raise StorageFull(
                f"The disk is nearly full: {naturalsize(size_bytes)} are needed, "
                f"{naturalsize(free)} are free. Delete videos or ask your administrator."
            )


def _part_beside(target: Path) -> Path:
    return target.with_name(f"{target.name}.{uuid4().hex[:8]}{_PART_SUFFIX}")


def _replace_directory(part: Path, target: Path) -> None:
    """Put ``part`` in the place of ``target`` in one step, so that no death leaves none.

    Some file systems, such as NFS, cannot exchange two directories; there, two steps are needed.
    """
    if not target.exists():
        part.replace(target)
    elif not _exchange(part, target):
        earlier = _part_beside(target)
        target.replace(earlier)
        part.replace(target)
        shutil.rmtree(earlier, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two directories in one step; returns whether the system can.

    Source: renameat2(2), RENAME_EXCHANGE.
    """
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:  # not Linux
        return False
    if not renameat2(_AT_FDCWD, bytes(one), _AT_FDCWD, bytes(other), _RENAME_EXCHANGE):
        return True
    error = ctypes.get_errno()
    if error in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(error, os.strerror(error), str(other))


def get_storage() -> Storage:
    """Returns the storage of the configured data directory."""
    settings = get_settings()
    return Storage(settings.data_dir.absolute(), settings.min_free_bytes)


def require_writable(directory: Path) -> None:
    """Write a byte that vanishes again. Raises: StorageFull; OSError if it cannot be written."""
    with full_disk_as_storage_full(), tempfile.TemporaryFile(dir=directory) as file:
        file.write(b"x")
        file.flush()


@contextmanager
def full_disk_as_storage_full() -> Iterator[None]:
    """Raise StorageFull in place of the system's "no space left"."""
    try:
        yield
    except OSError as error:
        found = full_disk_in(error)
        if found is None:
            raise
        raise found from error


def full_disk_in(error: BaseException) -> StorageFull | None:
    """Returns our error if ``error`` or one of its causes is the system's "no space left".

    For the places that catch every exception: libraries wrap the system's errors in their own.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in (errno.ENOSPC, errno.EDQUOT):
            return StorageFull(DISK_FULL)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return None


def sha256_of(path: Path) -> str:
    """Returns the hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
