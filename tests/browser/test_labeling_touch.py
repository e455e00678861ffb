"""The labelling screen under fingers and pens."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, CDPSession, Page

from tests.browser.annotator import Annotator, near
from tests.live import Server

pytestmark = pytest.mark.browser

Point = tuple[float, float]


@pytest.fixture
def touch_page(browser: Browser, server: Server) -> Iterator[Page]:
    """A tab on a screen that is touched."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 720}, has_touch=True, base_url=server.url
    )
    who = {"username": server.username, "password": server.password}
    assert context.request.post("/api/v1/auth/login", data=who).ok
    yield context.new_page()
    context.close()


@pytest.fixture
def touched(touch_page: Page, api: httpx.Client, numbers_video: int) -> Annotator:
    """The fast mode on a touch screen, with nothing labelled."""
    annotator = Annotator(touch_page, api, numbers_video)
    annotator.put_tracks()
    touch_page.goto(f"/labeling?video={numbers_video}&frame=0&mode=fast")
    annotator.wait_ready(0)
    return annotator


class Fingers:
    """Touches points of the frame; every finger has a path."""

    def __init__(self, annotator: Annotator) -> None:
        self._annotator = annotator
        self._cdp: CDPSession = annotator.page.context.new_cdp_session(annotator.page)

    def drag(self, *paths: list[Point]) -> None:
        on_screen = [[self._annotator.on_screen(point) for point in path] for path in paths]
        for down in range(1, len(on_screen) + 1):
            self._send("touchStart", [path[0] for path in on_screen[:down]])
        for step in range(1, len(on_screen[0])):
            self._send("touchMove", [path[step] for path in on_screen])
        self._send("touchEnd", [])

    def _send(self, kind: str, points: list[tuple[int, int]]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def test_finger_draws_and_moves_a_box(touched: Annotator):
    fingers = Fingers(touched)
    fingers.drag([(100, 80), (160, 140), (220, 200)])
    (box,) = touched.wait_boxes(0, lambda boxes: len(boxes) == 1)
    assert near(box, 100, 80, 220, 200)
    fingers.drag([(160, 140), (180, 150), (200, 160)])
    touched.wait_boxes(0, lambda boxes: near(boxes[0], 140, 100, 260, 220))


def test_two_fingers_zoom_and_draw_nothing(touched: Annotator):
    whole = touched.frame_scale()
    Fingers(touched).drag(
        [(300, 180), (260, 180), (200, 180)],
        [(340, 180), (380, 180), (440, 180)],
    )
    touched.wait_scale_over(2 * whole)
    Fingers(touched).drag([(300, 160), (320, 180), (340, 200)])
    (box,) = touched.wait_boxes(0, lambda boxes: len(boxes) == 1)
    assert near(box, 300, 160, 340, 200)


def test_touch_screen_that_cannot_hover_opens_the_plain_mode_until_one_chooses(
    browser: Browser, server: Server, api: httpx.Client, numbers_video: int
):
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True, base_url=server.url
    )
    who = {"username": server.username, "password": server.password}
    assert context.request.post("/api/v1/auth/login", data=who).ok
    page = context.new_page()
    page.goto(f"/labeling?video={numbers_video}&frame=7")
    page.wait_for_url(f"**/labeling?video={numbers_video}&frame=7&mode=plain")
    page.goto(f"/labeling?video={numbers_video}&frame=7&mode=fast")
    Annotator(page, api, numbers_video).wait_ready(7)
    page.goto(f"/labeling?video={numbers_video}&frame=8")
    Annotator(page, api, numbers_video).wait_ready(8)
    context.close()
