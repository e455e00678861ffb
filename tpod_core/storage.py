"""Every file under the data root, by key: a relative path with ``/`` between its parts.

Nothing else in the product builds a path. Files appear whole or not at all: they are
written beside their target and renamed into place.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from uuid import uuid4

from humanize import naturalsize

from tpod_core.config import get_settings
from tpod_core.errors import InvalidInput, NotFound, StorageFull

_PART_SUFFIX = ".part"
_PARTS = f"*.{'?' * 8}{_PART_SUFFIX}"
_DEEPEST_PART = 4
"""No file or directory that appears whole lies further below the root."""


@dataclass(frozen=True)
class Storage:
    """Files below ``root``; ``min_free_bytes`` of its disk are never used up."""

    root: Path
    min_free_bytes: int = 0

    def path(self, key: str) -> Path:
        """The place of ``key``, existing or not. Raises: InvalidInput if it leaves the root."""
        parts = PurePosixPath(key).parts
        if not parts or key.startswith("/") or ".." in parts:
            raise InvalidInput(f"{key!r} is not a place in the data directory.")
        return self.root.joinpath(*parts)

    def existing(self, key: str) -> Path:
        """The place of a file or directory that is there. Raises: NotFound."""
        path = self.path(key)
        if not key or not path.exists():
            raise NotFound(f"The file {key!r} is not there any more.")
        return path

    @contextmanager
    def writing(self, key: str) -> Iterator[BinaryIO]:
        """A file that takes its name when the block ends without an exception.

        Raises: StorageFull when the disk is; nothing is left behind then.
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
        """Put ``content`` at ``key``, whole."""
        with self.writing(key) as file:
            file.write(content)
        return self.path(key)

    @contextmanager
    def making_directory(self, key: str) -> Iterator[Path]:
        """An empty directory to fill, which replaces ``key`` when the block ends well."""
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = _part_beside(target)
        with full_disk_as_storage_full():
            try:
                part.mkdir()
                yield part
                _take_place(part, target)
            finally:
                shutil.rmtree(part, ignore_errors=True)

    def discard_parts(self, key: str) -> None:
        """Remove what killed writers of ``key`` left behind; for its only writer to call."""
        target = self.path(key)
        for part in target.parent.glob(f"{target.name}.*{_PART_SUFFIX}"):
            self.delete(part.relative_to(self.root).as_posix())

    def discard_old_parts(self, before: datetime) -> int:
        """Remove what killed writers of any key left behind before that time; how many."""
        places = ("*/" * depth + _PARTS for depth in range(_DEEPEST_PART))
        old = [
            part
            for place in places
            for part in self.root.glob(place)
            if part.lstat().st_mtime < before.timestamp()
        ]
        for part in old:
            self.delete(part.relative_to(self.root).as_posix())
        return len(old)

    def delete(self, key: str) -> None:
        """Remove a file or a whole directory; nothing happens where nothing is."""
        path = self.path(key)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

    def free_bytes(self) -> int:
        """What may still be written before the reserve is touched."""
        self.root.mkdir(parents=True, exist_ok=True)
        return max(0, shutil.disk_usage(self.root).free - self.min_free_bytes)

    def require_free(self, size_bytes: int) -> None:
        """Raises: StorageFull unless ``size_bytes`` more fit."""
        free = self.free_bytes()
        if size_bytes > free:
            raise StorageFull(
                f"The disk is nearly full: {naturalsize(size_bytes)} are needed, "
                f"{naturalsize(free)} are free. Delete videos or ask your administrator."
            )


def _part_beside(target: Path) -> Path:
    return target.with_name(f"{target.name}.{uuid4().hex[:8]}{_PART_SUFFIX}")


def _take_place(part: Path, target: Path) -> None:
    """Removing a directory takes long: all the while it, or the one in its place, is whole."""
    earlier = _part_beside(target)
    with suppress(FileNotFoundError):
        target.replace(earlier)
    part.replace(target)
    shutil.rmtree(earlier, ignore_errors=True)


def get_storage() -> Storage:
    """The storage of the configured data directory."""
    settings = get_settings()
    return Storage(settings.data_dir.absolute(), settings.min_free_bytes)


@contextmanager
def full_disk_as_storage_full() -> Iterator[None]:
    """Turn the system's "no space left" into our own sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StorageFull(
            "The disk is full. Delete videos or ask your administrator for space."
        ) from error


def sha256_of(path: Path) -> str:
    """Hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
