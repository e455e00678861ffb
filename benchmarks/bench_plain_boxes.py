"""200 boxes drawn in the plain mode, each followed by Next at once: how many are saved, and where.

In real Chromium on the running app, with a mouse. Between the box and Next lie 0 to 300 ms: the
canvas itself tells of a box 200 ms after the pointer went up.
"""

import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.annotator import import_video, near
from tests.browser.conftest import CHROMIUM_ARGUMENTS
from tests.browser.plain_labeling import PlainLabeling
from tests.install_browser import find_browser
from tests.live import Server, start_server, stop_server
from tests.synthetic import make_video, still_image

ROUNDS, ROUND = 10, 20
BOXES = ROUNDS * ROUND
"""Each round begins with nothing labelled: a track goes on, and would lie on all later frames."""
FRAME_WH = (640, 360)
DELAYS_MS = (0, 10, 20, 40, 80, 120, 160, 200, 250, 300)


@dataclass
class Tally:
    saved: int = 0
    right: int = 0
    again: int = 0
    stepping_s: float = 0.0


def place(frame: int) -> tuple[int, int, int, int]:
    """Where a box is drawn on a frame: no two frames have the same."""
    x, y = 20 + 60 * (frame % 10), 40 + 60 * (frame // 10)
    return x, y, x + 40, y + 40


def draw_and_step(screen: PlainLabeling, first: int, tally: Tally) -> None:
    """Draw a box on each frame of the video but the last, Next pressed at once after each."""
    screen.put_tracks()
    screen.open()
    for frame in range(ROUND):
        x1, y1, x2, y2 = place(frame)
        screen.canvas.drag((x1, y1), (x2, y2))
        if delay := DELAYS_MS[(first + frame) % len(DELAYS_MS)]:
            screen.page.wait_for_timeout(delay)
        began = time.monotonic()
        tally.again += screen.go_on(frame + 1) - 1
        tally.stepping_s += time.monotonic() - began
    found = screen.keyframes()
    tally.saved += len(found)
    tally.right += len({k["frame"] for k in found if near(k, *place(k["frame"]))})


def run(server: Server, video: Path) -> bool:
    """Whether every box was saved on its own frame."""
    with sync_playwright() as playwright, closing(server.api()) as api:
        chromium = playwright.chromium.launch(
            executable_path=find_browser(), args=CHROMIUM_ARGUMENTS
        )
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, base_url=server.url)
        credentials = {"username": server.username, "password": server.password}
        context.request.post("/api/v1/auth/login", data=credentials)
        screen = PlainLabeling(context.new_page(), api, import_video(api, video, ["cup"]))
        tally = Tally()
        for number in range(ROUNDS):
            draw_and_step(screen, number, tally)
        chromium.close()
    step_ms = tally.stepping_s / BOXES * 1000
    print(f"{BOXES} boxes drawn, {tally.saved} saved, {tally.right} on their own frames")
    print(f"from Next to a frame that can be drawn on: {step_ms:.0f} ms on average")
    print(f"presses of Next that Streamlit forgot: {tally.again}")
    return tally.saved == tally.right == BOXES


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        video = make_video(Path(directory) / "still.mp4", ROUND + 1, FRAME_WH, picture=still_image)
        server = start_server(Path(directory) / "home")
        try:
            return 0 if run(server, video) else 1
        finally:
            stop_server(server)


if __name__ == "__main__":
    sys.exit(main())
