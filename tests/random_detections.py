"""Labels and detections by chance, for tests that compare ways to count them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tpod_core.detectors.protocol import Detection
from tpod_core.evaluation import matching
from tpod_core.evaluation.scoring import Gathered
from tpod_core.formats import yolo
from tpod_core.geometry import Box

CLASSES = ("cup", "bus")
Labels = list[tuple[int, Box]]
Answer = tuple[Labels, list[Detection]]
"""The labels of one image, and what was detected on it."""


def gathered(answers: Sequence[Answer], classes: tuple[str, ...] = CLASSES) -> Gathered:
    """One frame after the other, ten of each video."""
    result = Gathered(classes)
    for number, (labels, found) in enumerate(answers):
        path = Path(yolo.image_path("val", 1 + number // 10, number % 10))
        result.add(path, matching.labelled(labels), matching.detected(found))
    return result


def usual(images: int, seed: int = 5, classes: int = 2) -> list[Answer]:
    """Detections of the labels that are moved, doubled, missing, mistaken, made up."""
    random = np.random.default_rng(seed)
    result = []
    for _ in range(images):
        labels = [
            (int(random.integers(classes)), _box(random)) for _ in range(random.integers(0, 5))
        ]
        found = [
            Detection(_moved(random, place), float(random.beta(4, 2)), class_id)
            for class_id, place in labels
            for _ in range(random.integers(0, 3))
        ]
        found += [
            Detection(_moved(random, place), float(random.beta(2, 3)), (class_id + 1) % classes)
            for class_id, place in labels
            if random.random() < 0.2
        ]
        found += [
            Detection(_box(random), float(random.beta(1, 4)), int(random.integers(classes)))
            for _ in range(random.integers(0, 6))
        ]
        result.append((labels, found))
    return result


def crowded(images: int, seed: int = 6, classes: int = 2) -> list[Answer]:
    """Objects in front of each other, so that one box lies well on several labels of any class."""
    random = np.random.default_rng(seed)
    result = []
    for _ in range(images):
        middle = Box(100, 100, 180, 180)
        labels = [
            (int(random.integers(classes)), _moved(random, middle, 12.0))
            for _ in range(random.integers(1, 7))
        ]
        found = [
            Detection(
                _moved(random, middle, 14.0),
                float(random.uniform(0.01, 1)),
                int(random.integers(classes)),
            )
            for _ in range(random.integers(1, 10))
        ]
        result.append((labels, found))
    return result


def weak(images: int, seed: int = 7, classes: int = 2) -> list[Answer]:
    """As after too short a training: right boxes have scores under 0.05, mistakes a little more."""
    random = np.random.default_rng(seed)
    result: list[Answer] = []
    for number in range(images):
        class_id, place = number % classes, _box(random)
        found = []
        if random.random() < 0.3:
            found.append(Detection(place, float(random.uniform(0.02, 0.045)), class_id))
        if random.random() < 0.3:
            found.append(Detection(_box(random), float(random.uniform(0.001, 0.02)), class_id))
        if class_id == 0 and random.random() < 0.1:
            found.append(Detection(_box(random), float(random.uniform(0.05, 0.06)), class_id))
        result.append(([(class_id, place)], found))
    return result


def _box(random: np.random.Generator) -> Box:
    x, y, w, h = random.uniform((0, 0, 20, 20), (500, 300, 120, 120))
    return Box(float(x), float(y), float(x + w), float(y + h))


def _moved(random: np.random.Generator, place: Box, by_px: float = 3.0) -> Box:
    dx, dy, dw, dh = random.normal(0, by_px, 4).tolist()
    x1, y1 = place.x1 + dx, place.y1 + dy
    return Box(x1, y1, max(x1 + 1, place.x2 + dx + dw), max(y1 + 1, place.y2 + dy + dh))
