"""The labelling screen, driven as a person drives it: pointer, keys, and what can be seen."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page

DEADLINE_S = 30
IMPORT_DEADLINE_S = 60

_PAINTED_SHARE = """
([x1, y1, x2, y2]) => {
  const holder = document.querySelector(".st-key-annotator-canvas")
  const root = [...holder.querySelectorAll("*")].find((e) => e.shadowRoot).shadowRoot
  const context = root.querySelector(".dc-canvas.lower-canvas").getContext("2d")
  const [w, h] = [Math.max(1, x2 - x1), Math.max(1, y2 - y1)].map(Math.round)
  const { data } = context.getImageData(Math.round(x1), Math.round(y1), w, h)
  let painted = 0
  for (let i = 3; i < data.length; i += 4) painted += data[i] > 100
  return painted / (data.length / 4)
}
"""


def import_video(api: httpx.Client, path: Path, labels: list[str]) -> int:
    """Upload a file through the API and wait until every frame of it can be labelled."""
    wish = {"name": path.stem, "labels": [{"name": label} for label in labels]}
    video_id: int = api.post("/videos", json=wish).raise_for_status().json()["id"]
    with path.open("rb") as file:
        api.post(f"/videos/{video_id}/data", files={"file": (path.name, file)}).raise_for_status()
    deadline = time.monotonic() + IMPORT_DEADLINE_S
    while (status := api.get(f"/videos/{video_id}/status").json())["state"] != "ready":
        assert status["state"] != "failed", status
        assert time.monotonic() < deadline, status
        time.sleep(0.1)
    return video_id


class Annotator:
    """Coordinates are pixels of the frame; the truth about boxes is asked of the API."""

    def __init__(self, page: Page, api: httpx.Client, video_id: int) -> None:
        self.page, self.api, self.video_id = page, api, video_id
        video = api.get(f"/videos/{video_id}").json()
        self.frame_wh = video["width"], video["height"]

    def open(self, frame: int = 0) -> None:
        self.page.goto(f"/labeling?video={self.video_id}&frame={frame}")
        self.wait_ready(frame)

    def wait_ready(self, frame: int) -> None:
        """Wait until ``frame`` is on the picture and the canvas takes the pointer."""
        ready = self.page.locator(f'.annotator[data-ready="{frame}"]')
        ready.wait_for(timeout=DEADLINE_S * 1000)

    def wait_ready_anywhere(self) -> int:
        """The frame on which the canvas takes the pointer, once there is one."""
        ready = self.page.locator('.annotator:not([data-ready=""])')
        ready.wait_for(timeout=DEADLINE_S * 1000)
        return int(ready.get_attribute("data-ready") or -1)

    def shown(self) -> int:
        """The frame on the picture, which may be ahead of the canvas."""
        return int(self.page.locator(".annotator").get_attribute("data-painted") or -1)

    def wait_shown_from(self, frame: int) -> None:
        self._wait(lambda: self.shown() >= frame, f"frame {frame} is not shown")

    def wait_canvas_wider_than(self, width_px: float) -> None:
        """Wait for a canvas of more than ``width_px`` pixels of the screen."""
        frame_width = self.frame_wh[0]
        self._wait(lambda: self._canvas()[2] * frame_width > width_px, "the canvas stays small")

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def step(self, key: str, frame: int) -> None:
        """Press a key that moves, and wait for the frame it should lead to."""
        self.press(key)
        self.wait_ready(frame)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        (x1, y1), (x2, y2) = self._on_screen(start), self._on_screen(end)
        mouse = self.page.mouse
        mouse.move(x1, y1)
        mouse.down()
        mouse.move((x1 + x2) / 2, (y1 + y2) / 2)
        mouse.move(x2, y2)
        mouse.up()

    def click(self, point: tuple[float, float]) -> None:
        self.page.mouse.click(*self._on_screen(point))

    def draw(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Draw a new box, whatever lies under it."""
        self.page.keyboard.down("Shift")
        self.drag((x1, y1), (x2, y2))
        self.page.keyboard.up("Shift")

    def boxes(self, frame: int) -> list[dict[str, Any]]:
        answer = self.api.get(f"/videos/{self.video_id}/boxes", params={"frame": frame})
        boxes: list[dict[str, Any]] = answer.raise_for_status().json()["frames"][0]["boxes"]
        return boxes

    def wait_boxes(
        self, frame: int, wanted: Callable[[list[dict[str, Any]]], bool]
    ) -> list[dict[str, Any]]:
        """The boxes of ``frame`` as saved, once they are as ``wanted``."""
        self._wait(lambda: wanted(self.boxes(frame)), f"frame {frame} has other boxes")
        return self.boxes(frame)

    def draw_and_wait(self, frame: int, x1: float, y1: float, x2: float, y2: float) -> int:
        """Draw a box on the frame that is shown; the id of its track, once it is saved."""
        before = {box["track_id"] for box in self.boxes(frame)}
        self.draw(x1, y1, x2, y2)
        found = self.wait_boxes(frame, lambda boxes: len(boxes) > len(before))
        self.wait_ready(frame)
        (made,) = {box["track_id"] for box in found} - before
        return int(made)

    def listed(self) -> list[int]:
        """The tracks in the panel's list of this frame."""
        rows = self.page.locator(".annotator .box[data-track]").all()
        return [int(row.get_attribute("data-track") or 0) for row in rows]

    def select(self, track: int) -> None:
        self.page.locator(f'.annotator .box[data-track="{track}"] > .row').click()

    def toast(self) -> str:
        toast = self.page.locator(".annotator .toast")
        toast.wait_for(timeout=DEADLINE_S * 1000)
        return toast.inner_text()

    def painted_share(self, x1: float, y1: float, x2: float, y2: float) -> float:
        """How much of a stretch of the drawing canvas is painted, 0..1."""
        _, _, sx, sy = self._canvas()
        share: float = self.page.evaluate(_PAINTED_SHARE, [x1 * sx, y1 * sy, x2 * sx, y2 * sy])
        return share

    def _wait(self, done: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not done():
            assert time.monotonic() < deadline, otherwise
            self.page.wait_for_timeout(30)

    def _on_screen(self, point: tuple[float, float]) -> tuple[float, float]:
        left, top, sx, sy = self._canvas()
        return left + point[0] * sx, top + point[1] * sy

    def _canvas(self) -> tuple[float, float, float, float]:
        box = self.page.locator(".st-key-annotator-canvas .upper-canvas").bounding_box()
        assert box, "the drawing canvas is not there"
        width, height = self.frame_wh
        return box["x"], box["y"], box["width"] / width, box["height"] / height
