"""Nothing that a person does is lost: servers die, sign-ins expire, tabs are closed."""

import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, Route, WebSocket, expect

from tests.browser.annotator import DEADLINE_S, Annotator, near, track
from tests.browser.labeling_pictures import SECOND_PERSON, second_person
from tests.live import Server, start_again, start_server, stop_server

pytestmark = pytest.mark.browser

LEFT, RIGHT = [100.0, 80.0, 220.0, 200.0], [400.0, 80.0, 520.0, 200.0]
DEATHS, QUIET_S = 3, 1.0


@contextmanager
def nothing_saved(page: Page) -> Iterator[None]:
    """What the page sends to be saved does not reach the server."""

    def lose(route: Route) -> None:
        if route.request.method == "GET":
            route.fallback()
        else:
            route.abort()

    page.route("**/annotations", lose)
    yield
    if not page.is_closed():
        page.unroute("**/annotations", lose)


def sign_in(context: BrowserContext, username: str, password: str) -> None:
    who = {"username": username, "password": password}
    assert context.request.post("/api/v1/auth/login", data=who).ok


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app of this module's own, for it will die."""
    running = start_server(tmp_path_factory.mktemp("mortal"))
    yield running
    stop_server(running)


class MortalServer:
    """The module's server, which can die and come back at the same address."""

    def __init__(self, server: Server) -> None:
        self.running = server

    def die(self) -> None:
        self.running.process.send_signal(signal.SIGKILL)
        self.running.process.wait()

    def come_back(self) -> None:
        self.running = start_again(self.running)


@pytest.fixture(scope="module")
def mortal(server: Server) -> Iterator[MortalServer]:
    mortal = MortalServer(server)
    yield mortal
    stop_server(mortal.running)


def place(number: int) -> tuple[int, int, int, int]:
    x, y = 20 + 60 * (number % 10), 40 + 60 * (number // 10)
    return x, y, x + 30, y + 30


def test_saved_is_said_of_what_is_saved_alone(screen: Annotator):
    screen.wait_saving("Saved")
    with nothing_saved(screen.page):
        screen.draw(100, 80, 220, 200)
        screen.draw(400, 80, 520, 200)
        screen.wait_saving("Offline: 2 edits wait in this browser")
        assert "TPOD does not answer" in screen.banner()
        assert screen.boxes(0) == []
    screen.wait_saving("Saved")
    assert len(screen.boxes(0)) == 2
    screen.page.locator(".annotator .banner").wait_for(state="hidden")


def test_boxes_drawn_while_the_server_dies_and_comes_back_are_all_saved(
    screen: Annotator, mortal: MortalServer
):
    for death in range(DEATHS):
        screen.step("ArrowRight", death + 1)
        for number in range(4):
            if number == 1:
                mortal.die()
            screen.draw(*place(number))
        screen.wait_saving("Offline")
        expect(screen.page.locator('[data-testid="stDialog"]')).to_have_count(0)
        mortal.come_back()
        screen.wait_saving("Saved")
        assert screen.shown() == death + 1
    tracks = screen.document()["tracks"]
    frames = [each["keyframes"][0]["frame"] for each in tracks]
    assert frames == [death + 1 for death in range(DEATHS) for _ in range(4)]


def test_expired_sign_in_holds_the_edits_until_the_person_signs_in(
    screen: Annotator, context: BrowserContext, server: Server
):
    context.clear_cookies()
    screen.draw(100, 80, 220, 200)
    screen.wait_saving("Sign in again: 1 edit waits")
    assert "Sign in again as admin" in screen.banner()
    with context.expect_page() as opened:
        screen.page.locator(".annotator .banner a").click()
    sign_in(context, server.username, server.password)
    opened.value.close()
    screen.wait_saving("Saved")
    (box,) = screen.boxes(0)
    assert near(box, *LEFT)


def test_edits_of_one_person_are_not_saved_as_another(
    screen: Annotator, context: BrowserContext, server: Server
):
    with closing(second_person(server)):
        sign_in(context, **SECOND_PERSON)
    screen.draw(100, 80, 220, 200)
    screen.wait_saving("Not saved yet (1)")
    assert "Somebody else is signed in" in screen.banner()
    assert screen.boxes(0) == []
    sign_in(context, server.username, server.password)
    screen.wait_saving("Saved")
    assert len(screen.boxes(0)) == 1


def test_page_opened_again_shows_and_saves_what_a_closed_one_left(
    screen: Annotator, context: BrowserContext
):
    with nothing_saved(screen.page):
        screen.draw(100, 80, 220, 200)
        screen.drag((160, 140), (460, 140))
        screen.wait_saving("Offline: 2 edits")
        screen.page.close()
    again = Annotator(context.new_page(), screen.api, screen.video_id)
    again.open()
    again.wait_saving("Saved")
    (box,) = again.boxes(0)
    assert near(box, *RIGHT)


def test_reload_with_unsaved_edits_loses_none(screen: Annotator):
    with nothing_saved(screen.page):
        screen.draw(100, 80, 220, 200)
        screen.wait_saving("Offline: 1 edit")
        screen.page.reload()
        screen.wait_color(100, 90, 100, 190, color=screen.color_of("cup"))
    screen.wait_saving("Saved")
    assert len(screen.boxes(0)) == 1


def test_home_says_how_many_edits_wait_and_saves_them(screen: Annotator):
    with nothing_saved(screen.page):
        screen.draw(100, 80, 220, 200)
        screen.draw(400, 80, 520, 200)
        screen.wait_saving("Offline: 2 edits")
        screen.page.goto("/")
        notice = screen.page.get_by_text("2 edits in numbers wait in this browser")
        notice.wait_for()
        assert screen.boxes(0) == []
    screen.wait_boxes(0, lambda boxes: len(boxes) == 2)
    expect(notice).to_have_count(0)


def test_undo_pressed_offline_is_done_in_its_place(screen: Annotator):
    with nothing_saved(screen.page):
        screen.draw(100, 80, 220, 200)
        screen.draw(400, 80, 520, 200)
        screen.press("Control+z")
        screen.wait_color(400, 90, 400, 190, color=screen.color_of("cup"), least=-1, most=0.1)
    screen.page.unroute_all()
    screen.wait_saving("Saved")
    (box,) = screen.boxes(0)
    assert near(box, *LEFT)


def test_refused_edit_is_listed_with_its_reason_and_those_behind_it_go_on(
    annotator: Annotator, api: httpx.Client
):
    (cup,) = annotator.put_tracks(track("cup", (0, LEFT)))
    annotator.open()
    with nothing_saved(annotator.page):
        annotator.drag((160, 140), (170, 150))
        annotator.draw(400, 80, 520, 200)
        document = annotator.document()
        gone = {"revision": document["revision"], "ops": [{"op": "delete_track", "track_id": cup}]}
        api.patch(f"/videos/{annotator.video_id}/annotations", json=gone).raise_for_status()
    annotator.wait_saving("Saved")
    item = annotator.page.locator(".annotator .rejected .item")
    expect(item).to_contain_text(f"There is no track {cup}")
    expect(item).to_contain_text("Box on frame 0")
    (box,) = annotator.boxes(0)
    assert near(box, *RIGHT)
    annotator.page.reload()
    item.get_by_role("button", name="Discard").click()
    expect(item).to_have_count(0)


def test_two_tabs_of_one_person_merge(screen: Annotator, context: BrowserContext):
    other = Annotator(context.new_page(), screen.api, screen.video_id)
    other.open()
    screen.draw(100, 80, 220, 200)
    other.draw(400, 80, 520, 200)
    for each in (screen, other):
        each.wait_saving("Saved")
        each.wait_color(100, 90, 100, 190, color=each.color_of("cup"))
        each.wait_color(400, 90, 400, 190, color=each.color_of("cup"))
    assert len(screen.boxes(0)) == 2


def wait_until_quiet(page: Page, messages: list[str | bytes]) -> None:
    """Streamlit has run the script of the page and has said all that there is to say."""
    deadline = time.monotonic() + DEADLINE_S
    known, quiet_since = 0, time.monotonic()
    while not known or time.monotonic() - quiet_since < QUIET_S:
        assert time.monotonic() < deadline, "Streamlit does not fall silent"
        page.wait_for_timeout(50)
        if len(messages) != known:
            known, quiet_since = len(messages), time.monotonic()


def test_thirty_steps_and_a_saved_box_cause_no_message_to_streamlit(annotator: Annotator):
    messages: list[str | bytes] = []

    def note(message: str | bytes) -> None:
        messages.append(message)

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", note)
        socket.on("framereceived", note)

    annotator.page.on("websocket", listen)
    annotator.open()
    wait_until_quiet(annotator.page, messages)
    messages.clear()
    for frame in range(1, 31):
        annotator.step("ArrowRight", frame)
    annotator.draw(100, 80, 220, 200)
    annotator.wait_boxes(30, lambda boxes: len(boxes) == 1)
    assert messages == []
