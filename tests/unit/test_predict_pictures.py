"""``predict.py`` reads and scales pictures without OpenCV as TPOD does with it."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from tpod_core.inference import predict
from tpod_core.video.pictures import read_picture

WH = (90, 60)
ORIENTATIONS = range(1, 9)


def colours(wh: tuple[int, int] = WH) -> np.ndarray:
    """A smooth RGB picture in which every corner differs."""
    width, height = wh
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    planes = [255 * x, 255 * y, 127 * (1 + np.sin(7 * x + 5 * y))]
    return np.stack(planes, axis=2).astype(np.uint8)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def turned(kind: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x112] = orientation
    return encoded(Image.fromarray(colours()), kind, exif=exif)


def of_mode(kind: str, mode: str) -> Callable[[], bytes]:
    return lambda: encoded(Image.fromarray(colours()).convert(mode), kind)


def of_size(*wh: int) -> Callable[[], bytes]:
    return lambda: encoded(Image.fromarray(colours((wh[0], wh[1]))), "PNG")


def sixteen_bits(suffix: str, channels: int) -> bytes:
    deep = colours().astype(np.uint16) * 257 - 100
    with_alpha = np.dstack([deep, deep[:, :, 0]])
    return cv2.imencode(suffix, with_alpha[:, :, :channels])[1].tobytes()


def transparent_palette() -> bytes:
    return encoded(Image.fromarray(colours()).quantize(16), "PNG", transparency=0)


def phone_picture() -> bytes:
    """With a second, smaller picture in the same file."""
    preview = Image.fromarray(colours((30, 20)))
    return encoded(Image.fromarray(colours()), "MPO", save_all=True, append_images=[preview])


PICTURES: dict[str, Callable[[], bytes]] = {
    "jpeg": of_mode("JPEG", "RGB"),
    "grey jpeg": of_mode("JPEG", "L"),
    "CMYK jpeg": of_mode("JPEG", "CMYK"),
    "CMYK tiff": of_mode("TIFF", "CMYK"),
    "grey png": of_mode("PNG", "L"),
    "black and white png": of_mode("PNG", "1"),
    "palette png": of_mode("PNG", "P"),
    "transparent palette": transparent_palette,
    "RGBA png": of_mode("PNG", "RGBA"),
    "grey png with alpha": of_mode("PNG", "LA"),
    "RGBA webp": of_mode("WEBP", "RGBA"),
    "bmp": of_mode("BMP", "RGB"),
    "gif that stands still": of_mode("GIF", "P"),
    "tiff": of_mode("TIFF", "RGB"),
    "avif": of_mode("AVIF", "RGB"),
    "jpeg 2000": of_mode("JPEG2000", "RGB"),
    "ppm": of_mode("PPM", "RGB"),
    "16-bit grey png": lambda: sixteen_bits(".png", 1),
    "16-bit png": lambda: sixteen_bits(".png", 3),
    "16-bit RGBA png": lambda: sixteen_bits(".png", 4),
    "16-bit grey tiff": lambda: sixteen_bits(".tif", 1),
    "16-bit tiff": lambda: sixteen_bits(".tif", 3),
    "phone picture with a preview": phone_picture,
    "1x1": of_size(1, 1),
    "4000x100": of_size(4000, 100),
    "100x4000": of_size(100, 4000),
}


def read_by_program(path: Path, content: bytes) -> np.ndarray:
    path.write_bytes(content)
    source = predict.open_source(path)
    assert isinstance(source, predict.Picture)
    [image] = source
    return image


def furthest(one: np.ndarray, other: np.ndarray) -> int:
    assert one.shape == other.shape
    return int(np.abs(one.astype(int) - other).max())


@pytest.mark.parametrize("name", PICTURES)
def test_picture_has_the_pixels_that_tpod_reads(home: object, tmp_path: Path, name: str) -> None:
    """Of CMYK, OpenCV and Pillow round the product differently."""
    content = PICTURES[name]()
    found = read_by_program(tmp_path / "picture", content)
    rounding = 1 if name in {"CMYK jpeg", "16-bit tiff"} else 0
    assert furthest(found, read_picture(content)) <= rounding


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_picture_is_turned_as_its_exif_data_say(
    home: object, tmp_path: Path, kind: str, orientation: int
) -> None:
    content = turned(kind, orientation)
    found = read_by_program(tmp_path / "picture", content)
    assert found.shape == ((90, 60, 3) if orientation > 4 else (60, 90, 3))
    assert furthest(found, read_picture(content)) == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_picture_that_is_cut_off_is_refused(tmp_path: Path, kind: str) -> None:
    content = turned(kind, 1)
    with pytest.raises(predict.PredictError):
        read_by_program(tmp_path / "picture", content[: len(content) * 2 // 3])


SCALED = {
    "1080p to 640": ((1920, 1080), 640),
    "1080p to 416": ((1920, 1080), 416),
    "enlarged": ((360, 240), 640),
    "odd": ((853, 479), 320),
    "portrait": ((479, 853), 320),
    "wide": ((4000, 100), 640),
    "high": ((100, 4000), 640),
    "one pixel": ((1, 1), 64),
    "as it is": ((640, 640), 640),
}


@pytest.mark.parametrize("name", SCALED)
def test_letterbox_scales_as_opencv_does_in_training(name: str) -> None:
    wh, side_px = SCALED[name]
    noise = np.random.default_rng(0).integers(0, 256, (wh[1], wh[0], 3), np.uint8)
    square, scale, left, top = predict.letterbox(noise, side_px)
    inner_wh = (max(round(wh[0] * scale), 1), max(round(wh[1] * scale), 1))
    inner = square[top : top + inner_wh[1], left : left + inner_wh[0]]
    expected = cv2.resize(noise, inner_wh, interpolation=cv2.INTER_LINEAR)
    assert furthest(inner, expected) <= 1
    assert (inner != expected).mean() < 0.01
    square[top : top + inner_wh[1], left : left + inner_wh[0]] = predict.PADDING_GREY
    assert (square == predict.PADDING_GREY).all()
