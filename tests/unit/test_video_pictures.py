"""Image files at the door: upright, whole, and not too large."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.odd_pictures import ODD_PICTURES
from tpod_core.config import get_settings
from tpod_core.errors import NotAnImage, TooLarge
from tpod_core.video.pictures import read_picture


def image_file(kind: str = "PNG", wh: tuple[int, int] = (80, 40), orientation: int = 1) -> bytes:
    """Left half red, right half black, with an EXIF orientation."""
    pixels = np.zeros((wh[1], wh[0], 3), np.uint8)
    pixels[:, : wh[0] // 2, 0] = 255
    exif = Image.Exif()
    exif[0x112] = orientation
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_picture_is_turned_as_its_exif_data_say(home: object, kind: str) -> None:
    picture = read_picture(image_file(kind, orientation=6))  # a quarter turn clockwise
    assert picture.shape == (80, 40, 3)
    assert picture[5, 20, 2] > 200
    assert picture[75, 20, 2] < 50


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_picture_is_turned_and_mirrored_as_pillow_does(
    home: object, kind: str, orientation: int
) -> None:
    content = image_file(kind, orientation=orientation)
    with Image.open(io.BytesIO(content)) as file:
        assert file.getexif().get(0x112, 1) == orientation
        expected = np.asarray(ImageOps.exif_transpose(file).convert("RGB"), int)
    picture = read_picture(content)
    assert picture.shape == expected.shape
    assert np.abs(picture[:, :, ::-1] - expected).mean() < 8


@pytest.mark.parametrize("name", ODD_PICTURES)
def test_odd_picture_is_read_as_upright_colours(home: object, name: str) -> None:
    content, wh = ODD_PICTURES[name]
    picture = read_picture(content)
    assert (picture.shape, picture.dtype) == ((wh[1], wh[0], 3), np.uint8)
    assert picture.flags.c_contiguous


@pytest.mark.parametrize(
    "content",
    [b"", b"no image", image_file()[:60], image_file("JPEG")[:300]],
    ids=["empty", "text", "cut off png", "cut off jpeg"],
)
def test_what_is_no_image_is_refused(home: object, content: bytes) -> None:
    with pytest.raises(NotAnImage):
        read_picture(content)


def test_picture_of_too_many_pixels_is_refused_before_it_is_decoded(
    home: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_MAX_FRAME_PIXELS", "3199")
    get_settings.cache_clear()
    monkeypatch.setattr("cv2.imdecode", lambda *args: pytest.fail("was decoded"))
    with pytest.raises(TooLarge, match="pixels"):
        read_picture(image_file())


def test_file_of_too_many_bytes_is_refused(home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TPOD_MAX_IMAGE_BYTES", "50")
    get_settings.cache_clear()
    with pytest.raises(TooLarge, match="larger than"):
        read_picture(image_file())
