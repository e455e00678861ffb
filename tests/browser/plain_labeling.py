"""The plain mode of the labelling screen, driven by a mouse or a finger."""

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import CDPSession, Locator, Page, TimeoutError

DEADLINE_S = 30
PRESS_DEADLINE_S = 5
MOST_PRESSES = 3

Point = tuple[float, float]


class DrawingCanvas:
    """The canvas of a screen; coordinates are pixels of the frame."""

    def __init__(self, page: Page, frame_wh: tuple[int, int]) -> None:
        self.page, self.frame_wh = page, frame_wh
        self._touch: CDPSession | None = None

    @property
    def place(self) -> Locator:
        return self.page.locator("canvas.upper-canvas")

    def on_screen(self, point: Point) -> Point:
        box = self.place.bounding_box()
        assert box, "the canvas is not there"
        sx, sy = box["width"] / self.frame_wh[0], box["height"] / self.frame_wh[1]
        return box["x"] + point[0] * sx, box["y"] + point[1] * sy

    def drag(self, start: Point, end: Point) -> None:
        """By mouse."""
        (x1, y1), (x2, y2) = self.on_screen(start), self.on_screen(end)
        mouse = self.page.mouse
        mouse.move(x1, y1)
        mouse.down()
        mouse.move((x1 + x2) / 2, (y1 + y2) / 2)
        mouse.move(x2, y2)
        mouse.up()

    def swipe(self, start: Point, end: Point) -> None:
        """By a finger, as the browser's own input has it."""
        (x1, y1), (x2, y2) = self.on_screen(start), self.on_screen(end)
        self._finger("touchStart", x1, y1)
        for part in (0.25, 0.5, 0.75, 1.0):
            self._finger("touchMove", x1 + (x2 - x1) * part, y1 + (y2 - y1) * part)
        self._finger("touchEnd")

    def _finger(self, kind: str, *at: float) -> None:
        self._touch = self._touch or self.page.context.new_cdp_session(self.page)
        points = [{"x": at[0], "y": at[1]}] if at else []
        self._touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


class PlainLabeling:
    """The truth about boxes is asked of the API."""

    def __init__(self, page: Page, api: httpx.Client, video_id: int) -> None:
        self.page, self.api, self.video_id = page, api, video_id
        video = api.get(f"/videos/{video_id}").json()
        self.canvas = DrawingCanvas(page, (video["width"], video["height"]))

    def open(self, frame: int = 0) -> None:
        self.page.goto(f"/labeling?video={self.video_id}&frame={frame}&mode=plain")
        self.wait_frame(frame)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def wait_frame(self, frame: int) -> None:
        """Wait until the frame is shown and can be drawn on."""
        self.page.get_by_text(re.compile(rf"^Frame {frame} of ")).wait_for(
            timeout=DEADLINE_S * 1000
        )
        self.wait(self.takes_the_pointer, "the canvas stays disabled")

    def takes_the_pointer(self) -> bool:
        """Whether one can draw: the canvas then has its toolbar."""
        tools = self.page.get_by_role("button", name="Edit", exact=True)
        return tools.count() == 1 and tools.evaluate("tool => tool.offsetParent !== null")

    def go_on(self, frame: int) -> int:
        """Press Next until ``frame`` is there; how often it had to be pressed.

        Streamlit forgets a press that meets an answer of the canvas within a few milliseconds.
        Then nothing happens, and a person presses again.
        """
        shown = self.page.get_by_text(re.compile(rf"^Frame {frame} of "))
        waiting = self.page.get_by_text("one moment")
        for presses in range(1, MOST_PRESSES + 1):
            self.press("Next")
            try:
                shown.or_(waiting).first.wait_for(timeout=PRESS_DEADLINE_S * 1000)
            except TimeoutError:
                continue
            self.wait_frame(frame)
            return presses
        raise AssertionError(f"frame {frame} does not come")

    def wait_text(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for(timeout=DEADLINE_S * 1000)

    def wait(self, done: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not done():
            assert time.monotonic() < deadline, otherwise
            self.page.wait_for_timeout(30)

    def document(self) -> dict[str, Any]:
        answer = self.api.get(f"/videos/{self.video_id}/annotations").raise_for_status()
        document: dict[str, Any] = answer.json()
        return document

    def put_tracks(self, *tracks: dict[str, Any]) -> list[int]:
        """Replace everything that is labelled; the ids of the tracks, in order."""
        document = self.document() | {"tracks": tracks, "ranges": []}
        path = f"/videos/{self.video_id}/annotations"
        made = self.api.put(path, json=document).raise_for_status().json()["tracks"]
        return [each["id"] for each in made]

    def keyframes(self) -> list[dict[str, Any]]:
        """All key frames that show a box, with the label of their track."""
        return [
            keyframe | {"label": track["label"], "track": track["id"]}
            for track in self.document()["tracks"]
            for keyframe in track["keyframes"]
            if not keyframe["outside"]
        ]
