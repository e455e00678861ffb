"""A correlation filter over gradient histograms that models the object's appearance.

It is trained on windows around boxes. Applied to a search window, it gives a response map
whose peak is at the object. Sources: Henriques et al., "High-Speed Tracking with Kernelized
Correlation Filters" (2015), linear kernel, many channels; Danelljan et al., "Accurate Scale
Estimation for Robust Visual Tracking" (2014), running average of numerator and denominator;
Dalal and Triggs (2005), the features.
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
_MIN_CELLS = 6
_PADDING = 1.0
"""The margin of the window, both sides together, in mean sides of the box."""
_RESPONSE_SIGMA = 0.08
"""Standard deviation of the target response, in sides of the box."""
_REGULARIZATION = 1e-2
_MIN_ENERGY = 1e-2
"""Keeps rounding errors in windows without texture from matching; textured ones have over 100."""

Spectrum = NDArray[np.complex64]


@dataclass(frozen=True)
class SearchWindow:
    """A window's centre in pixels, and its scale relative to the first training box."""

    x: float
    y: float
    scale: float


@dataclass(frozen=True)
class Peak:
    """The peak of a response map: its offset from the window's centre, in pixels, and height."""

    dx: float
    dy: float
    height: float


class CorrelationFilter:
    """A correlation filter; the size of ``box_xyxy`` defines scale 1."""

    def __init__(self, box_xyxy: Boxes) -> None:
        width, height = (float(length) for length in box_xyxy[2:] - box_xyxy[:2])
        margin = _PADDING * (width + height) / 2
        self._window_wh = width + margin, height + margin
        zoom = math.sqrt(_WINDOW_AREA_PX / (self._window_wh[0] * self._window_wh[1]))
        self._cells_wh = tuple(
            max(_MIN_CELLS, round(length * zoom / CELL_PX / 2) * 2) for length in self._window_wh
        )
        self._log_side = math.log(width * height) / 2
        self._target = _target_response(self._cells_wh, self._side_in_cells(width, height))
        self._numerator: Spectrum | None = None
        self._energy: NDArray[np.float32] = np.zeros(1, np.float32)

    def scale_of(self, box_xyxy: Boxes) -> float:
        width, height = box_xyxy[2:] - box_xyxy[:2]
        return math.exp(math.log(width * height) / 2 - self._log_side)

    def update(self, image: Grey, window: SearchWindow, learning_rate: float) -> None:
        """Train on a window; the first update ignores the learning rate."""
        spectrum = self._spectrum(image, window)
        numerator = np.conj(self._target) * spectrum
        energy = (spectrum.real**2 + spectrum.imag**2).sum(0)
        if self._numerator is None:
            self._numerator, self._energy = numerator, energy
        else:
            old_share = 1 - learning_rate
            self._numerator = old_share * self._numerator + learning_rate * numerator
            self._energy = old_share * self._energy + learning_rate * energy

    def find(self, image: Grey, window: SearchWindow) -> Peak:
        """Returns the response peak in a window. Raises: ValueError before ``update``."""
        if self._numerator is None:
            raise ValueError("the correlation filter has not been trained yet")
        columns, rows = self._cells_wh
        matched = (np.conj(self._numerator) * self._spectrum(image, window)).sum(0)
        matched /= self._energy + _REGULARIZATION * self._energy.mean() + _MIN_ENERGY
        response = np.fft.irfft2(matched, s=(rows, columns))
        dx, dy, height = _peak(response)
        pixels = window.scale * self._window_wh[0] / columns
        return Peak(dx * pixels, dy * window.scale * self._window_wh[1] / rows, height)

    def _side_in_cells(self, width: float, height: float) -> float:
        across = width / self._window_wh[0] * self._cells_wh[0]
        down = height / self._window_wh[1] * self._cells_wh[1]
        return math.sqrt(across * down)

    def _spectrum(self, image: Grey, window: SearchWindow) -> Spectrum:
        columns, rows = self._cells_wh
        width, height = self._window_wh[0] * window.scale, self._window_wh[1] * window.scale
        zoom_x, zoom_y = columns * CELL_PX / width, rows * CELL_PX / height
        to_window = np.array(
            [
                [zoom_x, 0, columns * CELL_PX / 2 - 0.5 - (window.x - 0.5) * zoom_x],
                [0, zoom_y, rows * CELL_PX / 2 - 0.5 - (window.y - 0.5) * zoom_y],
            ]
        )
        pixels = cv2.warpAffine(
            image,
            to_window,
            (columns * CELL_PX, rows * CELL_PX),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        features = gradient_features(np.asarray(pixels, np.uint8))
        return np.fft.rfft2(features * _hann_window(self._cells_wh)).astype(np.complex64)


def gradient_features(window: Grey) -> NDArray[np.float32]:
    """Returns (orientations + 1, rows, columns): gradient histogram and brightness of each cell.

    Each histogram is normalised by the energy around its cell; every channel has mean 0.
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
def _hann_window(cells_wh: tuple[int, ...]) -> NDArray[np.float32]:
    columns, rows = cells_wh
    return np.outer(np.hanning(rows + 2)[1:-1], np.hanning(columns + 2)[1:-1]).astype(np.float32)


def _target_response(cells_wh: tuple[int, ...], side_cells: float) -> Spectrum:
    """Returns the spectrum of a Gaussian at the origin."""
    columns, rows = cells_wh
    y = (np.arange(rows) + rows // 2) % rows - rows // 2
    x = (np.arange(columns) + columns // 2) % columns - columns // 2
    distance = y[:, None] ** 2 + x[None, :] ** 2
    gaussian = np.exp(-0.5 * distance / (_RESPONSE_SIGMA * side_cells) ** 2)
    return np.fft.rfft2(gaussian).astype(np.complex64)


def _peak(response: NDArray[np.floating[Any]]) -> tuple[float, float, float]:
    """Returns the offset (dx, dy) and height of the peak, with a parabolic fit between cells."""
    rows, columns = response.shape
    y, x = divmod(int(response.argmax()), columns)
    top = float(response[y, x])
    dy = y + _vertex(float(response[y - 1, x]), top, float(response[(y + 1) % rows, x]))
    dx = x + _vertex(float(response[y, x - 1]), top, float(response[y, (x + 1) % columns]))
    return dx - columns * (dx > columns / 2), dy - rows * (dy > rows / 2), top


def _vertex(before: float, at: float, after: float) -> float:
    """Returns the offset of the vertex of the parabola through three values, -0.5 to 0.5."""
    curvature = before - 2 * at + after
    return 0.0 if curvature >= 0 else max(-0.5, min(0.5, (before - after) / (2 * curvature)))
