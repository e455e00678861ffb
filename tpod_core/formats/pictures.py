"""A picture with the boxes on it: what every format of annotated pictures is written from."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tpod_core.formats.yolo import Manifest, ManifestFrame, Split, read_label_file
from tpod_core.geometry import Box

PARTS: tuple[Split, ...] = ("train", "val")


@dataclass(frozen=True)
class Picture:
    """``path`` is the file of the picture, ``boxes`` are (``class_id``, box in pixels)."""

    path: Path
    width: int
    height: int
    boxes: tuple[tuple[int, Box], ...]
    video_id: int
    frame_index: int


def pictures_of(directory: Path, manifest: Manifest, part: Split) -> Iterator[Picture]:
    """One part of the training set in ``directory``, in the order of its manifest."""
    for frame in manifest.frames:
        if frame.split == part:
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
