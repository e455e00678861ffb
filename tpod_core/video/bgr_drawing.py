"""Draws marks into pictures as OpenCV has them: blue before red."""

from collections.abc import Sequence

import cv2
import numpy as np

from tpod_core.video.drawing import Mark, draw
from tpod_core.video.orientation import Image


def draw_on_bgr(image_bgr: Image, marks: Sequence[Mark], names: Sequence[str] = ()) -> Image:
    """As ``drawing.draw``, for a picture in BGR; the colours of the marks stay RGB."""
    drawn = draw(_swapped(image_bgr), marks, names)
    return _swapped(drawn)


def _swapped(image: Image) -> Image:
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
