"""A training set's pictures with their boxes, from which the other formats are written."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tpod_core.formats.yolo import Manifest, ManifestFrame, Split, read_label_file
from tpod_core.geometry import Box

SPLITS: tuple[Split, ...] = ("train", "val")


@dataclass(frozen=True)
class Picture:
    """A picture file and its annotations; ``boxes`` are (``class_id``, box in pixels)."""

    path: Path
    width: int
    height: int
    boxes: tuple[tuple[int, Box], ...]
    video_id: int
    frame_index: int


def pictures_of(directory: Path, manifest: Manifest, split: Split) -> Iterator[Picture]:
    """Yields one split of the training set in ``directory``, in the manifest's order."""
    for frame in manifest.frames:
        if frame.split == split:
            yield _picture(directory, frame)


def _picture(directory: Path, frame: ManifestFrame) -> Picture:
    return Picture(
        directory / frame.image,
        frame.width,
        frame.height,
        read_label_file(directory, frame),
        frame.video_id,
        frame.frame_index,
    )
