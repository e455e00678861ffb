"""Pictures into a file: size, number and speed survive."""

from pathlib import Path

import av
import numpy as np
import pytest

from tpod_core.errors import InvalidInput
from tpod_core.video.writing import MAX_VIDEO_SIDE_PX, write_video


@pytest.mark.parametrize("wh", [(64, 48), (65, 47)], ids=["even", "odd"])
def test_odd_sides_grow_by_one_pixel(tmp_path: Path, wh: tuple[int, int]) -> None:
    image = np.full((wh[1], wh[0], 3), 200, np.uint8)
    write_video(tmp_path / "a.mp4", [image] * 3, 25)
    with av.open(str(tmp_path / "a.mp4")) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert len(frames) == 3
    assert frames[0].shape[:2] == (48, 64 if wh[0] == 64 else 66)
    assert frames[0].min() > 190  # the pixel that was added repeats its neighbour


def test_frames_are_shown_at_their_own_times(tmp_path: Path) -> None:
    times_s = [*(n / 30 for n in range(30)), *range(1, 6)]
    write_video(tmp_path / "a.mp4", [np.zeros((48, 64, 3), np.uint8)] * 35, 5, times_s)
    with av.open(str(tmp_path / "a.mp4")) as container:
        shown = [frame.time for frame in container.decode(video=0)]
    assert shown == pytest.approx(times_s, abs=1e-3)


def test_fractional_speed_is_kept(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", [np.zeros((48, 64, 3), np.uint8)] * 30, 30000 / 1001)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert float(container.streams.video[0].average_rate) == pytest.approx(29.97, abs=0.001)


@pytest.mark.parametrize("wh", [(16_386, 16), (16, 65_500)], ids=["wide", "high"])
def test_size_that_the_encoder_refuses_is_said_in_a_sentence(
    tmp_path: Path, wh: tuple[int, int]
) -> None:
    image = np.zeros((wh[1], wh[0], 3), np.uint8)
    with pytest.raises(InvalidInput, match=f"frames of {wh[0]:,} × {wh[1]:,} pixels"):
        write_video(tmp_path / "a.mp4", [image], 25)


def test_largest_side_that_is_promised_is_written(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", [np.zeros((16, MAX_VIDEO_SIDE_PX, 3), np.uint8)], 25)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert [frame.width for frame in container.decode(video=0)] == [MAX_VIDEO_SIDE_PX]
