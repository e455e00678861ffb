"""Streams zip files while they are built, without holding a whole one anywhere."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import ZIP_STORED, ZipFile

Entry = tuple[str, Path | bytes]
"""A file of a zip: its name in the zip, and its path or its content."""


def stream_zip(entries: Iterable[Entry], root: str) -> Iterator[bytes]:
    """``entries`` as a zip, in their order, under the folder ``root``.

    Pictures are compressed already, so everything is stored as it is.
    """
    outlet = _Outlet()
    with ZipFile(cast(BinaryIO, outlet), "w", ZIP_STORED) as archive:
        for name, content in entries:
            if isinstance(content, Path):
                archive.write(content, f"{root}/{name}")
            else:
                archive.writestr(f"{root}/{name}", content)
            yield outlet.take()
    yield outlet.take()


def files_below(directory: Path) -> Iterator[Entry]:
    """Yield every file below ``directory`` with its relative path, sorted."""
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        yield path.relative_to(directory).as_posix(), path


class _Outlet:
    """A file that only goes forward: what is written waits to be taken.

    ``zipfile`` then writes sizes behind each file, as the format allows (APPNOTE 4.3.9).
    """

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, content: bytes) -> int:
        self._waiting.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Nothing is buffered but what waits to be taken."""

    def take(self) -> bytes:
        taken = b"".join(self._waiting)
        self._waiting.clear()
        return taken
