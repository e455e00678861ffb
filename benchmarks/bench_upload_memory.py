"""What a large upload costs: the app's memory while it arrives, and time against a bare copy.

The bare copy hashes and writes the same bytes to the same disk in this process. Memory must
stay flat whatever the size: the target is at most 40 MB above what the app had before.
"""

import base64
import hashlib
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psutil

from tests.live import start_server, stop_server
from tests.synthetic import make_video

SIZE_BYTES = 1_500_000_000
PIECE_BYTES = 1024 * 1024
TARGET_BYTES = 40_000_000
BOUNDARY = "tpod-benchmark"


def large_video(path: Path) -> Iterator[bytes]:
    """A real MP4 that is ``SIZE_BYTES`` long: what it lacks is in a box that readers skip."""
    head = path.read_bytes()
    padding = SIZE_BYTES - len(head)
    # A box of 64-bit size. Source: ISO/IEC 14496-12, section 4.2
    yield head + struct.pack(">I4sQ", 1, b"free", padding)
    left, piece = padding - 16, bytes(PIECE_BYTES)
    while left:
        yield piece[: min(left, PIECE_BYTES)]
        left -= min(left, PIECE_BYTES)


def bare_copy(path: Path, target: Path) -> float:
    """Seconds for hashing and writing the same bytes."""
    started, digest = time.perf_counter(), hashlib.sha256()
    with target.open("wb", buffering=0) as file:
        for piece in large_video(path):
            digest.update(piece)
            file.write(piece)
    target.unlink()
    return time.perf_counter() - started


def send_form(client: httpx.Client, video_id: int, path: Path) -> httpx.Response:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="large.mp4"\r\n\r\n'
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()

    def body() -> Iterator[bytes]:
        yield head
        yield from large_video(path)
        yield tail

    return client.post(
        f"/videos/{video_id}/data",
        content=body(),
        headers={
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(len(head) + SIZE_BYTES + len(tail)),
        },
    )


def send_resumable(client: httpx.Client, video_id: int, path: Path) -> httpx.Response:
    tus = {"Tus-Resumable": "1.0.0"}
    metadata = f"video_id {base64.b64encode(str(video_id).encode()).decode()}"
    begun = client.post(
        "/uploads",
        headers=tus | {"Upload-Length": str(SIZE_BYTES), "Upload-Metadata": metadata},
    )
    return client.patch(
        begun.headers["Location"].removeprefix("/api/v1"),
        content=large_video(path),
        headers=tus
        | {
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(SIZE_BYTES),
        },
    )


def peak_of(process: psutil.Process, act: Callable[[], None]) -> int:
    """The most resident memory that ``process`` has while ``act`` runs, in bytes."""
    peak, ended = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.02):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    act()
    ended.set()
    watcher.join()
    return peak


def main() -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        path = make_video(Path(directory) / "short.mp4")
        server = start_server(Path(directory) / "home", TPOD_MIN_FREE_BYTES="0")
        try:
            process = psutil.Process(server.process.pid)
            with closing(server.api()) as client:
                client.timeout = httpx.Timeout(600)
                bare_s = bare_copy(path, Path(directory) / "copy")
                for name, send in (("multipart", send_form), ("resumable", send_resumable)):
                    video_id = client.post("/videos", json={"name": name}).json()["id"]
                    before = process.memory_info().rss
                    started = time.perf_counter()
                    peak = peak_of(
                        process, lambda s=send, v=video_id: s(client, v, path).raise_for_status()
                    )
                    taken_s = time.perf_counter() - started
                    grown = peak - before
                    failed += grown > TARGET_BYTES
                    print(
                        f"{name}: {SIZE_BYTES / 1e9:.1f} GB, memory +{grown / 1e6:.0f} MB "
                        f"(target {TARGET_BYTES / 1e6:.0f}), {taken_s:.1f} s, "
                        f"{taken_s / bare_s:.2f} of a bare copy"
                    )
        finally:
            stop_server(server)
    return failed


if __name__ == "__main__":
    sys.exit(main())
