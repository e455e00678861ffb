"""Colours for labels that most people can tell apart, and that stand out in most pictures.

Source: the qualitative palettes of P. Green-Armytage, "A Colour Alphabet" (2010), and
M. Okabe and K. Ito, "Color Universal Design" (2008), brightened for thin lines.
"""

import re

from tpod_core.errors import InvalidInput

COLORS = (
    "#ff9f1c",
    "#2ec4f1",
    "#3ddc84",
    "#ff4d6d",
    "#b388ff",
    "#ffe14d",
    "#00c2a8",
    "#ff7ad9",
    "#a3d930",
    "#7aa5ff",
    "#ff6b35",
    "#c9a27e",
)
_HEX = re.compile(r"#[0-9a-f]{6}")


def color_at(position: int) -> str:
    """Returns the colour of the n-th label of the catalogue; the palette repeats."""
    return COLORS[position % len(COLORS)]


def rgb_of(color: str) -> tuple[int, int, int]:
    """Converts ``"#rrggbb"`` to (red, green, blue), each 0..255."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def clean_color(color: str, field: str | None = None) -> str:
    """Returns ``color`` as lower-case ``#rrggbb``. Raises: InvalidInput for anything else."""
    clean = color.strip().lower()
    if not _HEX.fullmatch(clean):
        raise InvalidInput(f"A colour is written #rrggbb, not {color!r}.", field)
    return clean
