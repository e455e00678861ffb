"""What is a video, what is not, and why: one sentence for each."""

from pathlib import Path

import av
import numpy as np
import pytest

from tests.synthetic import make_video
from tpod_core.config import get_settings
from tpod_core.errors import NotAVideo, TooLarge
from tpod_core.video.probe import probe


def cut(path: Path) -> None:
    """A recording that broke off: MP4 keeps its index at the end."""
    whole = make_video(path)
    whole.write_bytes(whole.read_bytes()[:-2000])


def sound_only(path: Path) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate = 8000
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))


def no_frames(path: Path) -> None:
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()


def picture(path: Path) -> None:
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuvj420p")))
        container.mux(stream.encode(None))


def playlist(path: Path) -> None:
    """A file that would have FFmpeg open other files."""
    make_video(path.with_name("other.mp4"))
    path.write_text("ffconcat version 1.0\nfile other.mp4\n")


BAD = {
    "empty": (lambda path: path.write_bytes(b""), "is empty"),
    "text": (lambda path: path.write_text("frame,pts\n0,0\n" * 50), "not a video that TPOD"),
    "noise": (lambda path: path.write_bytes(bytes(range(256)) * 40), "not a video that TPOD"),
    "cut off": (cut, "cut off"),
    "sound only": (sound_only, "no video stream"),
    "no frames": (no_frames, "no frame that can be decoded"),
    "picture": (picture, "not a video that TPOD"),
    "playlist": (playlist, "not a video that TPOD"),
}


@pytest.mark.parametrize(("make", "reason"), BAD.values(), ids=BAD.keys())
def test_bad_file_is_refused_with_its_own_reason(tmp_path: Path, make, reason: str) -> None:
    path = tmp_path / "upload.mp4"
    make(path)
    with pytest.raises(NotAVideo, match=reason):
        probe(path)


def test_frames_over_the_limit_are_refused_naming_both_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_MAX_FRAME_PIXELS", "1000000")
    get_settings.cache_clear()
    path = make_video(tmp_path / "large.mp4", frames=2, wh=(1280, 800))
    with pytest.raises(TooLarge, match="1280 × 800 pixels; at most 1 megapixels"):
        probe(path)
    get_settings.cache_clear()


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi", "ts"])
def test_content_decides_not_the_extension(tmp_path: Path, suffix: str) -> None:
    path = make_video(tmp_path / f"video.{suffix}", wh=(64, 48))
    renamed = path.rename(tmp_path / "video.txt")
    assert probe(renamed).stored_wh == (64, 48)


def test_probe_tells_what_the_header_says(tmp_path: Path) -> None:
    described = probe(make_video(tmp_path / "a.mp4", frames=50, wh=(320, 240), fps=25))
    assert (described.codec, described.fps, described.header_frames) == ("h264", 25.0, 50)
    assert described.duration_s == pytest.approx(2.0, abs=0.1)
    assert described.square_pixels


def test_cover_picture_is_not_taken_for_the_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame(64, 48, "yuvj420p")))
        container.mux(cover.encode(None))
    with pytest.raises(NotAVideo, match="no video stream"):
        probe(path)


def test_upright_size_and_square_pixels_of_real_phone_videos(shared_data: Path) -> None:
    odd = shared_data / "odd_videos"
    assert probe(odd / "portrait_4k60.mp4").upright_wh == (2160, 3840)
    assert probe(odd / "h264_rot180.mp4").upright_wh == (640, 360)
    assert not probe(odd / "h264_sar4x3.mp4").square_pixels
