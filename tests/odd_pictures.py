"""Image files that people have and detectors rarely see, with the size of each upright."""

import io

import cv2
import numpy as np
from PIL import Image

WH = tuple[int, int]


def _noise(width: int, height: int) -> Image.Image:
    random = np.random.default_rng(width)
    return Image.fromarray(random.integers(0, 255, (height, width, 3), dtype=np.uint8))


def _file(picture: Image.Image, kind: str, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x112] = orientation
    file = io.BytesIO()
    picture.save(file, kind, exif=exif)
    return file.getvalue()


def _sixteen_bit(channels: int, suffix: str) -> bytes:
    random = np.random.default_rng(channels)
    pixels = random.integers(0, 65535, (120, 160, channels), dtype=np.uint16)
    return cv2.imencode(suffix, pixels)[1].tobytes()


_PLAIN = _noise(160, 120)

ODD_PICTURES: dict[str, tuple[bytes, WH]] = {
    "black": (_file(Image.new("RGB", (160, 120)), "PNG"), (160, 120)),
    "white": (_file(Image.new("RGB", (160, 120), "white"), "PNG"), (160, 120)),
    "1x1": (_file(_noise(1, 1), "PNG"), (1, 1)),
    "4000x100": (_file(_noise(4000, 100), "JPEG"), (4000, 100)),
    "100x4000": (_file(_noise(100, 4000), "JPEG"), (100, 4000)),
    "1x5000": (_file(_noise(1, 5000), "PNG"), (1, 5000)),
    "5000x1": (_file(_noise(5000, 1), "PNG"), (5000, 1)),
    "grey": (_file(_PLAIN.convert("L"), "JPEG"), (160, 120)),
    "black and white": (_file(_PLAIN.convert("1"), "PNG"), (160, 120)),
    "palette": (_file(_PLAIN.convert("P"), "GIF"), (160, 120)),
    "grey with alpha": (_file(_PLAIN.convert("LA"), "PNG"), (160, 120)),
    "RGBA": (_file(_PLAIN.convert("RGBA"), "PNG"), (160, 120)),
    "CMYK": (_file(_PLAIN.convert("CMYK"), "JPEG"), (160, 120)),
    "16-bit grey": (_sixteen_bit(1, ".png"), (160, 120)),
    "16-bit colour": (_sixteen_bit(3, ".png"), (160, 120)),
    "16-bit RGBA TIFF": (_sixteen_bit(4, ".tiff"), (160, 120)),
    "EXIF 6 JPEG": (_file(_PLAIN, "JPEG", 6), (120, 160)),
    "EXIF 6 PNG": (_file(_PLAIN, "PNG", 6), (120, 160)),
    "EXIF 6 WebP": (_file(_PLAIN, "WEBP", 6), (120, 160)),
    "EXIF 6 TIFF": (_file(_PLAIN, "TIFF", 6), (120, 160)),
    "EXIF 6 AVIF": (_file(_PLAIN, "AVIF", 6), (120, 160)),
}
