"""A person faster than the server: what is drawn before it answers is seen and kept."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Route, expect

from tests.browser.annotator import Annotator, near, track

pytestmark = pytest.mark.browser

LEFT, RIGHT = [100.0, 80.0, 220.0, 200.0], [400.0, 80.0, 520.0, 200.0]
FRAMES = 40


class SlowServer:
    """Requests for annotations reach the server only while they are not held."""

    def __init__(self, annotator: Annotator) -> None:
        self._waiting: list[Route] = []
        self._is_held = False
        annotator.page.route("**/annotations", self._route)

    def _route(self, route: Route) -> None:
        if self._is_held:
            self._waiting.append(route)
        else:
            route.continue_()

    @contextmanager
    def held(self) -> Iterator[None]:
        self._is_held = True
        yield
        self._is_held = False
        for route in self._waiting:
            route.continue_()
        self._waiting.clear()


@pytest.fixture
def server_of(annotator: Annotator) -> SlowServer:
    return SlowServer(annotator)


def test_boxes_drawn_before_the_server_answers_are_kept(
    annotator: Annotator, server_of: SlowServer
):
    annotator.open()
    with server_of.held():
        annotator.step("ArrowRight", 1)
        annotator.drag((100, 80), (220, 200))
        annotator.drag((400, 80), (520, 200))
        annotator.step("ArrowRight", 2)
        annotator.draw(240, 220, 300, 300)
    (first, second, third) = annotator.wait_document(lambda it: len(it["tracks"]) == 3)["tracks"]
    assert [each["keyframes"][0]["frame"] for each in (first, second, third)] == [1, 1, 2]
    assert near(first["keyframes"][0], *LEFT)
    assert near(second["keyframes"][0], *RIGHT)
    assert near(third["keyframes"][0], 240, 220, 300, 300)


def test_box_is_seen_at_once_and_called_unsaved(annotator: Annotator, server_of: SlowServer):
    annotator.open()
    with server_of.held():
        annotator.drag((100, 80), (220, 200))
        annotator.wait_color(100, 90, 100, 190, color=annotator.color_of("cup"))
        annotator.wait_saving("Not saved yet (1)")
    annotator.wait_saving("Saved")


def test_box_that_has_no_number_yet_is_moved_ended_and_deleted_like_others(
    annotator: Annotator, server_of: SlowServer
):
    annotator.open()
    with server_of.held():
        annotator.drag((100, 80), (220, 200))
        annotator.drag((160, 140), (190, 160))
        annotator.step("Shift+ArrowRight", 10)
        annotator.press("e")
        annotator.draw(400, 80, 520, 200)
        annotator.click((460, 140))
        annotator.press("Delete")
        annotator.press("Delete")
    annotator.wait_saving("Saved")
    (kept,) = annotator.document()["tracks"]
    assert near(kept["keyframes"][0], 130, 100, 250, 220)
    assert [(each["frame"], each["outside"]) for each in kept["keyframes"]] == [
        (0, False),
        (10, True),
    ]


def test_selected_box_stays_selected_when_it_gets_its_number(
    annotator: Annotator, server_of: SlowServer
):
    annotator.open()
    with server_of.held():
        annotator.drag((100, 80), (220, 200))
        annotator.click((160, 140))
        expect(annotator.page.locator(".annotator .box.chosen")).to_have_count(1)
    annotator.wait_saving("Saved")
    (box,) = annotator.boxes(0)
    chosen = annotator.page.locator(f'.annotator .box.chosen[data-track="{box["track_id"]}"]')
    chosen.wait_for()


def test_press_where_a_box_may_still_come_draws_none(annotator: Annotator, server_of: SlowServer):
    (cup,) = annotator.put_tracks(track("cup", (0, LEFT), (20, LEFT)))
    with server_of.held():
        annotator.page.goto(f"/labeling?video={annotator.video_id}&frame=1")
        annotator.wait_shown_from(1)
        annotator.drag((160, 140), (190, 160))
        assert "still loading" in annotator.toast()
    annotator.wait_ready(1)
    assert [each["track_id"] for each in annotator.boxes(1)] == [cup]


def test_press_on_the_playing_picture_stops_it_and_draws(annotator: Annotator):
    annotator.open()
    annotator.press("Space")
    annotator.wait_shown_from(3)
    annotator.drag((100, 80), (220, 200))
    (drawn,) = annotator.wait_document(lambda document: document["tracks"])["tracks"]
    (keyframe,) = drawn["keyframes"]
    annotator.wait_ready(keyframe["frame"])
    assert near(keyframe, *LEFT)


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
