"""Streams zip files while they are built, without holding them in memory or on disk."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from zipstream import ZipStream

Entry = tuple[str, Path | bytes]
"""A file of a zip: its name, and either the path of its content or the content itself."""


def stream_zip(entries: Iterable[Entry], root: str) -> Iterator[bytes]:
    """Yields a zip of ``entries`` in their order, under the folder ``root``, in one chunk each.

    Nothing is compressed, because pictures already are.
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
    """Yields every file below ``directory``, by its relative path, sorted."""
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        yield path.relative_to(directory).as_posix(), path
