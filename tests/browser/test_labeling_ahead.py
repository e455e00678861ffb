"""A person faster than the server: what is drawn before the canvas comes is kept."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import WebSocketRoute

from tests.browser.annotator import Annotator, near, track

pytestmark = pytest.mark.browser

LEFT, RIGHT = [100.0, 80.0, 220.0, 200.0], [400.0, 80.0, 520.0, 200.0]
FRAMES = 40


class SlowServer:
    """What the server tells reaches the browser only while it is not held.

    What holds the bytes ``deaf_to`` never reaches the server.
    """

    def __init__(self, annotator: Annotator) -> None:
        self._waiting: list[Callable[[], None]] = []
        self._is_held = False
        self.deaf_to: bytes | None = None
        annotator.page.route_web_socket("**/_stcore/stream", self._route)

    def _route(self, socket: WebSocketRoute) -> None:
        def tell(message: str | bytes) -> None:
            if self._is_held:
                self._waiting.append(lambda: socket.send(message))
            else:
                socket.send(message)

        def ask(message: str | bytes) -> None:
            content = message.encode() if isinstance(message, str) else message
            if self.deaf_to is None or self.deaf_to not in content:
                server.send(message)

        server = socket.connect_to_server()
        server.on_message(tell)
        socket.on_message(ask)

    @contextmanager
    def held(self) -> Iterator[None]:
        self._is_held = True
        yield
        self._is_held = False
        for send in self._waiting:
            send()
        self._waiting.clear()


@pytest.fixture
def server_of(annotator: Annotator) -> SlowServer:
    return SlowServer(annotator)


def step_ahead(annotator: Annotator, frame: int) -> None:
    """On to a frame that is seen, and on which the canvas does not take the pointer yet."""
    annotator.press("ArrowRight")
    annotator.wait_shown_from(frame)
    assert annotator.page.locator('.annotator[data-ready=""]').count() == 1


def test_boxes_drawn_before_the_canvas_comes_are_kept(annotator: Annotator, server_of: SlowServer):
    annotator.open()
    with server_of.held():
        step_ahead(annotator, 1)
        annotator.drag((100, 80), (220, 200))
        annotator.drag((400, 80), (520, 200))
        step_ahead(annotator, 2)
        annotator.drag((240, 220), (300, 300))
    annotator.wait_ready(2)
    (first, second, third) = annotator.wait_document(lambda it: len(it["tracks"]) == 3)["tracks"]
    assert [each["keyframes"][0]["frame"] for each in (first, second, third)] == [1, 1, 2]
    assert near(first["keyframes"][0], *LEFT)
    assert near(second["keyframes"][0], *RIGHT)
    assert near(third["keyframes"][0], 240, 220, 300, 300)


def test_box_drawn_ahead_is_seen_at_once(annotator: Annotator, server_of: SlowServer):
    annotator.open()
    with server_of.held():
        step_ahead(annotator, 1)
        annotator.drag((100, 80), (220, 200))
        annotator.wait_color(100, 90, 100, 190, color=annotator.color_of("cup"))


def test_box_drawn_ahead_stays_in_sight_until_it_is_saved(
    annotator: Annotator, server_of: SlowServer
):
    annotator.open()
    annotator.page.evaluate(
        "addEventListener('tpod-feed', (e) => (window.frameFed = e.detail.visit.frame))"
    )
    server_of.deaf_to = b"occluded"  # only what is drawn ahead says whether it is
    with server_of.held():
        step_ahead(annotator, 1)
        annotator.drag((100, 80), (220, 200))
    annotator.page.wait_for_function("window.frameFed === 1")
    annotator.page.wait_for_timeout(500)  # the canvas has come, and knows nothing of the box
    assert annotator.boxes(1) == []
    annotator.wait_color(100, 90, 100, 190, color=annotator.color_of("cup"))


def test_box_moved_before_the_canvas_comes_is_kept(annotator: Annotator, server_of: SlowServer):
    (cup,) = annotator.put_tracks(track("cup", (0, LEFT), (20, LEFT)))
    annotator.open()
    with server_of.held():
        step_ahead(annotator, 1)
        annotator.wait_color(100, 90, 100, 190, color=annotator.color_of("cup"), least=0.4)
        annotator.drag((160, 140), (190, 160))
    (box,) = annotator.wait_boxes(1, lambda boxes: near(boxes[0], 130, 100, 250, 220))
    assert box["track_id"] == cup


def test_press_where_a_box_may_still_come_draws_none(annotator: Annotator, server_of: SlowServer):
    (cup,) = annotator.put_tracks(track("cup", (0, LEFT), (20, LEFT)))
    annotator.page.route("**/boxes?*", lambda route: route.abort())
    annotator.open()
    with server_of.held():
        step_ahead(annotator, 1)
        annotator.drag((160, 140), (190, 160))
        assert "still on their way" in annotator.toast()
        annotator.draw(400, 80, 520, 200)
    boxes = annotator.wait_boxes(1, lambda boxes: len(boxes) == 2)
    assert boxes[0]["track_id"] == cup
    assert near(boxes[1], *RIGHT)


def test_press_on_the_playing_picture_stops_it_and_draws(annotator: Annotator):
    annotator.open()
    annotator.press("Space")
    annotator.wait_shown_from(3)
    annotator.drag((100, 80), (220, 200))
    (drawn,) = annotator.wait_document(lambda document: document["tracks"])["tracks"]
    (keyframe,) = drawn["keyframes"]
    annotator.wait_ready(keyframe["frame"])
    assert near(keyframe, *LEFT)


def test_press_on_a_box_whose_name_is_still_to_come_does_nothing(
    annotator: Annotator, server_of: SlowServer
):
    annotator.open()
    with server_of.held():
        step_ahead(annotator, 1)
        annotator.drag((100, 80), (220, 200))
        annotator.drag((160, 140), (190, 160))
    annotator.wait_ready(1)
    (box,) = annotator.boxes(1)
    assert near(box, *LEFT)


def test_next_then_draw_at_once_loses_none(screen: Annotator):
    def place(frame: int) -> tuple[int, int, int, int]:
        x, y = 20 + 60 * (frame % 10), 40 + 60 * (frame // 10)
        return x, y, x + 30, y + 30

    for frame in range(1, FRAMES + 1):
        screen.press("ArrowRight")
        screen.wait_shown_from(frame)
        screen.draw(*place(frame))
    found = screen.wait_document(lambda document: len(document["tracks"]) == FRAMES)
    for each in found["tracks"]:
        (keyframe,) = each["keyframes"]
        assert near(keyframe, *place(keyframe["frame"]))
