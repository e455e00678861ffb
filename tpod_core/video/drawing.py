"""Draws boxes with names into a picture, in every script for which there is a font.

A name that no font can draw becomes the number of its class, as in ``#3 0.93``; ``legend`` says
which name a number stands for. The fonts are DejaVu Sans, which lies beside this file, for Latin,
Cyrillic, Greek, Arabic, Hebrew, Armenian and Georgian; then those of the host; then OpenCV's own,
where OpenCV 5 is installed, for Chinese, Japanese and Korean.

This file also goes with ``predict.py``, so it needs only Python, NumPy and Pillow.
"""

import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from math import ceil, floor
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, features

Pixels = NDArray[np.uint8]
Rgb = tuple[int, int, int]
Fonts = tuple[Path, ...]

_SMALLEST_FONT_PX = 13
_FONT_SHARE, _STROKE_SHARE = 0.025, 1 / 280
_DARK, _LIGHT = (16, 20, 26), (255, 255, 255)
_BRIGHT_FROM = 140
_ABOVE_SHARE, _BELOW_SHARE = 0.76, 0.24
_LONGEST_TEXT = 200
_ALWAYS_ALIKE = ("CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "HANGUL SYLLABLE", "ETHIOPIC", "LATIN")
"""Begin the names of letters without case that look the same beside all others."""
_NO_CHARACTER = "\U0010ffff"

_SHIPPED = Path(__file__).with_name("DejaVuSans-Bold.ttf")
_PILLOW, _OPENCV = Path("in Pillow"), Path("in OpenCV")
"""Stand for the fonts that are built in."""
_FONT_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc")
_PLACEHOLDER_FONTS = ("lastresort", "adobeblank", "adobenotdef")
"""Fonts that claim every character and draw placeholders."""
_UNUSUAL_STYLE = re.compile("(?i)bold|italic|oblique|mono|serif|thin|light|black|cond")
_MOST_FONTS = 1000
"""Bounds the time that the search for a font takes, 1 to 2 ms a file."""

_HAS_SHAPING = bool(features.check("raqm") and features.check("fribidi"))


@dataclass(frozen=True)
class Mark:
    """A box to draw, with text in any script on a plate of the same colour.

    Args:
        box_xyxy: x1, y1, x2, y2 in pixels of the picture.
        text: no plate is drawn for an empty one.
        color_rgb: red, green and blue, 0..255.
        key: the class name in ``text``, which a number replaces if no font can draw it.
    """

    box_xyxy: tuple[float, float, float, float]
    text: str
    color_rgb: Rgb
    key: str = ""


def draw(
    image_rgb: Pixels,
    marks: Sequence[Mark],
    names: Sequence[str] = (),
    fonts: Fonts | None = None,
) -> Pixels:
    """Returns a copy of the picture, (h, w, 3) uint8, with ``marks``; the first lies on top.

    Line width and text grow with the picture, so that they stay readable when it is scaled down.

    Args:
        names: the names of all classes in the order of their ids. A name that cannot be drawn is
            replaced by its number in ``legend(names)``, and left out if it is not among them.
        fonts: font files to use, before the Latin one in Pillow. By default the shipped one and
            those of the host.
    """
    picture = image_rgb.copy()
    draw_into(picture, marks, names, fonts)
    return picture


def draw_into(
    picture: Pixels, marks: Sequence[Mark], names: Sequence[str] = (), fonts: Fonts | None = None
) -> None:
    """As ``draw``, but changes ``picture`` itself."""
    height, width = picture.shape[:2]
    stroke = max(2, round(min(width, height) * _STROKE_SHARE))
    font_px = max(_SMALLEST_FONT_PX, round(min(width, height) * _FONT_SHARE))
    for mark in reversed(marks):
        _draw_outline(picture, mark, stroke)
        text = _readable(mark, names, fonts)
        plate = _plate(text, mark.key, font_px, mark.color_rgb, width, fonts)
        if plate is not None:
            _paste_plate(picture, mark, plate, stroke)


def legend(names: Sequence[str], fonts: Fonts | None = None) -> tuple[str, ...]:
    """Returns lines such as ``"#3: 𠮷野家"`` for the names that ``draw`` replaces by numbers.

    Args:
        names: of all classes, in the order of their ids. The first class has number 1.
    """
    lines = ((f"#{index + 1}: {name}", _cleaned(name)) for index, name in enumerate(names))
    return tuple(line for line, cleaned in lines if not _runs(cleaned, fonts))


def _draw_outline(picture: Pixels, mark: Mark, stroke: int) -> None:
    left, top, right, bottom = (round(edge) - stroke // 2 for edge in mark.box_xyxy)
    for x, y, width, height in (
        (left, top, right - left, stroke),
        (left, bottom, right - left, stroke),
        (left, top, stroke, bottom - top),
        (right, top, stroke, bottom - top + stroke),
    ):
        picture[max(y, 0) : max(y + height, 0), max(x, 0) : max(x + width, 0)] = mark.color_rgb


def _paste_plate(picture: Pixels, mark: Mark, plate: Pixels, stroke: int) -> None:
    """Put the plate above the box, or inside it where there is no room above."""
    height, width = picture.shape[:2]
    plate_h, plate_w = plate.shape[:2]
    left = min(max(round(mark.box_xyxy[0]) - stroke // 2, 0), max(width - plate_w, 0))
    edge = max(round(mark.box_xyxy[1]), 0)
    top = min(edge - plate_h if edge >= plate_h else edge, max(height - plate_h, 0))
    picture[top : top + plate_h, left : left + plate_w] = plate[:height]


# Plates


def _readable(mark: Mark, names: Sequence[str], fonts: Fonts | None) -> str:
    """Returns the text of ``mark``, with a number in place of a name that cannot be drawn."""
    name = mark.key or mark.text
    text, key = _cleaned(mark.text), _cleaned(name)
    if _runs(text, fonts) and _runs(key, fonts):
        return text
    number = f"#{names.index(name) + 1}" if name in names else ""
    replaced = text.replace(key, number, 1).strip() if key in text else number
    return replaced if _runs(replaced, fonts) else number


@lru_cache(maxsize=512)
def _plate(
    text: str, key: str, font_px: int, color_rgb: Rgb, widest_px: int, fonts: Fonts | None
) -> Pixels | None:
    """Returns the plate as a picture; ``None`` if nothing of the text can be drawn in the width."""
    pad = max(2, font_px // 4)
    ink = _fitting_ink(text, _cleaned(key), font_px, widest_px - 2 * pad, fonts)
    if ink is None:
        return None
    height, width = ink.shape
    plate = np.empty((height + 2 * pad, width + 2 * pad, 3), np.uint8)
    plate[:] = color_rgb
    plate[pad : pad + height, pad : pad + width] = _shades(color_rgb)[ink]
    return plate


@lru_cache(maxsize=256)
def _shades(color_rgb: Rgb) -> Pixels:
    """Returns 256 colours from the plate's to the text's, which contrasts with it.

    Source: luma weights of ITU-R BT.601.
    """
    is_bright = np.dot(color_rgb, (0.299, 0.587, 0.114)) > _BRIGHT_FROM
    return np.linspace(color_rgb, _DARK if is_bright else _LIGHT, 256).round().astype(np.uint8)


def _fitting_ink(
    text: str, key: str, font_px: int, room_px: int, fonts: Fonts | None
) -> Pixels | None:
    """Draws ``text``; where it is too long, ``key`` in it is shortened with an ellipsis."""
    ink = _ink(text, font_px, fonts)
    if ink is None or ink.shape[1] <= room_px:
        return ink
    whole = key if key and key in text else text
    start = text.index(whole)
    for kept in range(min(len(whole), 2 * len(text) * room_px // ink.shape[1] + 1) - 1, -1, -1):
        if not _is_joined(whole[kept]) and not whole[:kept].endswith("\u200d"):
            shorter = text[:start] + whole[:kept].rstrip() + "…" + text[start + len(whole) :]
            ink = _ink(shorter, font_px, fonts)
            if ink is not None and ink.shape[1] <= room_px:
                return ink
    return None if whole == text else _fitting_ink(text, "", font_px, room_px, fonts)


# Text


def _cleaned(text: str) -> str:
    """Returns ``text`` in composed letters on one line, without control characters."""
    visible = (" " if unicodedata.category(each) == "Cc" else each for each in text)
    line = " ".join("".join(visible).split())
    return unicodedata.normalize("NFC", line)[:_LONGEST_TEXT]


def _is_joined(character: str) -> bool:
    """Whether the character belongs to the one before it."""
    return unicodedata.category(character) in {"Mn", "Mc", "Me", "Cf", "Sk"}


def _needs_glyph(character: str) -> bool:
    """Whether a font must have the character; joiners and variation selectors have no shape."""
    is_selector = unicodedata.name(character, "").startswith("VARIATION SELECTOR")
    return not is_selector and unicodedata.category(character) not in {"Zs", "Zl", "Zp", "Cf"}


def _is_right_to_left(text: str) -> bool:
    return any(unicodedata.bidirectional(each) in {"R", "AL", "RLE", "RLO", "RLI"} for each in text)


def _needs_shaping(text: str) -> bool:
    """Whether letters change, move or run from right to left: the work of Raqm."""
    return _is_right_to_left(text) or any(
        unicodedata.category(each) in {"Lo", "Mn", "Mc"}
        and _needs_glyph(each)
        and not unicodedata.name(each, "").startswith(_ALWAYS_ALIKE)
        for each in text
    )


@lru_cache(maxsize=4096)
def _runs(text: str, fonts: Fonts | None) -> tuple[tuple[str, Path], ...]:
    """Divides ``text`` among fonts that have its characters; nothing if they cannot draw it.

    Only one font draws what runs from right to left, because each run is laid out alone.
    """
    if not any(_needs_glyph(each) for each in text):
        return ()
    whole = _find_font(text, fonts)
    if whole is not None:
        # A name and its score are drawn apart, each once for a whole video.
        name, space, score = ("", "", text) if _needs_shaping(text) else text.rpartition(" ")
        return tuple((run, whole) for run in (name, space + score) if run)
    runs: list[tuple[str, Path]] = []
    for cluster in _clusters(text):
        font = _find_font(cluster, fonts)
        if font is None:
            return ()
        before = runs.pop()[0] if runs and runs[-1][1] == font else ""
        runs.append((before + cluster, font))
    return tuple(runs) if sum(_is_right_to_left(run) for run, _ in runs) < 2 else ()


def _clusters(text: str) -> Iterator[str]:
    """Divides ``text`` where the font may change: not inside a word whose letters join."""
    cluster = ""
    for each in text:
        before = cluster[-1:]
        is_word = _needs_shaping(before) and _needs_shaping(each)
        if before not in {"", " ", "\u200d"} and not _is_joined(each) and not is_word:
            yield cluster
            cluster = ""
        cluster += each
    yield cluster


def _ink(text: str, font_px: int, fonts: Fonts | None) -> Pixels | None:
    """Returns how much of each pixel the text covers, 0..255; ``None`` if it cannot be drawn.

    The height is at least that of usual letters, so that plates are alike.
    """
    runs = _runs(text, fonts)
    if not runs:
        return None
    strips = [_strip(run, font, font_px) for run, font in runs]
    above = max(round(_ABOVE_SHARE * font_px), *(each.above_px for each in strips))
    below = max(round(_BELOW_SHARE * font_px), *(len(each.ink) - each.above_px for each in strips))
    ink = np.zeros((above + below, sum(each.ink.shape[1] for each in strips)), np.uint8)
    left = 0
    for each in strips:
        height, width = each.ink.shape
        top = above - each.above_px
        ink[top : top + height, left : left + width] = each.ink
        left += width
    return ink


# Fonts


class _Strip(NamedTuple):
    """Drawn text: its ``ink`` (h, w), 0..255, and the part of h that is above the base line."""

    ink: Pixels
    above_px: int


@lru_cache(maxsize=1024)
def _strip(text: str, font: Path, font_px: int) -> _Strip:
    if font == _OPENCV:
        return _opencv_strip(text, font_px)
    loaded = _load(font, font_px)
    box = loaded.getbbox(text, anchor="ls")
    left, top, bottom = (min(floor(box[0]), 0), min(floor(box[1]), 0), max(ceil(box[3]), 0))
    width = ceil(max(box[2], loaded.getlength(text))) - left
    image = Image.new("L", (width, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), text, 255, loaded, anchor="ls")
    return _Strip(np.asarray(image), -top)


@lru_cache(maxsize=4096)
def _find_font(text: str, fonts: Fonts | None) -> Path | None:
    needed = dict.fromkeys(filter(_needs_glyph, text))
    needs_shaping = _needs_shaping(text)
    for font in _candidates(fonts):
        shapes = _HAS_SHAPING and font not in {_PILLOW, _OPENCV}
        if (shapes or not needs_shaping) and all(_has(font, each) for each in needed):
            return font
    return None


def _candidates(fonts: Fonts | None) -> Iterator[Path]:
    """Yields the fonts to try, the preferred first."""
    yield from (_SHIPPED,) if fonts is None else fonts
    yield _PILLOW
    if fonts is None:
        yield from (*_host_fonts(), _OPENCV)


@lru_cache(maxsize=65536)
def _has(font: Path, character: str) -> bool:
    """Whether the font draws the character as itself, and not as nothing or as a placeholder."""
    if unicodedata.category(character) in {"Cs", "Co"}:
        return False
    if font == _PILLOW:
        return " " < character < "\x7f" and bool(features.check("freetype2"))
    try:
        if font == _OPENCV:
            ink, asked = (_opencv_strip(each, 24).ink for each in (character, "?"))
            return character == "?" or bool(ink.any() and not np.array_equal(ink, asked))
        loaded = _load(font, 24, ImageFont.Layout.BASIC)
        drawn, missing = (loaded.getmask(each) for each in (character, _NO_CHARACTER))
    except (OSError, ValueError, ImportError, AttributeError):
        return False  # The file is damaged or has colour pictures; no FreeType; no OpenCV 5.
    return drawn.getbbox() is not None and bytes(drawn) != bytes(missing)


@lru_cache(maxsize=256)
def _load(font: Path, px: int, layout: ImageFont.Layout | None = None) -> ImageFont.FreeTypeFont:
    if font != _PILLOW:
        return ImageFont.truetype(font, px, layout_engine=layout)
    return cast(ImageFont.FreeTypeFont, ImageFont.load_default(px))


@cache
def _host_fonts() -> Fonts:
    """Returns the font files of the host, plain sans serif ones first."""
    found = (
        Path(directory, name)
        for root in _font_directories()
        for directory, _, names in os.walk(root)
        for name in names
        if name.lower().endswith(_FONT_SUFFIXES) and not name.lower().startswith(_PLACEHOLDER_FONTS)
    )
    plain = sorted(islice(found, _MOST_FONTS), key=lambda path: ("Sans" not in path.stem, path))
    return tuple(sorted(plain, key=lambda path: bool(_UNUSUAL_STYLE.search(path.stem))))


def _font_directories() -> list[str]:
    """Returns where Windows, macOS and Linux keep fonts, there as freedesktop.org says."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() may raise
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", home)
        return [f"{os.environ.get('WINDIR')}/Fonts", f"{local}/Microsoft/Windows/Fonts"]
    if sys.platform == "darwin":
        return [f"{home}/Library/Fonts", "/Library/Fonts", "/System/Library/Fonts"]
    own = os.environ.get("XDG_DATA_HOME") or f"{home}/.local/share"
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return [f"{root}/fonts" for root in (own, *shared.split(":"))] + [f"{home}/.fonts"]


def _opencv_strip(text: str, font_px: int) -> _Strip:
    """Draws with OpenCV's font, which has most characters but lays out one after the other."""
    cv2, font = _opencv()
    visible = "".join(each for each in text if each == " " or _needs_glyph(each))
    left, top, width, height = cv2.getTextSize((0, 0), visible, (0, 0), font, font_px)
    ink = np.zeros((max(height, 1), max(left + width, 1), 3), np.uint8)
    cv2.putText(ink, visible, (0, -top), (255, 255, 255), font, font_px)
    return _Strip(ink[:, :, 0], -top)


@cache
def _opencv() -> Any:
    """Returns OpenCV and its font, which is slow to load.

    Raises: ImportError without OpenCV, AttributeError before OpenCV 5.
    """
    import cv2  # noqa: PLC0415

    return cv2, cv2.FontFace("uni")
