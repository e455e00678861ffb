"""Real videos for the benchmarks, and longer ones made of them."""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.video.reformatter import VideoReformatter

REPO = Path(__file__).resolve().parents[2]


def shared_data() -> Path:
    """Where the real videos are. Ends the benchmark if they are absent."""
    directory = Path(os.environ.get("TPOD_SHARED_DATA", REPO.parent / "shared" / "data"))
    if not directory.is_dir():
        raise SystemExit(f"no real data at {directory} (set TPOD_SHARED_DATA)")
    return directory


@dataclass(frozen=True)
class TrueVideo:
    """A file, and the checksum of every frame of it; ``None`` where it cannot be opened."""

    path: Path
    luma_crc: list[int] | None


def true_videos() -> Iterator[TrueVideo]:
    """Every video of the real data."""
    data = shared_data()
    odd, good = data / "odd_videos", data / "dev" / "video_gt"
    for path in sorted([*odd.glob("*.*"), *good.glob("*/*.mp4")]):
        truths = (odd if path.parent == odd else data / "dev") / "frame_truth"
        truth = truths / f"{path.name}.csv"
        yield TrueVideo(path, _checksums(truth) if truth.exists() else None)


def _checksums(truth: Path) -> list[int]:
    with truth.open() as file:
        return [int(row["luma_crc32"], 16) for row in csv.DictReader(file)]


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
