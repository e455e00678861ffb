"""Import against one bare decode of the same file: at most 1.6 times its time.

Also: how soon after its start an import lets the first frame be shown.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import av

from tests.benchmarks._videos import long_1080p, shared_data
from tpod_core.video.importing import scan_and_check
from tpod_core.video.index import FrameIndex
from tpod_core.video.probe import probe

LIMIT = 1.6
FIRST_FRAME_LIMIT_S = 2.0
ROUNDS = 3
LONG_FRAMES = 900


@dataclass
class Following:
    """Follows an import as its job does."""

    started: float
    first_frame_s: float | None = None

    def check(self) -> None:
        return

    def progress(self, fraction: float, message: str) -> None:
        return

    def publish(self, index: FrameIndex) -> None:
        index.to_bytes()
        if self.first_frame_s is None:
            self.first_frame_s = time.perf_counter() - self.started


def bare_decode_s(path: Path, thread_type: str) -> float:
    """What any program needs that looks at every frame once."""
    started = time.perf_counter()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = thread_type
        for _ in container.decode(stream):
            pass
    return time.perf_counter() - started


def import_s(path: Path) -> tuple[float, float]:
    """Seconds for everything, and until the first frame can be shown."""
    following = Following(time.perf_counter())
    scan_and_check(path, probe(path), following, following.publish)
    whole = time.perf_counter() - following.started
    return whole, following.first_frame_s or whole


def measured(path: Path) -> bool:
    """Print one line; True if the limits hold."""
    rounds = [
        (bare_decode_s(path, "SLICE"), bare_decode_s(path, "AUTO"), *import_s(path))
        for _ in range(ROUNDS)
    ]
    bare, threaded, whole, first = (median(column) for column in zip(*rounds, strict=True))
    print(
        f"{path.name:28} import {whole:6.2f} s   PyAV's default decode {bare:6.2f} s: "
        f"{whole / bare:.2f} ×   with all threads {threaded:6.2f} s: {whole / threaded:.2f} ×   "
        f"first frame after {first:.2f} s",
        flush=True,
    )
    return whole / bare <= LIMIT and first <= FIRST_FRAME_LIMIT_S


def main() -> int:
    data = shared_data()
    names = ["Bike", "Car4", "basketball"]
    files = [data / "dev" / "video_gt" / name / f"{name}.mp4" for name in names]
    files += [data / "odd_videos" / "ax_bbb_1080p60_vp8.webm"]
    files += [data / "odd_videos" / "hevc_opengop.mp4"]
    with tempfile.TemporaryDirectory() as directory:
        files.append(long_1080p(Path(directory) / "long_1080p.mp4", files[0], LONG_FRAMES))
        kept = [measured(path) for path in files]
    print(f"limit: {LIMIT} × of the default decode, first frame within {FIRST_FRAME_LIMIT_S} s")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
