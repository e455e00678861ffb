"""A small training set on disk, as ``formats.yolo`` writes it: coloured boxes on noise."""

from pathlib import Path

import cv2
import numpy as np

from tpod_core.formats.yolo import (
    Manifest,
    ManifestFrame,
    Split,
    image_path,
    label_path,
    write_manifest,
    yolo_line,
)
from tpod_core.geometry import Box

CLASSES = ("cup", "bus stop")
_COLORS_BGR = ((40, 40, 220), (220, 120, 40))
_BOX_WH = (60, 44)


def write_training_set(
    directory: Path,
    train: int = 8,
    val: int = 4,
    frame_wh: tuple[int, int] = (160, 120),
    box: Box | None = None,
) -> Path:
    """One box per image, at ``box`` or at random, its class by turns; returns ``directory``."""
    random = np.random.default_rng(7)
    frames = [
        _write_frame(directory, part, number, frame_wh, box or _random_box(frame_wh, random))
        for part, count in (("train", train), ("val", val))
        for number in range(count)
    ]
    write_manifest(directory, Manifest(CLASSES, "c0ffee", tuple(frames)))
    return directory


def _write_frame(
    directory: Path,
    part: Split,
    number: int,
    frame_wh: tuple[int, int],
    box: Box,
) -> ManifestFrame:
    width, height = frame_wh
    random = np.random.default_rng(number)
    image = random.integers(90, 140, (height, width, 3), dtype=np.uint8)
    class_id = number % len(CLASSES)
    left, top, right, bottom = (int(edge) for edge in box.xyxy)
    image[top:bottom, left:right] = _COLORS_BGR[class_id]
    name = image_path(part, 1, number)
    for file in (directory / name, directory / label_path(name)):
        file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(directory / name), image)
    (directory / label_path(name)).write_text(yolo_line(box, class_id, frame_wh) + "\n")
    return ManifestFrame(part, name, 1, number, width, height, 1)


def _random_box(frame_wh: tuple[int, int], random: np.random.Generator) -> Box:
    left = int(random.integers(0, frame_wh[0] - _BOX_WH[0]))
    top = int(random.integers(0, frame_wh[1] - _BOX_WH[1]))
    return Box(left, top, left + _BOX_WH[0], top + _BOX_WH[1])
