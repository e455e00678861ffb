"""The files of finished training sets: downloads, contact sheets and comparisons."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tpod_core.archive import Entry, files_below, stream_zip
from tpod_core.errors import Conflict, InvalidInput
from tpod_core.formats import coco, voc
from tpod_core.formats.yolo import Manifest, read_manifest
from tpod_core.models import TrainingSet, TrainingSetState
from tpod_core.storage import get_storage
from tpod_core.training_sets.comparison import (
    ClassChanges,
    Comparison,
    FrameChanges,
    VideoChange,
    compare,
)
from tpod_core.training_sets.contact_sheet import Picture, draw_contact_sheet

__all__ = [
    "FORMATS",
    "ClassChanges",
    "Comparison",
    "FrameChanges",
    "Picture",
    "VideoChange",
    "contact_sheet",
    "diff",
    "download",
]


def _unchanged(directory: Path, manifest: Manifest) -> Iterator[Entry]:
    return files_below(directory)


_ENTRIES: dict[str, Callable[[Path, Manifest], Iterator[Entry]]] = {
    "yolo": _unchanged,
    "coco": coco.entries,
    "voc": voc.entries,
}
FORMATS = tuple(_ENTRIES)


def download(training_set: TrainingSet, format_name: str) -> Iterator[bytes]:
    """Yields the set as a zip in chunks; ``format_name`` is one of ``FORMATS``.

    Raises: Conflict unless it is ready; InvalidInput for an unknown format.
    """
    if format_name not in _ENTRIES:
        known = ", ".join(FORMATS)
        raise InvalidInput(
            f"Training sets are downloaded as one of {known}, not as {format_name!r}.", "format"
        )
    directory = _directory(training_set)
    entries = _ENTRIES[format_name](directory, read_manifest(directory))
    return stream_zip(entries, f"training_set_{training_set.id}")


def contact_sheet(
    training_set: TrainingSet, count: int, width: int, colors: Sequence[str]
) -> list[Picture]:
    """Returns some pictures of the set with their boxes drawn, up to ``width`` pixels wide.

    ``colors`` (``"#rrggbb"``) are those of the classes, in the order of their ids.
    """
    return draw_contact_sheet(_directory(training_set), count, width, colors)


def diff(older: TrainingSet, newer: TrainingSet) -> Comparison:
    """Returns the changes from one set to another. Raises: Conflict unless both are ready."""
    return compare(_directory(older), _directory(newer))


def _directory(training_set: TrainingSet) -> Path:
    """Returns a finished set's directory. Raises: Conflict unless it is ready; NotFound."""
    if training_set.state is not TrainingSetState.READY:
        raise Conflict(f'"{training_set.name}" is not ready ({training_set.state}).')
    return get_storage().existing(training_set.directory_key)
