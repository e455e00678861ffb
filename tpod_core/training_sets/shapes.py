"""Histograms of the sizes, aspect ratios and positions of a set's boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tpod_core.training_sets.box_table import BoxTable, Floats

_SIZE_EDGES_PX = (0, 8, 16, 32, 64, 128, 256, 512, None)
_ASPECT_EDGES = (0, 0.2, 0.33, 0.5, 0.8, 1.25, 2, 3, 5, None)
_COLUMNS, _ROWS = 16, 9


@dataclass(frozen=True)
class Histogram:
    """``counts[i]`` values are in ``edges[i] <= value < edges[i + 1]``; ``None`` is infinity."""

    edges: tuple[float | None, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Shapes:
    """The distributions of a set's boxes.

    ``sizes``: the square root of a box's area, in pixels of the training picture. ``aspects``:
    width divided by height. ``positions``: the number of box centres in each cell of a grid over
    the frame, by rows from the top left.
    """

    sizes: Histogram
    aspects: Histogram
    positions: tuple[tuple[int, ...], ...]


def shapes_of(tables: Sequence[BoxTable], image_size: int) -> Shapes:
    """Computes the distributions; training scales the longer side to ``image_size`` pixels."""
    sizes = [np.sqrt(t.widths() * t.heights()) * training_scale(t, image_size) for t in tables]
    aspects = [t.widths() / t.heights() for t in tables]
    positions = sum((_positions(table) for table in tables), np.zeros((_ROWS, _COLUMNS), int))
    return Shapes(
        _histogram(np.concatenate(sizes), _SIZE_EDGES_PX),
        _histogram(np.concatenate(aspects), _ASPECT_EDGES),
        tuple(tuple(row) for row in positions.tolist()),
    )


def training_scale(table: BoxTable, image_size: int) -> float:
    """Returns the scale from video pixels to training pixels; the aspect ratio stays."""
    return image_size / max(table.video.source.frame_wh)


def _histogram(values: Floats, edges: tuple[float | None, ...]) -> Histogram:
    ends = [np.inf if edge is None else edge for edge in edges]
    counts, _ = np.histogram(values, ends)
    return Histogram(edges, tuple(counts.tolist()))


def _positions(table: BoxTable) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    width, height = table.video.source.frame_wh
    center_x = (table.xyxy[:, 0] + table.xyxy[:, 2]) / 2
    center_y = (table.xyxy[:, 1] + table.xyxy[:, 3]) / 2
    counts, _, _ = np.histogram2d(center_y, center_x, (_ROWS, _COLUMNS), ((0, height), (0, width)))
    return counts.astype(np.int64)
