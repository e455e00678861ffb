"""Real videos for the benchmarks, and longer ones made of them."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.video.reformatter import VideoReformatter

from tests.frame_truth import shared_data


def required_data() -> Path:
    """Where the real videos are. Ends the benchmark if they are absent."""
    directory = shared_data()
    if not directory.is_dir():
        raise SystemExit(f"no real data at {directory} (set TPOD_SHARED_DATA)")
    return directory


def long_1080p(target: Path, source: Path, frames: int) -> Path:
    """``source`` played again and again at 1080p, encoded as phones do (H.264, GOP 30)."""
    scaler = VideoReformatter()
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=30, options=_PHONE)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for number, frame in enumerate(_forever(source)):
            if number == frames:
                break
            scaled = scaler.reformat(frame, 1920, 1080, "yuv420p")
            scaled.pts, scaled.time_base = number, Fraction(1, 30)
            scaled.pict_type = 0
            container.mux(stream.encode(scaled))
        container.mux(stream.encode(None))
    return target


_PHONE = {"crf": "21", "preset": "veryfast", "g": "30", "bf": "0"}


def _forever(source: Path) -> Iterator[av.VideoFrame]:
    while True:
        with av.open(str(source)) as container:
            yield from container.decode(video=0)
