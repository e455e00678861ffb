"""Zip files that are sent while they are made, never held whole anywhere."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from zipstream import ZipStream

Entry = tuple[str, Path | bytes]
"""A file of a zip: its name in it, and where its content lies or the content itself."""


def stream_zip(entries: Iterable[Entry], root: str) -> Iterator[bytes]:
    """``entries`` as a zip, in their order, under the folder ``root``; a piece for each of them.

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
    """Every file below ``directory``, by its path in it, sorted."""
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        yield path.relative_to(directory).as_posix(), path
