"""200 boxes drawn in the plain mode, each followed by Next at once: how many are saved, and where.

In real Chromium on the running app, with a mouse. Between the box and Next lie 0 to 300 ms: the
canvas itself tells of a box 200 ms after the pointer went up.
"""

import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.annotator import import_video, near
from tests.browser.conftest import CHROMIUM_ARGUMENTS
from tests.browser.plain_labeling import PlainLabeling
from tests.install_browser import find_browser
from tests.live import Server, start_server, stop_server
from tests.synthetic import make_video, still_image

BOXES = 200
FRAME_WH = (640, 360)
DELAYS_MS = (0, 10, 20, 40, 80, 120, 160, 200, 250, 300)


def place(frame: int) -> tuple[int, int, int, int]:
    """Where a box is drawn on a frame: no two frames have the same."""
    x, y = 20 + 28 * (frame % 20), 20 + 30 * (frame // 20)
    return x, y, x + 24, y + 24


def draw_and_step(screen: PlainLabeling) -> tuple[float, int]:
    """Draw a box on each frame.

    Returns: the mean seconds from Next to a frame that can be drawn on, and how often Next had
        to be pressed again.
    """
    screen.open()
    stepping, again = 0.0, 0
    for frame in range(BOXES):
        x1, y1, x2, y2 = place(frame)
        screen.canvas.drag((x1, y1), (x2, y2))
        if delay := DELAYS_MS[frame % len(DELAYS_MS)]:
            screen.page.wait_for_timeout(delay)
        began = time.monotonic()
        again += screen.go_on(frame + 1) - 1
        stepping += time.monotonic() - began
    return stepping / BOXES, again


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
        step_s, again = draw_and_step(screen)
        found = screen.keyframes()
        chromium.close()
    right = {each["frame"] for each in found if near(each, *place(each["frame"]))}
    print(f"{BOXES} boxes drawn, {len(found)} saved, {len(right)} on their own frames")
    print(f"from Next to a frame that can be drawn on: {step_s * 1000:.0f} ms on average")
    print(f"presses of Next that Streamlit forgot: {again}")
    return len(found) == len(right) == BOXES


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        video = make_video(Path(directory) / "still.mp4", BOXES + 1, FRAME_WH, picture=still_image)
        server = start_server(Path(directory) / "home")
        try:
            return 0 if run(server, video) else 1
        finally:
            stop_server(server)


if __name__ == "__main__":
    sys.exit(main())
