"""Import against one bare decode of the same file: at most 1.6 times its time.

Also: how soon after its start an import lets the first frame be shown.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import av

from benchmarks._videos import long_1080p, required_data
from tpod_core.video.importing import scan_and_check
from tpod_core.video.index import FrameIndex
from tpod_core.video.probe import probe

LIMIT = 1.6
FIRST_FRAME_LIMIT_S = 2.0
ROUNDS = 3
LONG_FRAMES = 450


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


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of all processors together: the latter forgive a busy machine."""

    clock: float
    cpu: float


def spent(work: Callable[[], object]) -> Spent:
    """The fastest of several rounds."""
    rounds = []
    for _ in range(ROUNDS):
        clock, cpu = time.perf_counter(), time.process_time()
        work()
        rounds.append(Spent(time.perf_counter() - clock, time.process_time() - cpu))
    return min(rounds, key=lambda took: took.clock)


def decode(path: Path, thread_type: str) -> None:
    """What any program does that looks at every frame once."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = thread_type
        for _ in container.decode(stream):
            pass


def first_frame_s(path: Path) -> float:
    """Import ``path``, and say how soon its first frame could have been shown."""
    following = Following(time.perf_counter())
    scan_and_check(path, probe(path), following, following.publish)
    return following.first_frame_s or time.perf_counter() - following.started


def measured(path: Path) -> bool:
    """Print one line; True if the limits hold."""
    bare, threaded = (spent(partial(decode, path, kind)) for kind in ("SLICE", "AUTO"))
    first: list[float] = []
    whole = spent(lambda: first.append(first_frame_s(path)))
    print(
        f"{path.name:28} import {whole.clock:6.2f} s = {whole.clock / bare.clock:.2f} × "
        f"PyAV's default decode ({whole.cpu / bare.cpu:.2f} × its CPU time), "
        f"{whole.clock / threaded.clock:.2f} × decode by all threads; "
        f"first frame after {max(first):.2f} s",
        flush=True,
    )
    return whole.clock / bare.clock <= LIMIT and max(first) <= FIRST_FRAME_LIMIT_S


def main() -> int:
    data = required_data()
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
