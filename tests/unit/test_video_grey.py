"""Grey pictures of a real file: the right frames, upright, of the right brightness."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.synthetic import make_video, number_in
from tests.unwatched import Unwatched
from tpod_core.errors import NotFound
from tpod_core.video.grey import GreyReader
from tpod_core.video.importing import scan_and_check
from tpod_core.video.probe import probe
from tpod_core.video.reader import VideoReader


def open_made(directory: Path) -> VideoReader:
    path = make_video(directory / "numbers.mp4", frames=40)
    return VideoReader(path, scan_and_check(path, probe(path), Unwatched()).index)


def test_grey_reader_gives_the_frames_asked_for(tmp_path: Path) -> None:
    with open_made(tmp_path) as reader:
        grey = GreyReader(reader)
        assert grey.frame_wh == (320, 240)
        read = [(frame, number_in(image[..., None])) for frame, image in grey.read(30, 35)]
        again = [(frame, number_in(image[..., None])) for frame, image in grey.read(3, 5)]
    assert read == [(number, number) for number in range(30, 35)]
    assert again == [(3, 3), (4, 4)]


def test_grey_reader_agrees_with_the_colour_picture(tmp_path: Path) -> None:
    with open_made(tmp_path) as reader:
        expected = cv2.cvtColor(reader.read(7), cv2.COLOR_BGR2GRAY)
        ((_, image),) = GreyReader(reader).read(7, 8)
    assert np.abs(image.astype(int) - expected).max() <= 3


def test_grey_reader_refuses_frames_beyond_the_end(tmp_path: Path) -> None:
    with open_made(tmp_path) as reader, pytest.raises(NotFound, match="no frame 40"):
        list(GreyReader(reader).read(39, 41))


def test_grey_reader_turns_a_phone_video_upright(shared_data: Path) -> None:
    turned = 0
    for path in sorted((shared_data / "odd_videos").glob("*rot*.mp4"))[:3]:
        index = scan_and_check(path, probe(path), Unwatched()).index
        with VideoReader(path, index) as reader:
            grey = GreyReader(reader)
            ((_, image),) = grey.read(0, 1)
            assert (image.shape[1], image.shape[0]) == grey.frame_wh == index.upright_wh
            turned += index.orientation.quarter_turns % 2
    assert turned
