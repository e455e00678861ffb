"""A detector's boxes are corrected on the picture of the Try it screen, and become labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.plain_labeling import DrawingCanvas, PlainLabeling
from tests.detectors import add_trained_detector
from tests.live import Server, installation_of
from tpod_core.models import saved_id

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def detector_id(server: Server) -> int:
    """A detector of cups that finds the same in every picture."""
    with installation_of(server) as owner:
        return saved_id(add_trained_detector(server.home, owner))


@dataclass
class TryIt:
    """The screen, looking at frame 0 of a video in which nothing is labelled."""

    labeling: PlainLabeling
    canvas: DrawingCanvas

    def press(self, name: str) -> None:
        self.labeling.press(name)

    def keyframes(self) -> list[dict[str, Any]]:
        return self.labeling.keyframes()

    def use(self, count: int) -> None:
        self.press("Use these boxes as labels")
        boxes = "1 box" if count == 1 else f"{count} boxes"
        self.labeling.wait_text(f"{boxes} added as labels")


def is_there(box: dict[str, Any], *xyxy: float) -> bool:
    """Within two pixels: the canvas is smaller than the frame, and a mouse knows no halves."""
    return all(abs(a - b) <= 2 for a, b in zip(box["box"], xyxy, strict=True))


def open_screen(page: Page, api: httpx.Client, detector_id: int, video_id: int) -> TryIt:
    labeling = PlainLabeling(page, api, video_id)
    labeling.put_tracks()
    page.goto(f"/try_it?detector={detector_id}")
    frame = page.get_by_role("radio", name="Frame")
    frame.wait_for()
    # Until all above it is loaded, it moves.
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    frame.click()
    labeling.wait(labeling.takes_the_pointer, "there is no canvas to draw on")
    return TryIt(labeling, labeling.canvas)


@pytest.fixture
def screen(page: Page, api: httpx.Client, detector_id: int, numbers_video: int) -> TryIt:
    return open_screen(page, api, detector_id, numbers_video)


@pytest.fixture
def phone(
    browser: Browser, server: Server, api: httpx.Client, detector_id: int, numbers_video: int
) -> Iterator[TryIt]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, base_url=server.url, has_touch=True, is_mobile=True
    )
    credentials = {"username": server.username, "password": server.password}
    context.request.post("/api/v1/auth/login", data=credentials)
    yield open_screen(context.new_page(), api, detector_id, numbers_video)
    context.close()


def test_untouched_boxes_become_labels_of_the_detector(screen: TryIt):
    screen.use(1)
    [box] = screen.keyframes()
    assert (box["label"], box["source"]) == ("cup", "detected")


def test_moved_and_added_boxes_become_labels_by_hand(screen: TryIt):
    screen.use(1)
    [found] = screen.keyframes()
    x1, y1, x2, y2 = found["box"]
    screen.labeling.put_tracks()
    middle = ((x1 + x2) / 2, (y1 + y2) / 2)
    screen.canvas.drag((x2 + 40, y1), (x2 + 140, y1 + 80))
    screen.labeling.wait_text("Corrected, not saved yet")
    screen.press("Edit")
    screen.canvas.drag(middle, (middle[0] + 20, middle[1] + 10))
    screen.use(2)
    moved, added = screen.keyframes()
    assert is_there(moved, x1 + 20, y1 + 10, x2 + 20, y2 + 10)
    assert is_there(added, x2 + 40, y1, x2 + 140, y1 + 80)
    assert {box["source"] for box in (moved, added)} == {"manual"}


def test_correction_outlives_another_confidence(screen: TryIt):
    screen.canvas.drag((400, 200), (500, 300))
    screen.labeling.wait_text("Corrected, not saved yet")
    slider = screen.labeling.page.get_by_role("slider", name="Confidence")
    slider.focus()
    slider.press("End")
    screen.labeling.wait_text("0 objects")
    screen.use(1)
    [box] = screen.keyframes()
    assert is_there(box, 400, 200, 500, 300)


def test_finger_adds_a_box_on_a_telephone(phone: TryIt):
    assert phone.labeling.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.canvas.place.scroll_into_view_if_needed()
    phone.canvas.swipe((400, 150), (600, 300))
    phone.use(2)
    assert {box["source"] for box in phone.keyframes()} == {"manual", "detected"}
