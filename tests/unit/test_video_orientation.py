"""Upright pictures, by hand: the display matrix of a file against small arrays."""

import struct
from pathlib import Path

import numpy as np
import pytest

from tests.synthetic import make_video, number_in
from tpod_core.video.orientation import Image, Orientation
from tpod_core.video.probe import probe

STORED = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
ONE = 1 << 16


def picture(values: np.ndarray) -> Image:
    return np.repeat(values[:, :, None], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        pytest.param(Orientation(), [[1, 2, 3], [4, 5, 6]], id="as stored"),
        pytest.param(Orientation(1), [[3, 6], [2, 5], [1, 4]], id="quarter left"),
        pytest.param(Orientation(2), [[6, 5, 4], [3, 2, 1]], id="half"),
        pytest.param(Orientation(3), [[4, 1], [5, 2], [6, 3]], id="quarter right"),
        pytest.param(Orientation(0, mirrored=True), [[3, 2, 1], [6, 5, 4]], id="mirrored"),
        pytest.param(Orientation(2, mirrored=True), [[4, 5, 6], [1, 2, 3]], id="upside down"),
        pytest.param(Orientation(1, mirrored=True), [[1, 4], [2, 5], [3, 6]], id="transposed"),
    ],
)
def test_picture_is_turned_upright(orientation: Orientation, upright: list[list[int]]) -> None:
    turned = orientation.upright(picture(STORED))
    assert turned[:, :, 0].tolist() == upright
    assert orientation.upright_wh((3, 2)) == (turned.shape[1], turned.shape[0])
    assert turned.flags.c_contiguous


@pytest.mark.parametrize(
    ("matrix", "orientation"),
    [
        pytest.param((1, 0, 0, 1), Orientation(), id="none"),
        pytest.param((0, 1, -1, 0), Orientation(3), id="phone upright"),
        pytest.param((-1, 0, 0, -1), Orientation(2), id="phone upside down"),
        pytest.param((0, -1, 1, 0), Orientation(1), id="phone other way"),
        pytest.param((-1, 0, 0, 1), Orientation(0, mirrored=True), id="selfie"),
        pytest.param((1, 0, 0, -1), Orientation(2, mirrored=True), id="flipped"),
        pytest.param((0, 1, 1, 0), Orientation(1, mirrored=True), id="transposed"),
    ],
)
def test_matrix_of_a_file_gives_the_orientation(
    tmp_path: Path, matrix: tuple[int, int, int, int], orientation: Orientation
) -> None:
    path = make_video(tmp_path / "a.mp4", frames=2)
    write_matrix(path, matrix)
    assert probe(path).orientation == orientation


def write_matrix(path: Path, matrix: tuple[int, int, int, int]) -> None:
    """Put a, b, c, d into the track header, in place of those of an unturned picture."""
    a, b, c, d = (value * ONE for value in matrix)
    plain = struct.pack(">9i", ONE, 0, 0, 0, ONE, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    content = path.read_bytes()
    track_header = content.index(b"tkhd")
    start = content.index(plain, track_header)
    path.write_bytes(content[:start] + turned + content[start + len(turned) :])


def test_numbers_on_synthetic_frames_can_be_read() -> None:
    from tests.synthetic import numbered_image

    assert [number_in(numbered_image(n, (64, 48))) for n in (0, 1, 37, 4095)] == [0, 1, 37, 4095]
