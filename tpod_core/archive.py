"""Streams zip files while they are built, without holding a whole one anywhere."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from zipstream import ZipStream

Entry = tuple[str, Path | bytes]
"""A file of a zip: its name in the zip, and its path or its content."""


def stream_zip(entries: Iterable[Entry], root: str) -> Iterator[bytes]:
    """Yield a zip of ``entries``, in order, under the folder ``root``; one piece per entry.

    Pictures are compressed already, so everything is stored as it is.
    """
    archive = ZipStream()
    for name, content in entries:
        if isinstance(content, Path):
            archive.add_path(content, f"{root}/{name}")
        else:
            archive.add(content, f"{root}/{name}")
        yield b"".join(archive.all_files())
    yield b"".join(archive.finalize())


def files_below(directory: Path) -> Iterator[Entry]:
    """Yield every file below ``directory`` with its relative path, sorted."""
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        yield path.relative_to(directory).as_posix(), path
