"""Stepping through a 1080p video on the labelling screen, in real Chromium.

From the key to the next frame on the picture, and to the canvas that takes the pointer on it;
with boxes on every frame and a pause as of a person who looks. The baseline, in the same
browser and run, is a bare page whose image changes between two addresses in the cache.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median, quantiles

import httpx
from playwright.sync_api import Page, sync_playwright

from benchmarks._videos import long_1080p, required_data
from tests.browser.annotator import Annotator, import_video
from tests.browser.conftest import CHROMIUM_ARGUMENTS
from tests.install_browser import find_browser
from tests.live import Server, start_server, stop_server

STEPS = 120
TRACKS = 10
PAUSE_MS = 150
SHOWN_P95_LIMIT_MS = 50.0
READY_P95_LIMIT_MS = 400.0

_NOTE_KEYS = "addEventListener('keydown', () => (window.__key = performance.now()), true)"
"""Before any script of the page, which lets no key pass."""
_WATCH = """
() => {
  const root = [...document.querySelectorAll("*")]
    .map((element) => element.shadowRoot?.querySelector(".annotator")).find(Boolean)
  const marks = (window.__marks = { painted: {}, ready: {} })
  new MutationObserver((changes) => {
    for (const { attributeName } of changes) {
      const { painted, ready } = root.dataset
      const took = performance.now() - window.__key
      if (attributeName === "data-painted") marks.painted[painted] ??= took
      if (attributeName === "data-ready" && ready) marks.ready[ready] ??= took
    }
  }).observe(root, { attributes: true })
}
"""
_BARE = """
([first, second]) => {
  document.body.innerHTML = ""
  const image = document.body.appendChild(new Image())
  const took = (window.__took = [])
  const cached = [first, second].map((address) => Object.assign(new Image(), { src: address }))
  window.addEventListener("keydown", async () => {
    const began = performance.now()
    image.src = image.src.endsWith(first) ? second : first
    await image.decode()
    requestAnimationFrame(() => took.push(performance.now() - began))
  })
  return Promise.all(cached.map((each) => each.decode()))
}
"""


def label(api: httpx.Client, video_id: int) -> None:
    """Boxes on every frame, as in a video that is half done."""
    path = f"/videos/{video_id}/annotations"
    document = api.get(path).json()
    document["tracks"] = [
        {
            "label": "bike",
            "keyframes": [
                {"frame": 0, "box": [150 * n, 100, 150 * n + 120, 300]},
                {"frame": STEPS, "box": [150 * n, 600, 150 * n + 120, 800]},
            ],
        }
        for n in range(TRACKS)
    ]
    api.put(path, json=document).raise_for_status()


def step_ms(page: Page, screen: Annotator) -> tuple[list[float], list[float]]:
    """Milliseconds to the picture and to the canvas, one of each per step."""
    page.add_init_script(_NOTE_KEYS)
    screen.open(0)
    for frame in range(1, 4):  # The server's reading ahead follows a habit of three steps.
        screen.step("ArrowRight", frame)
    page.evaluate(_WATCH)
    for frame in range(4, 4 + STEPS):
        page.wait_for_timeout(PAUSE_MS)
        screen.step("ArrowRight", frame)
    marks = page.evaluate("window.__marks")
    frames = [str(frame) for frame in range(4, 4 + STEPS)]
    return [marks["painted"][n] for n in frames], [marks["ready"][n] for n in frames]


def bare_ms(page: Page, video_id: int) -> list[float]:
    """Milliseconds in which a bare page shows the other one of two cached frames."""
    page.goto("/api/v1/healthz")
    address = f"/api/v1/videos/{video_id}/frames"
    page.evaluate(_BARE, [f"{address}/0?width=960", f"{address}/1?width=960"])
    for _ in range(STEPS):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(60)
    took: list[float] = page.evaluate("window.__took")
    return took


@contextmanager
def signed_in_page(server: Server) -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_browser(), args=CHROMIUM_ARGUMENTS
        )
        context = chromium.new_context(viewport={"width": 1280, "height": 720}, base_url=server.url)
        context.request.post(
            "/api/v1/auth/login",
            data={"username": server.username, "password": server.password},
        )
        yield context.new_page()
        chromium.close()


def p50_p95(took: list[float]) -> tuple[float, float]:
    return median(took), quantiles(took, n=20)[-1]


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        bike = required_data() / "dev" / "video_gt" / "Bike" / "Bike.mp4"
        path = long_1080p(Path(directory) / "long_1080p.mp4", bike, STEPS + 30)
        server = start_server(Path(directory) / "home")
        try:
            with closing(server.api()) as api, signed_in_page(server) as page:
                api.headers["Connection"] = "close"
                video_id = import_video(api, path, ["bike"])
                label(api, video_id)
                bare = p50_p95(bare_ms(page, video_id))
                shown, ready = map(p50_p95, step_ms(page, Annotator(page, api, video_id)))
        finally:
            stop_server(server)
    print(f"{STEPS} steps, {TRACKS} boxes on each frame")
    print(f"bare page, two cached images   p50 {bare[0]:6.1f}  p95 {bare[1]:6.1f} ms")
    for what, (p50, p95), limit in (
        ("next frame on the picture", shown, SHOWN_P95_LIMIT_MS),
        ("canvas takes the pointer", ready, READY_P95_LIMIT_MS),
    ):
        ratios = f"{p50 / bare[0]:.1f} × and {p95 / bare[1]:.1f} × bare"
        print(f"{what:30} p50 {p50:6.1f}  p95 {p95:6.1f} ms = {ratios} (limit p95 {limit:.0f} ms)")
    return 0 if shown[1] <= SHOWN_P95_LIMIT_MS and ready[1] <= READY_P95_LIMIT_MS else 1


if __name__ == "__main__":
    sys.exit(main())
