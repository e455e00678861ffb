"""Pictures as ``predict.py`` gives them to a network, and the network's answers in their pixels.

The score of an epoch and the score of the finished detector are both made from these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from tpod_core.detectors.protocol import Detection
from tpod_core.errors import Conflict
from tpod_core.geometry import Box, clip
from tpod_core.inference.predict import letterbox


@dataclass(frozen=True)
class Placement:
    """Where a picture of ``frame_wh`` pixels lies in its square: scaled, then moved by ``left``
    and ``top`` pixels of the square."""

    frame_wh: tuple[int, int]
    scale: float
    left: int
    top: int

    def detections(self, rows: Tensor, confidence: float) -> list[Detection]:
        """Returns ``rows`` of ``answer_rows`` in the picture's own pixels, clipped to it.

        Those that lie in the padding alone are left out.
        """
        found = (
            Detection(self._to_picture(corners), score, int(class_id))
            for *corners, score, class_id in rows.tolist()
            if score >= confidence
        )
        return [each for each in found if each.is_inside]

    def _to_picture(self, corners: list[float]) -> Box:
        x1, y1, x2, y2 = corners
        left, top, scale = self.left, self.top, self.scale
        box = Box((x1 - left) / scale, (y1 - top) / scale, (x2 - left) / scale, (y2 - top) / scale)
        return clip(box, self.frame_wh)


def read_letterboxed(path: Path, side_px: int) -> tuple[Tensor, Placement]:
    """Returns a picture as (3, side, side) uint8 RGB, and its place in this square.

    Raises: Conflict if it is damaged.
    """
    image = cv2.imread(str(path))
    if image is None:
        raise Conflict(f"The image {path.name} is damaged.")
    square, scale, left, top = letterbox(image, side_px)
    picture = np.ascontiguousarray(square[:, :, ::-1].transpose(2, 0, 1))
    placement = Placement((image.shape[1], image.shape[0]), scale, left, top)
    return torch.from_numpy(picture), placement


def answer_rows(found: Mapping[str, Any]) -> Tensor:
    """Returns torchvision's answer for one picture as (n, 6) rows: corners in pixels of the
    square, score, class from 0."""
    classes = found["labels"].to(torch.float32) - 1
    return torch.cat([found["boxes"], found["scores"][:, None], classes[:, None]], dim=1)
