"""Frames over HTTP at 1080p from the running app: stepping, coming back, and its memory.

Requests come 60 ms apart, as from a person who holds a key; four videos are open. The
baseline, in the same run, is what one frame costs without a server: decode and encode it.
"""

import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from statistics import median, quantiles

import httpx
import psutil

from benchmarks._videos import long_1080p, required_data
from tests.live import start_server, stop_server
from tests.unwatched import Unwatched
from tpod_core.video.encode import encode_jpeg
from tpod_core.video.importing import scan_and_check
from tpod_core.video.probe import probe
from tpod_core.video.reader import VideoReader

VIDEOS = 4
FRAMES = 120
PAUSE_S = 0.06
IMPORT_DEADLINE_S = 300
NEXT_P95_LIMIT_MS = 15.0
CACHED_P95_LIMIT_MS = 5.0
MEMORY_LIMIT_MB = 500


def bare_frame_ms(path: Path) -> float:
    """Decode one more frame and encode it, in this process: the median of many."""
    took = []
    index = scan_and_check(path, probe(path), Unwatched()).index
    with VideoReader(path, index) as reader:
        for number in range(FRAMES):
            started = time.perf_counter()
            encode_jpeg(reader.read(number))
            took.append(time.perf_counter() - started)
    return median(took) * 1000


def uploaded(client: httpx.Client, path: Path) -> int:
    """The id of a video made of ``path``, once it is imported."""
    video_id: int = client.post("/videos", json={"name": path.stem}).raise_for_status().json()["id"]
    with path.open("rb") as file:
        client.post(
            f"/videos/{video_id}/data", files={"file": (path.name, file)}
        ).raise_for_status()
    deadline = time.monotonic() + IMPORT_DEADLINE_S
    while (state := client.get(f"/videos/{video_id}/status").json()["state"]) != "ready":
        if state == "failed" or time.monotonic() > deadline:
            raise SystemExit(f"the import ended as {state}")
        time.sleep(0.2)
    return video_id


def fetch_ms(client: httpx.Client, video_id: int, frames: Iterable[int]) -> list[float]:
    """Milliseconds for each frame, asked for one after the other with a pause between."""
    took = []
    for frame in frames:
        started = time.perf_counter()
        client.get(f"/videos/{video_id}/frames/{frame}").raise_for_status()
        took.append((time.perf_counter() - started) * 1000)
        time.sleep(PAUSE_S)
    return took


def p50_p95(took: list[float]) -> tuple[float, float]:
    return median(took), quantiles(took, n=20)[-1]


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        bike = required_data() / "dev" / "video_gt" / "Bike" / "Bike.mp4"
        path = long_1080p(Path(directory) / "long_1080p.mp4", bike, FRAMES)
        bare = bare_frame_ms(path)
        server = start_server(Path(directory) / "home")
        try:
            client = server.api()
            video_ids = [uploaded(client, path) for _ in range(VIDEOS)]
            app = psutil.Process(server.process.pid)
            before_mb = app.memory_info().rss / 1e6
            # The first three steps set the habit that reading ahead follows.
            steps = [fetch_ms(client, number, range(FRAMES))[3:] for number in video_ids]
            again = fetch_ms(client, video_ids[-1], range(FRAMES - 60, FRAMES))
            after_mb = app.memory_info().rss / 1e6
        finally:
            stop_server(server)
    next_p50, next_p95 = p50_p95([took for video in steps for took in video])
    cached_p50, cached_p95 = p50_p95(again)
    print(f"bare: decode and encode one 1080p frame      {bare:6.1f} ms")
    print(
        f"next frame over HTTP, read ahead   p50 {next_p50:5.1f}  p95 {next_p95:5.1f} ms"
        f"   = {next_p50 / bare:.2f} × and {next_p95 / bare:.2f} × bare   (limit p95 15 ms)"
    )
    print(
        f"cached frame over HTTP             p50 {cached_p50:5.1f}  p95 {cached_p95:5.1f} ms"
        f"   = {cached_p50 / bare:.2f} × and {cached_p95 / bare:.2f} × bare   (limit p95 5 ms)"
    )
    print(
        f"memory of the app: {before_mb:.0f} MB before, {after_mb:.0f} MB with {VIDEOS} videos "
        f"open   (limit {MEMORY_LIMIT_MB} MB)"
    )
    kept = (
        next_p95 <= NEXT_P95_LIMIT_MS
        and cached_p95 <= CACHED_P95_LIMIT_MS
        and after_mb <= MEMORY_LIMIT_MB
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
