"""Draws boxes with labels into a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2

from tpod_core.geometry import Box
from tpod_core.video.orientation import Image

Bgr = tuple[int, int, int]

_FONT_WEIGHT = 600
_SMALLEST_FONT_PX = 13
_FONT_SHARE = 0.025
_STROKE_SHARE = 1 / 350
_DARK, _LIGHT = (26, 20, 16), (255, 255, 255)
_BRIGHT_FROM = 140


@dataclass(frozen=True)
class Mark:
    """A box to draw, with text in any script on a plate of the same colour."""

    box: Box
    text: str
    color_bgr: Bgr


def draw(image_bgr: Image, marks: Sequence[Mark]) -> Image:
    """Returns a copy of the picture with ``marks``; the first lies on top.

    Line width and text grow with the picture, so that they stay readable when it is scaled down.
    """
    picture = image_bgr.copy()
    height, width = picture.shape[:2]
    stroke = max(2, round(min(width, height) * _STROKE_SHARE))
    font_px = max(_SMALLEST_FONT_PX, round(min(width, height) * _FONT_SHARE))
    for mark in reversed(marks):
        corners = [round(edge) for edge in mark.box.xyxy]
        cv2.rectangle(picture, corners[:2], corners[2:], mark.color_bgr, stroke, cv2.LINE_AA)
        _draw_plate(picture, mark, font_px, stroke)
    return picture


def _draw_plate(picture: Image, mark: Mark, font_px: int, stroke: int) -> None:
    """Draw the text above the box, or inside it where there is no room above."""
    height, width = picture.shape[:2]
    pad = max(2, font_px // 4)
    _, top_px, text_w, text_h = cv2.getTextSize(
        (0, 0), mark.text, (0, 0), _font(), font_px, _FONT_WEIGHT
    )
    plate_w, plate_h = text_w + 2 * pad, text_h + 2 * pad
    left = min(max(round(mark.box.x1) - stroke // 2, 0), max(width - plate_w, 0))
    top = round(mark.box.y1) - plate_h
    if top < 0:
        top = min(max(round(mark.box.y1), 0), max(height - plate_h, 0))
    cv2.rectangle(picture, (left, top), (left + plate_w, top + plate_h), mark.color_bgr, cv2.FILLED)
    origin = (left + pad, top + pad - top_px)
    text_color = _text_color_on(mark.color_bgr)
    cv2.putText(picture, mark.text, origin, text_color, _font(), font_px, _FONT_WEIGHT)


def _text_color_on(color_bgr: Bgr) -> Bgr:
    """Returns the text colour that contrasts more. Source: luma weights of ITU-R BT.601."""
    blue, green, red = color_bgr
    return _DARK if 0.114 * blue + 0.587 * green + 0.299 * red > _BRIGHT_FROM else _LIGHT


@cache
def _font() -> cv2.FontFace:
    """OpenCV's built-in font for most scripts; loading it is slow."""
    return cv2.FontFace("sans")
