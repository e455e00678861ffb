"""Draws marks into pictures as OpenCV has them: blue before red."""

from collections.abc import Sequence

from tpod_core.video.drawing import Mark, draw_into
from tpod_core.video.orientation import Image


def draw_on_bgr(image_bgr: Image, marks: Sequence[Mark], names: Sequence[str] = ()) -> Image:
    """As ``drawing.draw``, for a picture in BGR; the colours of the marks are RGB all the same."""
    picture = image_bgr.copy()
    draw_into(picture[:, :, ::-1], marks, names)
    return picture
