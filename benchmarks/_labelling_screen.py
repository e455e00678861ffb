"""What the labelling screen of one checkout costs, as JSON: run by ``bench_labelling_screen``.

A file of its own that imports nothing but what every checkout has, so that it can measure an
older one: ``PYTHONPATH=<checkout> python _labelling_screen.py <video>``.
"""

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx
import psutil
from playwright.sync_api import Page, Request, WebSocket, sync_playwright

from tests.browser.annotator import Annotator, import_video
from tests.browser.conftest import CHROMIUM_ARGUMENTS
from tests.install_browser import find_browser
from tests.live import Server, start_server, stop_server

STEPS, COUNTED_STEPS, SAVES = 120, 30, 20
PAUSE_MS = 200
IDLE_S = 10.0
SAVED_WITHIN_S = 30.0
TRACKS = 10


@dataclass
class Costs:
    """Milliseconds of the server's processor time, bytes, and milliseconds by the clock."""

    step_cpu_ms: float
    frame_cpu_ms: float
    save_cpu_ms: float
    patch_cpu_ms: float
    idle_cpu_ms_a_second: float
    messages: int
    bytes_a_step: float
    saved_after_ms: list[float]


class Wire:
    """Counts what a page sends and receives, pictures left out."""

    def __init__(self, page: Page) -> None:
        self.frames = self.messages = self.bytes = 0
        page.on("websocket", self._on_socket)
        page.on("requestfinished", self._on_request)

    def _on_socket(self, socket: WebSocket) -> None:
        socket.on("framesent", self._on_message)
        socket.on("framereceived", self._on_message)

    def _on_message(self, payload: str | bytes) -> None:
        self.messages += 1
        self.bytes += len(payload)

    def _on_request(self, request: Request) -> None:
        if "/frames/" in request.url:
            self.frames += 1
            return
        self.bytes += sum(request.sizes().values())


@dataclass
class Meter:
    """The processor time of the app's own process."""

    process: psutil.Process

    def ms(self) -> float:
        times = self.process.cpu_times()
        return 1000.0 * (times.user + times.system)

    def cost_of(self, work: Callable[[], object]) -> float:
        before = self.ms()
        work()
        return self.ms() - before


def label(api: httpx.Client, video_id: int, last: int) -> None:
    """Boxes that stand still on every frame, on straight lines: nothing follows them."""
    path = f"/videos/{video_id}/annotations"
    document = api.get(path).json()
    document["tracks"] = [
        {
            "label": "bike",
            "keyframes": [
                {"frame": frame, "box": [100 * n, 100, 100 * n + 80, 300]} for frame in (0, last)
            ],
        }
        for n in range(TRACKS)
    ]
    made = api.put(path, json=document).raise_for_status().json()["tracks"]
    body = {"track_ids": [track["id"] for track in made], "method": "linear"}
    api.post(f"/videos/{video_id}/propagate", json=body).raise_for_status()


def wait_until_quiet(api: httpx.Client, video_id: int) -> None:
    deadline = time.monotonic() + 300
    while api.get(f"/videos/{video_id}/propagation").json()["pending"]:
        assert time.monotonic() < deadline, "boxes are still being found"
        time.sleep(0.2)


def frame_cpu_ms(meter: Meter, api: httpx.Client, video_id: int, frames: range) -> float:
    """One frame asked for by a program that does nothing else."""
    path = f"/videos/{video_id}/frames"

    def fetch() -> None:
        for frame in frames:
            api.get(f"{path}/{frame}", params={"width": 1280}).raise_for_status()

    return meter.cost_of(fetch) / len(frames)


def patch_cpu_ms(meter: Meter, api: httpx.Client, video_id: int, last: int) -> float:
    path = f"/videos/{video_id}/annotations"
    revision = api.get(path).json()["revision"]

    def save() -> None:
        for number in range(SAVES):
            box = [20 * number, 400, 20 * number + 15, 440]
            op = {"op": "put_box", "frame": last, "box": box, "label": "bike"}
            body = {"revision": revision + number, "ops": [op]}
            api.patch(path, json=body).raise_for_status()

    return meter.cost_of(save) / SAVES


def rows(server: Server) -> int:
    with closing(sqlite3.connect(server.home / "tpod.sqlite3")) as database:
        return int(database.execute("SELECT count(*) FROM keyframes").fetchone()[0])


def draw_and_time(screen: Annotator, server: Server, number: int) -> float:
    """Milliseconds from the end of a drag to its row in the database."""
    before = rows(server)
    screen.draw(20 * number, 500, 20 * number + 15, 540)
    began = time.perf_counter()
    while rows(server) == before:
        assert time.perf_counter() - began < SAVED_WITHIN_S, "the box is not saved"
        screen.page.wait_for_timeout(1)
    return 1000.0 * (time.perf_counter() - began)


def steps(screen: Annotator, frames: range) -> None:
    for frame in frames:
        screen.step("ArrowRight", frame)
        screen.page.wait_for_timeout(PAUSE_MS)


def measure(server: Server, page: Page, video: Path) -> Costs:
    meter = Meter(psutil.Process(server.process.pid))
    with closing(server.api()) as api:
        api.headers["Connection"] = "close"
        video_id = import_video(api, video, ["bike"])
        last = api.get(f"/videos/{video_id}").json()["frame_count"] - 1
        label(api, video_id, last)
        wait_until_quiet(api, video_id)
        of_frame = frame_cpu_ms(meter, api, video_id, range(300, 300 + STEPS))
        wire = Wire(page)
        screen = Annotator(page, api, video_id)
        screen.open(0)
        steps(screen, range(1, 11))
        page.wait_for_timeout(2000)
        idle = meter.cost_of(lambda: page.wait_for_timeout(1000 * IDLE_S)) / IDLE_S
        messages, sent = wire.messages, wire.bytes
        steps(screen, range(11, 11 + COUNTED_STEPS))
        messages, sent = wire.messages - messages, wire.bytes - sent
        began, frames = time.perf_counter(), wire.frames
        first = 11 + COUNTED_STEPS
        stepping = meter.cost_of(lambda: steps(screen, range(first, first + STEPS)))
        stepping -= idle * (time.perf_counter() - began) + of_frame * (wire.frames - frames)
        screen.go(last)
        page.wait_for_timeout(2000)
        began, before = time.perf_counter(), meter.ms()
        saved = [draw_and_time(screen, server, number) for number in range(SAVES)]
        page.wait_for_timeout(1000)
        saving = meter.ms() - before - idle * (time.perf_counter() - began)
        of_patch = patch_cpu_ms(meter, api, video_id, last)
    return Costs(
        step_cpu_ms=stepping / STEPS,
        frame_cpu_ms=of_frame,
        save_cpu_ms=saving / SAVES,
        patch_cpu_ms=of_patch,
        idle_cpu_ms_a_second=idle,
        messages=messages,
        bytes_a_step=sent / COUNTED_STEPS,
        saved_after_ms=saved,
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, sync_playwright() as playwright:
        server = start_server(Path(directory) / "home")
        chromium = playwright.chromium.launch(
            executable_path=find_browser(), args=CHROMIUM_ARGUMENTS
        )
        try:
            context = chromium.new_context(
                viewport={"width": 1280, "height": 720}, base_url=server.url
            )
            signed_in = {"username": server.username, "password": server.password}
            context.request.post("/api/v1/auth/login", data=signed_in)
            costs = measure(server, context.new_page(), Path(sys.argv[1]))
        finally:
            chromium.close()
            stop_server(server)
    print(json.dumps(asdict(costs)))


if __name__ == "__main__":
    main()
