"""The labelling screen, driven as a person drives it: pointer, keys, and what can be seen."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page

DEADLINE_S = 30
IMPORT_DEADLINE_S = 60

_SHARE_OF_COLOR = """
(canvas, [left, top, width, height, color]) => {
  const wanted = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))
  const { data } = canvas.getContext("2d").getImageData(left, top, width, height)
  let found = 0
  for (let i = 0; i < data.length; i += 4) {
    found += wanted.every((value, at) => Math.abs(data[i + at] - value) < 24)
  }
  return found / (data.length / 4)
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


def near(box: dict[str, Any], *xyxy: float) -> bool:
    """Within the pixel that the canvas and the screen can place."""
    return all(abs(a - b) <= 1 for a, b in zip(box["box"], xyxy, strict=True))


def track(label: str, *keyframes: tuple[int, list[float] | None], **more: Any) -> dict[str, Any]:
    """A track of the document, of (frame, box) pairs; with ``None`` for a box it ends there."""
    seen = [{"frame": frame, "box": box} for frame, box in keyframes if box]
    ends = [
        {"frame": frame, "box": seen[-1]["box"], "outside": True}
        for frame, box in keyframes
        if not box
    ]
    return {"label": label, "keyframes": [*seen, *ends]} | more


class Annotator:
    """Coordinates are pixels of the frame; the truth about boxes is asked of the API."""

    def __init__(self, page: Page, api: httpx.Client, video_id: int) -> None:
        self.page, self.api, self.video_id = page, api, video_id
        video = api.get(f"/videos/{video_id}").json()
        self.frame_wh = video["width"], video["height"]

    def open(self, frame: int = 0) -> None:
        """Go to a frame, and wait until the screen also knows every label and every doubt."""
        with self._answer_to("annotations"), self._answer_to("propagation"):
            self.page.goto(f"/labeling?video={self.video_id}&frame={frame}")
            self.wait_ready(frame)

    def _answer_to(self, question: str) -> AbstractContextManager[Any]:
        """Wait for the end of a request to the API that the block brings about."""
        path = f"/videos/{self.video_id}/{question}"
        return self.page.expect_request_finished(
            lambda request: request.url.endswith(path), timeout=DEADLINE_S * 1000
        )

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

    def wait_document(self, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The document, once it is as ``wanted``."""
        self._wait(lambda: wanted(self.document()), "the labels are other ones")
        return self.document()

    def press_button(self, title: str) -> None:
        """Click the button whose title begins so."""
        self.page.locator(f'.annotator button[title^="{title}"]').first.click()

    def go(self, frame: int) -> None:
        """Go to a frame by its number."""
        field = self.page.get_by_label("Frame", exact=True)
        field.fill(str(frame))
        field.press("Enter")
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

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def step(self, key: str, frame: int) -> None:
        """Press a key that moves, and wait for the frame it should lead to."""
        self.press(key)
        self.wait_ready(frame)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        (x1, y1), (x2, y2) = self.on_screen(start), self.on_screen(end)
        mouse = self.page.mouse
        mouse.move(x1, y1)
        mouse.down()
        mouse.move((x1 + x2) / 2, (y1 + y2) / 2)
        mouse.move(x2, y2)
        mouse.up()

    def click(self, point: tuple[float, float]) -> None:
        self.page.mouse.click(*self.on_screen(point))

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
        """Draw a box on the frame that is shown; the id of its track, once the screen has it."""
        before = {box["track_id"] for box in self.boxes(frame)}
        self.draw(x1, y1, x2, y2)
        found = self.wait_boxes(frame, lambda boxes: len(boxes) > len(before))
        self.wait_ready(frame)
        (made,) = {int(box["track_id"]) for box in found} - before
        self._wait(lambda: made in self.listed(), f"track {made} is not listed")
        return made

    def listed(self) -> list[int]:
        """The tracks in the panel's list of this frame."""
        rows = self.page.locator(".annotator .box.here[data-track]")
        tracks: list[int] = rows.evaluate_all("rows => rows.map((row) => +row.dataset.track)")
        return tracks

    def wait_listed(self, *tracks: int) -> None:
        """Wait until these are listed: the list follows the picture when that rests."""
        self._wait(lambda: self.listed() == list(tracks), f"others than {tracks} are listed")

    def select(self, track: int) -> None:
        self.page.locator(f'.annotator .box[data-track="{track}"] .row').click()

    def toast(self) -> str:
        """All that is said over the picture, once anything is."""
        toasts = self.page.locator(".annotator .toasts")
        toasts.wait_for(timeout=DEADLINE_S * 1000)
        return toasts.inner_text()

    def color_share(self, x1: float, y1: float, x2: float, y2: float, color: str) -> float:
        """How much of a stretch of the picture has ``color`` (``"#rrggbb"``), 0..1."""
        picture = self.page.locator(".annotator .picture")
        stage = picture.bounding_box()
        assert stage
        left, top, sx, sy = self._canvas()
        place = [
            *(left + x1 * sx - stage["x"], top + y1 * sy - stage["y"]),
            *(max(1, (x2 - x1) * sx), max(1, (y2 - y1) * sy)),
        ]
        share: float = picture.evaluate(_SHARE_OF_COLOR, [*map(int, place), color])
        return share

    def wait_color(self, *xyxy: float, color: str, least: float = 0.9, most: float = 1.0) -> None:
        """Wait until so much of a stretch of the picture has ``color``: by default nearly all."""
        share = lambda: self.color_share(*xyxy, color)  # noqa: E731
        self._wait(lambda: least < share() <= most, f"{color} is not seen there, or too much")

    def color_of(self, label: str) -> str:
        """The colour of a label of the video's list."""
        labels = self.api.get(f"/videos/{self.video_id}").json()["labels"]
        (color,) = [each["color"] for each in labels if each["name"] == label]
        return str(color)

    def _wait(self, done: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not done():
            assert time.monotonic() < deadline, otherwise
            self.page.wait_for_timeout(30)

    def frame_scale(self) -> float:
        """Pixels of the screen per pixel of the frame."""
        return self._canvas()[2]

    def wait_scale_over(self, scale: float) -> None:
        self._wait(lambda: self.frame_scale() > scale, "the picture stays small")

    def wait_scale(self, scale: float) -> None:
        """Wait until the picture has a size: the browser paints a zoom with its next frame."""
        self._wait(lambda: abs(self.frame_scale() / scale - 1) < 1e-3, "the size is another")

    def wait_moved(self, point: tuple[float, float], place: tuple[float, float]) -> None:
        """Wait until a point of the frame is at a place of the screen, within two pixels."""

        def is_there() -> bool:
            found = self.on_screen(point)
            return all(abs(a - b) <= 2 for a, b in zip(found, place, strict=True))

        self._wait(is_there, "the picture is elsewhere")

    def on_screen(self, point: tuple[float, float]) -> tuple[int, int]:
        """The pixel of the screen nearest to a point of the frame: a mouse knows no others."""
        left, top, sx, sy = self._canvas()
        return round(left + point[0] * sx), round(top + point[1] * sy)

    def _canvas(self) -> tuple[float, float, float, float]:
        box = self.page.locator(".st-key-annotator-canvas .upper-canvas").bounding_box()
        assert box, "the drawing canvas is not there"
        width, height = self.frame_wh
        return box["x"], box["y"], box["width"] / width, box["height"] / height
