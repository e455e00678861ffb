"""Pictures for torchvision's networks: squares, with boxes to learn or labels to score by.

Every random choice depends only on the seed, the epoch and the picture, so a resumed training
gets the same pictures as an uninterrupted one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tpod_core.detectors.dataset_layout import label_of
from tpod_core.detectors.torchvision_config import TorchvisionConfig
from tpod_core.errors import Conflict
from tpod_core.evaluation.matching import Objects
from tpod_core.evaluation.scoring import read_labels
from tpod_core.formats.yolo import read_yolo_line
from tpod_core.geometry import Box
from tpod_core.inference.predict import PADDING_GREY
from tpod_core.training.hardware import Hardware
from tpod_core.training.torchvision_inference import Placement, read_letterboxed

Image = np.ndarray[Any, np.dtype[np.uint8]]
Affine = np.ndarray[Any, np.dtype[np.float64]]
"""(2, 3): maps pixels of the picture to pixels of the square."""

Target = dict[str, Tensor]
"""``boxes`` (n, 4) in pixels of the square, ``labels`` (n,) from 1: 0 is the background."""

_SHIFT = 0.1
_HUE, _SATURATION, _VALUE = 0.015, 0.5, 0.4
_MIN_VISIBLE_SHARE = 0.25
"""A box is dropped if zooming leaves less than this share of its area in the picture."""

_MIN_SIDE_PX = 1.0


@dataclass(frozen=True)
class LabelledImage:
    """A picture and its boxes in its own pixels; one class id per box."""

    image_bgr: Image
    boxes: tuple[Box, ...]
    class_ids: tuple[int, ...]


def read_labelled(path: Path) -> LabelledImage:
    """Read a picture of a layout and its labels. Raises: Conflict if the picture is damaged."""
    image = cv2.imread(str(path))
    if image is None:
        raise Conflict(f"The image {path.name} of this training set is damaged. Build it again.")
    wh = (image.shape[1], image.shape[0])
    rows = [read_yolo_line(line, wh) for line in label_of(path).read_text().splitlines()]
    return LabelledImage(
        image.astype(np.uint8, copy=False),
        tuple(box for _, box in rows),
        tuple(class_id for class_id, _ in rows),
    )


class TrainingPictures(Dataset[tuple[Tensor, Target]]):
    """Augmented pictures by (epoch, position): (3, s, s) uint8 RGB and what to learn of it."""

    def __init__(self, paths: Sequence[Path], config: TorchvisionConfig) -> None:
        self._paths = paths
        self._config = config

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, key: tuple[int, int]) -> tuple[Tensor, Target]:
        epoch, position = key
        labelled = read_labelled(self._paths[position])
        random = np.random.default_rng((self._config.seed, epoch, position))
        square, affine = _augmented(labelled.image_bgr, self._config, random)
        picture = np.ascontiguousarray(square[:, :, ::-1].transpose(2, 0, 1))
        return torch.from_numpy(picture), _target(labelled, affine, self._config.imgsz)


@dataclass(frozen=True)
class Truth:
    """The labels of a validation picture, all of them and in its own pixels, and its place in the
    network's input."""

    labels: Objects
    placement: Placement


class ValidationPictures(Dataset[tuple[Tensor, Truth]]):
    """Pictures as the finished detector gets them: (3, s, s) uint8 RGB, by position."""

    def __init__(self, paths: Sequence[Path], side_px: int) -> None:
        self._paths = paths
        self._side_px = side_px

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, position: int) -> tuple[Tensor, Truth]:
        path = self._paths[position]
        picture, placement = read_letterboxed(path, self._side_px)
        return picture, Truth(read_labels(path), placement)


class Batches:
    """Positions in random order, batch by batch; an incomplete last batch is dropped.

    Batch normalisation needs full batches, so a set smaller than a batch is repeated.
    """

    def __init__(self, count: int, config: TorchvisionConfig) -> None:
        self._count = count
        self._config = config
        self.epoch = 1

    def __len__(self) -> int:
        return max(1, self._count // self._config.batch)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        random = np.random.default_rng((self._config.seed, self.epoch))
        batch = self._config.batch
        rounds = max(1, -(-batch // self._count))
        order = np.concatenate([random.permutation(self._count) for _ in range(rounds)])
        for start in range(0, len(self) * batch, batch):
            yield [(self.epoch, int(position)) for position in order[start : start + batch]]


def train_loader(
    paths: Sequence[Path], config: TorchvisionConfig, hardware: Hardware
) -> tuple[DataLoader[Any], Batches]:
    """Returns the loader and its batches; set ``epoch`` of the batches before each epoch."""
    batches = Batches(len(paths), config)
    return _loader(TrainingPictures(paths, config), batches, hardware), batches


def val_loader(
    paths: Sequence[Path], config: TorchvisionConfig, hardware: Hardware
) -> DataLoader[Any]:
    positions = range(len(paths))
    chunks = [positions[i : i + config.batch] for i in range(0, len(paths), config.batch)]
    return _loader(ValidationPictures(paths, config.imgsz), chunks, hardware)


def _loader(pictures: Dataset[Any], batches: Any, hardware: Hardware) -> DataLoader[Any]:
    workers = hardware.loader_workers
    return DataLoader(
        pictures,
        batch_sampler=batches,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=hardware.device != "cpu",
        collate_fn=_collate,
    )


def _collate(rows: list[tuple[Tensor, Any]]) -> tuple[Tensor, list[Any]]:
    return torch.stack([picture for picture, _ in rows]), [answer for _, answer in rows]


def _augmented(
    image_bgr: Image, config: TorchvisionConfig, random: np.random.Generator
) -> tuple[Image, Affine]:
    """Returns the square with random zoom, shift, mirroring and colours, resampled once."""
    height, width = image_bgr.shape[:2]
    side_px = config.imgsz
    scale = side_px / max(height, width) * random.uniform(1 - config.zoom, 1 + config.zoom)
    shift_x, shift_y = random.uniform(-_SHIFT, _SHIFT, 2) * side_px
    affine = np.array(
        [
            [scale, 0, (side_px - scale * width) / 2 + shift_x],
            [0, scale, (side_px - scale * height) / 2 + shift_y],
        ]
    )
    if config.fliplr and random.random() < 0.5:
        affine[0] *= -1
        affine[0, 2] += side_px
    # OpenCV puts the origin at the centre of the first pixel, boxes at its corner.
    by_centers = affine.copy()
    by_centers[:, 2] += affine[:, :2].sum(axis=1) / 2 - 0.5
    square = cv2.warpAffine(
        image_bgr, by_centers, (side_px, side_px), borderValue=(PADDING_GREY,) * 3
    )
    return _recoloured(square.astype(np.uint8, copy=False), random), affine


def _recoloured(image_bgr: Image, random: np.random.Generator) -> Image:
    hue, saturation, value = 1 + random.uniform(-1, 1, 3) * (_HUE, _SATURATION, _VALUE)
    levels = np.arange(256)
    tables = (
        (levels * hue) % 180,
        np.clip(levels * saturation, 0, 255),
        np.clip(levels * value, 0, 255),
    )
    channels = cv2.split(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2HSV))
    changed = [
        cv2.LUT(channel, table.astype(np.uint8))
        for channel, table in zip(channels, tables, strict=True)
    ]
    return cv2.cvtColor(cv2.merge(changed), cv2.COLOR_HSV2BGR).astype(np.uint8, copy=False)


def _target(labelled: LabelledImage, affine: Affine, side_px: int) -> Target:
    """Returns the boxes mapped into the square by ``affine``, without those that leave it, and
    without those that are too small there to be learnt."""
    corners = np.array([box.xyxy for box in labelled.boxes], dtype=np.float64).reshape(-1, 2, 2)
    moved = np.sort(corners * affine[[0, 1], [0, 1]] + affine[:, 2], axis=1).reshape(-1, 4)
    inside = moved.clip(0, side_px)
    sides = inside[:, 2:] - inside[:, :2]
    full_area = (moved[:, 2:] - moved[:, :2]).prod(axis=1)
    kept = (sides > _MIN_SIDE_PX).all(axis=1) & (
        sides.prod(axis=1) >= _MIN_VISIBLE_SHARE * full_area
    )
    return {
        "boxes": torch.from_numpy(inside[kept].astype(np.float32)),
        "labels": torch.tensor(labelled.class_ids, dtype=torch.int64)[torch.from_numpy(kept)] + 1,
    }
