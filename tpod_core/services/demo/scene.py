"""Renders short videos of cut-out people and a bus crossing a photograph, with exact boxes.

The photographs are ``bus.jpg`` and ``zidane.jpg`` of the ``ultralytics`` package. Nothing is
downloaded, and a scene is the same on every machine and in every run.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tpod_core.errors import Unavailable
from tpod_core.geometry import Box, clip

Image = NDArray[np.uint8]

FRAME_WH = (640, 360)
FPS = 24
FRAME_COUNT = 168
_VISIBLE_SHARE = 0.25
"""An actor with less than this share of its area inside the frame has no box."""
_SURROUNDINGS_PX = 240
"""Width of the margin around a cut-out that GrabCut samples as background."""


@dataclass(frozen=True)
class Cutout:
    """An object in a photograph; ``xywh`` encloses its silhouette, in photograph pixels."""

    label: str
    photograph: str
    xywh: tuple[int, int, int, int]


@dataclass(frozen=True)
class Actor:
    """A cut-out that moves from ``start`` to ``end`` (centres, as fractions of the frame).

    ``height`` is its fraction of the frame's height, at the start and at the end. The path
    swings up and down by ``sway``, a fraction of the frame's height, ``turns`` times.
    """

    cutout: Cutout
    start: tuple[float, float]
    end: tuple[float, float]
    height: tuple[float, float]
    sway: float = 0.0
    turns: float = 1.0


@dataclass(frozen=True)
class Scene:
    """``backdrop`` is the part of a photograph (x, y, w, h) over which the camera pans."""

    name: str
    photograph: str
    backdrop: tuple[int, int, int, int]
    actors: tuple[Actor, ...]


@dataclass(frozen=True)
class RenderedFrame:
    """``image`` is (360, 640, 3) BGR; ``boxes`` has one entry per actor, None when not visible."""

    image: Image
    boxes: tuple[Box | None, ...]


BUS = Cutout("bus", "bus.jpg", (360, 240, 430, 470))
WALKER = Cutout("person", "bus.jpg", (48, 388, 204, 522))
CALLER = Cutout("person", "bus.jpg", (222, 398, 134, 466))

SCENES = (
    Scene(
        "Demo: square",
        "bus.jpg",
        (40, 905, 320, 165),
        (
            Actor(BUS, (-0.12, 0.40), (1.12, 0.46), (0.52, 0.60), 0.03, 1.5),
            Actor(WALKER, (0.80, 0.62), (0.16, 0.58), (0.60, 0.70), 0.04, 2.0),
            Actor(CALLER, (0.34, 0.62), (0.62, 0.66), (0.46, 0.62), 0.05, 1.0),
        ),
    ),
    Scene(
        "Demo: arena",
        "zidane.jpg",
        (0, 0, 460, 240),
        (
            Actor(WALKER, (0.10, 0.60), (0.78, 0.56), (0.66, 0.56), 0.04, 1.5),
            Actor(BUS, (1.10, 0.38), (0.14, 0.42), (0.62, 0.46), 0.03, 1.0),
            Actor(CALLER, (0.70, 0.66), (0.40, 0.62), (0.60, 0.52), 0.05, 2.0),
        ),
    ),
)


def render(scene: Scene) -> Iterator[RenderedFrame]:
    """Yield every frame of ``scene`` in order, with the boxes of its actors.

    Raises: Unavailable if the photographs are not installed.
    """
    for index in range(FRAME_COUNT):
        t = index / (FRAME_COUNT - 1)
        image = _backdrop(scene, t)
        yield RenderedFrame(image, tuple(_paint(image, actor, t) for actor in scene.actors))


def _backdrop(scene: Scene, t: float) -> Image:
    x, y, w, h = scene.backdrop
    # The camera pans over the backdrop and back, showing nine tenths of it: a static camera
    # would make the demo easier than real videos.
    view_w, view_h = 0.9 * w, 0.9 * w * FRAME_WH[1] / FRAME_WH[0]
    left = x + (w - view_w) * (0.5 - 0.5 * math.cos(2 * math.pi * t))
    top = y + (h - view_h) / 2
    scale = FRAME_WH[0] / view_w
    matrix = np.array([[scale, 0, -left * scale], [0, scale, -top * scale]])
    return np.asarray(cv2.warpAffine(_photograph(scene.photograph), matrix, FRAME_WH), np.uint8)


def _paint(image: Image, actor: Actor, t: float) -> Box | None:
    picture, mask = _silhouette(actor.cutout)
    source_h, source_w = mask.shape
    frame_w, frame_h = FRAME_WH
    height = frame_h * (actor.height[0] + (actor.height[1] - actor.height[0]) * t)
    scale = height / source_h
    width = source_w * scale
    center_x = frame_w * (actor.start[0] + (actor.end[0] - actor.start[0]) * t)
    center_y = frame_h * (actor.start[1] + (actor.end[1] - actor.start[1]) * t)
    center_y += frame_h * actor.sway * math.sin(2 * math.pi * actor.turns * t)
    box = Box(
        center_x - width / 2, center_y - height / 2, center_x + width / 2, center_y + height / 2
    )
    matrix = np.array([[scale, 0, box.x1], [0, scale, box.y1]])
    moved = cv2.warpAffine(picture, matrix, FRAME_WH, flags=cv2.INTER_AREA)
    alpha = cv2.warpAffine(mask, matrix, FRAME_WH)[..., None]
    np.copyto(image, (image * (1 - alpha) + moved * alpha).astype(np.uint8))
    visible = clip(box, FRAME_WH)
    return visible if visible.area >= _VISIBLE_SHARE * box.area else None


@cache
def _silhouette(cutout: Cutout) -> tuple[Image, NDArray[np.float32]]:
    """Returns the tightly cropped object: picture (H, W, 3) and opacity (H, W) in 0..1."""
    left, top, width, height = cutout.xywh
    x0, y0 = max(0, left - _SURROUNDINGS_PX), max(0, top - _SURROUNDINGS_PX)
    around = _photograph(cutout.photograph)[
        y0 : top + height + _SURROUNDINGS_PX, x0 : left + width + _SURROUNDINGS_PX
    ]
    solid = _largest_part(_foreground(around, (left - x0, top - y0, width, height)))
    x, y, w, h = cv2.boundingRect(solid)
    opacity = cv2.GaussianBlur(solid[y : y + h, x : x + w].astype(np.float32), (3, 3), 0)
    return around[y : y + h, x : x + w], np.asarray(opacity, np.float32)


def _foreground(image: Image, xywh: tuple[int, int, int, int]) -> Image:
    found: Image = np.zeros(image.shape[:2], np.uint8)
    cv2.setRNGSeed(0)  # GrabCut starts its colour models from random clusters.
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(image, found, xywh, *models, 4, cv2.GC_INIT_WITH_RECT)
    return np.asarray((found == cv2.GC_FGD) | (found == cv2.GC_PR_FGD), np.uint8)


def _largest_part(mask: Image) -> Image:
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    _, parts, statistics, _ = cv2.connectedComponentsWithStats(closed)
    largest = 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
    return np.asarray(parts == largest, np.uint8)


@cache
def _photograph(name: str) -> Image:
    # find_spec finds the package without importing it, and torch with it.
    spec = find_spec("ultralytics")
    for root in (spec.submodule_search_locations if spec else None) or ():
        image = cv2.imread(str(Path(root) / "assets" / name))
        if image is not None:
            return np.asarray(image, np.uint8)
    raise Unavailable(f"The photograph {name} of the package ultralytics is not installed.")
