"""What the object looks like: a correlation filter over gradient histograms.

Trained on windows around boxes, it answers a window with a map whose peak tells where the
object is. Sources: Henriques et al., "High-Speed Tracking with Kernelized Correlation
Filters" (2015), linear kernel, many channels; Danelljan et al., "Accurate Scale Estimation
for Robust Visual Tracking" (2014), the running average of numerator and denominator; Dalal
and Triggs (2005), the features.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tpod_core.tracking.boxes import Boxes
from tpod_core.tracking.camera_motion import Grey

CELL_PX = 4
_ORIENTATIONS = 9
_WINDOW_AREA_PX = 96 * 96
_FEWEST_CELLS = 6
_SURROUNDINGS = 1.0
"""Width of the margin on both sides together, in mean sides of the box."""
_SPREAD = 0.08
"""Standard deviation of the wished answer, in sides of the box."""
_RIDGE = 1e-2
_FAINT_ENERGY = 1e-2
"""Windows with texture have a hundred and more; without it rounding errors would match."""

Spectrum = NDArray[np.complex64]


@dataclass(frozen=True)
class Place:
    """Where a window is laid: the centre in pixels, the scale to the box first trained on."""

    x: float
    y: float
    scale: float


@dataclass(frozen=True)
class Peak:
    """How far the object is from the window's centre, in pixels, and how well it is met."""

    dx: float
    dy: float
    height: float


class CorrelationFilter:
    """A filter for boxes like ``box_xyxy``, whose size means scale 1."""

    def __init__(self, box_xyxy: Boxes) -> None:
        width, height = (float(length) for length in box_xyxy[2:] - box_xyxy[:2])
        margin = _SURROUNDINGS * (width + height) / 2
        self._window_wh = width + margin, height + margin
        zoom = math.sqrt(_WINDOW_AREA_PX / (self._window_wh[0] * self._window_wh[1]))
        self._cells_wh = tuple(
            max(_FEWEST_CELLS, round(length * zoom / CELL_PX / 2) * 2) for length in self._window_wh
        )
        self._log_side = math.log(width * height) / 2
        self._wish = _wished(self._cells_wh, self._side_in_cells(width, height))
        self._numerator: Spectrum | None = None
        self._energy: NDArray[np.float32] = np.zeros(1, np.float32)

    def scale_of(self, box_xyxy: Boxes) -> float:
        width, height = box_xyxy[2:] - box_xyxy[:2]
        return math.exp(math.log(width * height) / 2 - self._log_side)

    def learn(self, image: Grey, place: Place, rate: float) -> None:
        """Mix what is seen at ``place`` in; the first time it is all there is."""
        seen = self._spectrum(image, place)
        numerator = np.conj(self._wish) * seen
        energy = (seen.real**2 + seen.imag**2).sum(0)
        if self._numerator is None:
            self._numerator, self._energy = numerator, energy
        else:
            self._numerator = (1 - rate) * self._numerator + rate * numerator
            self._energy = (1 - rate) * self._energy + rate * energy

    def find(self, image: Grey, place: Place) -> Peak:
        """The best match in the window at ``place``. Raises: ValueError before ``learn``."""
        if self._numerator is None:
            raise ValueError("the appearance has learnt nothing yet")
        columns, rows = self._cells_wh
        matched = (np.conj(self._numerator) * self._spectrum(image, place)).sum(0)
        matched /= self._energy + _RIDGE * self._energy.mean() + _FAINT_ENERGY
        answer = np.fft.irfft2(matched, s=(rows, columns))
        dx, dy, height = _peak(answer)
        pixels = place.scale * self._window_wh[0] / columns
        return Peak(dx * pixels, dy * place.scale * self._window_wh[1] / rows, height)

    def _side_in_cells(self, width: float, height: float) -> float:
        across = width / self._window_wh[0] * self._cells_wh[0]
        down = height / self._window_wh[1] * self._cells_wh[1]
        return math.sqrt(across * down)

    def _spectrum(self, image: Grey, place: Place) -> Spectrum:
        columns, rows = self._cells_wh
        wide, high = self._window_wh[0] * place.scale, self._window_wh[1] * place.scale
        zoom_x, zoom_y = columns * CELL_PX / wide, rows * CELL_PX / high
        laying = np.array(
            [
                [zoom_x, 0, columns * CELL_PX / 2 - 0.5 - (place.x - 0.5) * zoom_x],
                [0, zoom_y, rows * CELL_PX / 2 - 0.5 - (place.y - 0.5) * zoom_y],
            ]
        )
        window = cv2.warpAffine(
            image,
            laying,
            (columns * CELL_PX, rows * CELL_PX),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        features = gradient_features(np.asarray(window, np.uint8))
        return np.fft.rfft2(features * _taper(self._cells_wh)).astype(np.complex64)


def gradient_features(window: Grey) -> NDArray[np.float32]:
    """(orientations + 1, rows, columns) per cell: gradients by direction, and brightness.

    Each histogram is divided by the strength of its neighbourhood; every channel has mean 0.
    """
    pixels = window.astype(np.float32)
    rows, columns = window.shape[0] // CELL_PX, window.shape[1] // CELL_PX
    dx = cv2.Sobel(pixels, cv2.CV_32F, 1, 0, ksize=1, borderType=cv2.BORDER_REPLICATE)
    dy = cv2.Sobel(pixels, cv2.CV_32F, 0, 1, ksize=1, borderType=cv2.BORDER_REPLICATE)
    strength, angle = cv2.cartToPolar(dx, dy)
    position = (angle * (_ORIENTATIONS / np.pi)) % _ORIENTATIONS
    lower = position.astype(np.int64) % _ORIENTATIONS
    upper_share = position - np.floor(position)
    cells = _cell_offsets(rows, columns)
    size = rows * columns * _ORIENTATIONS
    histogram = np.bincount(
        (cells + lower).ravel(), (strength * (1 - upper_share)).ravel(), size
    ) + np.bincount(
        (cells + (lower + 1) % _ORIENTATIONS).ravel(), (strength * upper_share).ravel(), size
    )
    histogram = histogram.reshape(rows, columns, _ORIENTATIONS).astype(np.float32)
    around = cv2.blur((histogram**2).sum(2), (3, 3), borderType=cv2.BORDER_REPLICATE)
    directions = np.minimum(histogram / np.sqrt(around + 1.0)[..., None], 0.6)
    brightness = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA) / 255
    channels = np.concatenate([directions, brightness[..., None]], axis=2)
    centred = channels - channels.mean((0, 1))
    return np.asarray(centred.transpose(2, 0, 1), np.float32)


@lru_cache(maxsize=64)
def _cell_offsets(rows: int, columns: int) -> NDArray[np.int64]:
    y, x = np.mgrid[: rows * CELL_PX, : columns * CELL_PX]
    return np.asarray((y // CELL_PX * columns + x // CELL_PX) * _ORIENTATIONS, np.int64)


@lru_cache(maxsize=64)
def _taper(cells_wh: tuple[int, ...]) -> NDArray[np.float32]:
    columns, rows = cells_wh
    return np.outer(np.hanning(rows + 2)[1:-1], np.hanning(columns + 2)[1:-1]).astype(np.float32)


def _wished(cells_wh: tuple[int, ...], side_cells: float) -> Spectrum:
    """The spectrum of a bump at the origin."""
    columns, rows = cells_wh
    y = (np.arange(rows) + rows // 2) % rows - rows // 2
    x = (np.arange(columns) + columns // 2) % columns - columns // 2
    distance = y[:, None] ** 2 + x[None, :] ** 2
    bump = np.exp(-0.5 * distance / (_SPREAD * side_cells) ** 2)
    return np.fft.rfft2(bump).astype(np.complex64)


def _peak(answer: NDArray[np.floating[Any]]) -> tuple[float, float, float]:
    """The highest cell, between cells by a parabola; offsets wrap around."""
    rows, columns = answer.shape
    y, x = divmod(int(answer.argmax()), columns)
    top = float(answer[y, x])
    dy = y + _vertex(float(answer[y - 1, x]), top, float(answer[(y + 1) % rows, x]))
    dx = x + _vertex(float(answer[y, x - 1]), top, float(answer[y, (x + 1) % columns]))
    return dx - columns * (dx > columns / 2), dy - rows * (dy > rows / 2), top


def _vertex(before: float, at: float, after: float) -> float:
    bend = before - 2 * at + after
    return 0.0 if bend >= 0 else max(-0.5, min(0.5, (before - after) / (2 * bend)))
