"""Draws some pictures of a finished set with their boxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tpod_core.annotations.palette import rgb_of
from tpod_core.errors import NotFound
from tpod_core.formats.yolo import ManifestFrame, read_manifest, read_yolo_line
from tpod_core.video.bgr_drawing import draw_on_bgr
from tpod_core.video.drawing import Mark
from tpod_core.video.encode import encode_jpeg, scaled_down

_JPEG_QUALITY = 85


@dataclass(frozen=True)
class Picture:
    """One picture of a contact sheet; ``jpeg`` has its boxes drawn."""

    jpeg: bytes
    frame: ManifestFrame


def draw_contact_sheet(
    directory: Path, count: int, width: int, colors: Sequence[str]
) -> list[Picture]:
    """Returns up to ``count`` evenly spread pictures of both splits, up to ``width`` pixels wide.

    ``colors`` (``"#rrggbb"``) are those of the classes, in the order of their ids.
    """
    frames = sorted(read_manifest(directory).frames, key=lambda frame: frame.image)
    step = max(len(frames) / count, 1.0)
    chosen = [frames[int(i * step)] for i in range(min(count, len(frames)))]
    return [Picture(_draw(directory, frame, width, colors), frame) for frame in chosen]


def _draw(directory: Path, frame: ManifestFrame, width: int, colors: Sequence[str]) -> bytes:
    original = cv2.imread(str(directory / frame.image))
    if original is None:
        raise NotFound(f"The picture {frame.image} of this training set is gone. Build it again.")
    image = scaled_down(original.astype(np.uint8, copy=False), width)
    drawn_wh = (image.shape[1], image.shape[0])
    lines = (directory / frame.label_file).read_text(encoding="ascii").splitlines()
    boxes = [read_yolo_line(line, drawn_wh) for line in lines]
    # Without names, which the page shows beside their colours: the pictures are small.
    marks = [Mark(box.xyxy, "", rgb_of(colors[class_id])) for class_id, box in boxes]
    return encode_jpeg(draw_on_bgr(image, marks), _JPEG_QUALITY)
