"""Pictures into a file: size, number and speed survive."""

from pathlib import Path

import av
import numpy as np
import pytest

from tpod_core.video.writing import write_video


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
