"""Pictures as JPEG files, and pictures that are too large for one."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from tpod_core.errors import InvalidInput
from tpod_core.training_sets.pictures import PictureWriter
from tpod_core.video.encode import MAX_JPEG_SIDE_PX, encode_jpeg, scaled_down, scaled_to_fit


def black(width: int, height: int) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


@pytest.mark.parametrize("wh", [(MAX_JPEG_SIDE_PX, 2), (2, MAX_JPEG_SIDE_PX)], ids=str)
def test_longest_side_that_is_promised_is_encoded(wh: tuple[int, int]) -> None:
    decoded = cv2.imdecode(np.frombuffer(encode_jpeg(black(*wh)), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None and decoded.shape == (wh[1], wh[0], 3)


@pytest.mark.parametrize("wh", [(70_000, 2), (2, 65_501)], ids=str)
def test_longer_side_is_refused_in_a_sentence(wh: tuple[int, int]) -> None:
    with pytest.raises(InvalidInput, match=f"{wh[0]:,} × {wh[1]:,} pixels is too large"):
        encode_jpeg(black(*wh))


def test_training_picture_that_is_too_large_fails_the_build_in_a_sentence(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        writer = PictureWriter(pool, 1, lambda progress: None)
        writer.write(tmp_path / "wide.jpg", black(65_501, 2))
        with pytest.raises(InvalidInput, match="too large for a JPEG file"):
            writer.finish()


@pytest.mark.parametrize(
    ("wh", "width", "expected_wh"),
    [
        ((640, 480), 320, (320, 240)),
        ((640, 480), 640, (640, 480)),
        ((640, 480), 1000, (640, 480)),
        ((640, 480), None, (640, 480)),
        ((65_500, 1), 640, (640, 1)),
        ((131_000, 10), None, (65_500, 5)),
        ((10, 131_000), 640, (5, 65_500)),
    ],
    ids=str,
)
def test_picture_to_show_fits_its_width_and_a_jpeg_file(
    wh: tuple[int, int], width: int | None, expected_wh: tuple[int, int]
) -> None:
    shown = scaled_down(black(*wh), width)
    assert (shown.shape[1], shown.shape[0]) == expected_wh
    assert encode_jpeg(shown)


def test_huge_picture_fits_the_side_that_is_asked_for() -> None:
    assert scaled_to_fit(black(65_500, 1000), 16_384).shape == (250, 16_384, 3)
