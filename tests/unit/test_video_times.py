"""When the frames of a video are shown: by their own times, or by a rate that is known."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests import frame_truth
from tests.frame_truth import TrueVideo, true_videos
from tests.synthetic import make_video, numbered_image
from tests.unwatched import Unwatched
from tpod_core.errors import NotAVideo
from tpod_core.models import FpsSource
from tpod_core.video.importing import scan_and_check
from tpod_core.video.probe import VideoProbe, probe
from tpod_core.video.scan import Scan, scan
from tpod_core.video.times import FrameTimes, TimeRun, header_rate, rate_of

WH = (160, 120)
THREE_HOURS = 3 * 3600 * 30


def variable(number: int) -> Fraction:
    """30 frames at 30 fps, then one a second."""
    return Fraction(number, 30) if number < 30 else Fraction(number - 29)


def variable_times(count: int = 60) -> FrameTimes:
    return FrameTimes(np.array([float(variable(number)) for number in range(count)]))


def scanned_and_described(path: Path) -> tuple[Scan, VideoProbe]:
    described = probe(path)
    return scan_and_check(path, described, Unwatched()), described


def by_runs(runs: list[TimeRun], count: int) -> np.ndarray:
    """The times as a client of the API works them out."""
    frames = np.arange(count)
    own = np.searchsorted([run.first for run in runs], frames, side="right") - 1
    first = np.array([run.first for run in runs])[own]
    start_s = np.array([round(run.start_s, 6) for run in runs])[own]
    return start_s + (frames - first) * np.array([run.step_s for run in runs])[own]


def test_variable_rate_is_told_by_its_runs() -> None:
    times = variable_times()
    runs = list(times.runs())
    assert [run.first for run in runs] == [0, 31]
    assert by_runs(runs, 60)[[0, 29, 30, 59]] == pytest.approx([0, 29 / 30, 1, 30], abs=1e-3)
    assert not times.is_constant


@pytest.mark.parametrize("fps", [0.4, 12.5, 24, 30000 / 1001, 60], ids=str)
def test_constant_rate_is_one_run_however_long_the_video(fps: float) -> None:
    times = FrameTimes.at_rate(THREE_HOURS, fps)
    (run,) = times.runs()
    assert times.is_constant
    assert np.abs(by_runs([run], THREE_HOURS) - times.seconds).max() < 1e-3


def test_times_in_whole_milliseconds_stay_one_run() -> None:
    times = FrameTimes(np.round(np.arange(THREE_HOURS) * (1001 / 30000), 3))
    assert len(list(times.runs())) == 1


def test_jittering_times_are_exact_to_a_millisecond() -> None:
    steps = np.random.default_rng(0).uniform(0.005, 0.07, 5000)
    times = FrameTimes(np.concatenate([[0], np.cumsum(steps)]))
    assert np.abs(by_runs(list(times.runs()), 5001) - times.seconds).max() < 1e-3


@pytest.mark.parametrize("count", [0, 1], ids=["none", "one"])
def test_video_without_a_second_frame_has_no_step(count: int) -> None:
    times = FrameTimes.at_rate(count, 25)
    assert list(times.runs()) == [TimeRun(0, 0.0, 0.0)][:count]
    assert times.is_constant


def test_seconds_between_frames_are_those_of_their_times() -> None:
    times = variable_times()
    assert times.between(0, 30) == 1
    assert times.between(30, 40) == 10
    assert FrameTimes.at_rate(20, 10).between(5, 20) == 1.5


@pytest.mark.parametrize(("fps", "most"), [(10, 10), (29.97, 30), (0.4, 1)])
def test_most_frames_in_a_second_are_those_of_the_rate(fps: float, most: int) -> None:
    assert FrameTimes.at_rate(500, fps).most_in_a_second == most


def test_most_frames_in_a_second_are_counted_where_they_are_closest() -> None:
    assert variable_times().most_in_a_second == 30


@pytest.mark.parametrize(
    "video",
    true_videos(frame_truth.shared_data()),
    ids=lambda video: video.path.name.replace(".", "_"),
)
def test_runs_give_every_time_of_a_real_video_to_a_millisecond(video: TrueVideo) -> None:
    try:
        index = scan(video.path, probe(video.path), Unwatched()).index
    except NotAVideo:
        return
    exact = (index.pts - index.pts[0]) * float(index.time_base)
    times = FrameTimes.of_index(index)
    assert np.abs(by_runs(list(times.runs()), len(index)) - exact).max() <= 1e-3


def test_case_of_variable_rate_has_its_frame_29_before_the_first_second(shared_data: Path) -> None:
    path = shared_data / "cases" / "variable_rate.mp4"
    times = FrameTimes.of_index(scan(path, probe(path), Unwatched()).index)
    assert times.seconds[29] == pytest.approx(0.967, abs=1e-3)


# Where the rate comes from


@pytest.mark.parametrize(
    ("muxer", "codec", "fps"),
    [
        ("h264", "libx264", 12),
        ("hevc", "libx265", 12),
        ("m4v", "mpeg4", 12),
        ("mjpeg", "mjpeg", 25),
    ],
)
def test_rate_of_a_bare_stream_is_a_guess(tmp_path: Path, muxer: str, codec: str, fps: int) -> None:
    path = tmp_path / f"a.{muxer}"
    with av.open(str(path), "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=12)
        stream.width, stream.height = WH
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number in range(10):
            image = av.VideoFrame.from_ndarray(numbered_image(number, WH), format="bgr24")
            container.mux(stream.encode(image))
        container.mux(stream.encode(None))
    assert rate_of(*scanned_and_described(path)) == (pytest.approx(fps), FpsSource.GUESSED)


@pytest.mark.parametrize(
    ("delays_ms", "source"),
    [([0] * 6, FpsSource.GUESSED), ([100] * 6, FpsSource.FILE), ([50, 0] * 3, FpsSource.FILE)],
    ids=["no delay", "all delays", "some delays"],
)
def test_rate_of_a_gif_is_a_guess_only_without_delays(
    tmp_path: Path, delays_ms: list[int], source: FpsSource
) -> None:
    pictures = [Image.fromarray(np.full((48, 64, 3), 40 * n, np.uint8)) for n in range(6)]
    path = tmp_path / "a.gif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=delays_ms)
    assert rate_of(*scanned_and_described(path))[1] is source


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts"])
def test_rate_of_a_container_with_times_is_known(tmp_path: Path, suffix: str) -> None:
    path = make_video(tmp_path / f"a.{suffix}", 30, (64, 48), 12)
    fps, source = rate_of(*scanned_and_described(path))
    assert (fps, source) == (pytest.approx(12, rel=1e-3), FpsSource.FILE)


def test_faulty_times_leave_the_header_s_rate(tmp_path: Path) -> None:
    scanned, described = scanned_and_described(make_video(tmp_path / "a.mp4", 10, WH, 12))
    faulty = replace(scanned, has_times=False)
    assert rate_of(faulty, replace(described, fps=15)) == (15, FpsSource.FILE)
    assert rate_of(faulty, replace(described, fps=0)) == (25, FpsSource.GUESSED)


def test_rate_of_a_single_frame_is_the_header_s(tmp_path: Path) -> None:
    path = make_video(tmp_path / "one.mp4", 1, (64, 48), 30)
    assert rate_of(*scanned_and_described(path)) == (30, FpsSource.FILE)


@pytest.mark.parametrize("named", [0.0, 90_000.0])
def test_rate_that_no_camera_has_is_not_believed(tmp_path: Path, named: float) -> None:
    described = probe(make_video(tmp_path / "a.mp4", 3, WH))
    assert header_rate(replace(described, fps=named)) == (25, FpsSource.GUESSED)
