"""The plain mode of the labelling screen in Chromium, by mouse and by touch."""

import re
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.annotator import near, track
from tests.browser.labeling_pictures import second_person
from tests.browser.plain_labeling import PlainLabeling
from tests.live import Server

pytestmark = pytest.mark.browser

TRIES = 40
WATCH_CANVAS_WIDTH = """
window.canvasWidths = []
const hosts = () => [...document.querySelectorAll("*")].filter((each) => each.shadowRoot)
const watch = () => {
  const [canvas] = hosts().map((each) => each.shadowRoot.querySelector("canvas")).filter(Boolean)
  if (canvas && canvasWidths.at(-1) !== canvas.clientWidth) canvasWidths.push(canvas.clientWidth)
  requestAnimationFrame(watch)
}
watch()
"""
DELAYS_MS = (0, 10, 20, 40, 80, 120, 160, 200, 250, 300)


@pytest.fixture
def screen(page: Page, api: httpx.Client, numbers_video: int) -> PlainLabeling:
    """The plain mode, not opened yet, of a video in which nothing is labelled."""
    screen = PlainLabeling(page, api, numbers_video)
    screen.put_tracks()
    return screen


@pytest.fixture
def phone(
    browser: Browser, server: Server, api: httpx.Client, numbers_video: int
) -> Iterator[PlainLabeling]:
    """The same on a telephone of 390 pixels."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, base_url=server.url, has_touch=True, is_mobile=True
    )
    context.request.post(
        "/api/v1/auth/login", data={"username": server.username, "password": server.password}
    )
    screen = PlainLabeling(context.new_page(), api, numbers_video)
    screen.put_tracks()
    yield screen
    context.close()


@pytest.fixture(scope="module")
def colleague(server: Server) -> Iterator[httpx.Client]:
    """The API as a second person has it."""
    with closing(second_person(server)) as client:
        yield client


def place(frame: int) -> tuple[int, int, int, int]:
    """Where a box is drawn on a frame: everywhere else."""
    x, y = 20 + 60 * (frame % 10), 40 + 60 * (frame // 10)
    return x, y, x + 40, y + 40


@pytest.mark.slow
def test_box_drawn_before_next_is_saved_on_its_own_frame_in_40_tries(screen: PlainLabeling):
    screen.open()
    for frame in range(TRIES):
        x1, y1, x2, y2 = place(frame)
        screen.canvas.drag((x1, y1), (x2, y2))
        if delay := DELAYS_MS[frame % len(DELAYS_MS)]:
            screen.page.wait_for_timeout(delay)
        screen.go_on(frame + 1)
    found = screen.keyframes()
    assert sorted(each["frame"] for each in found) == list(range(TRIES))
    assert all(near(each, *place(each["frame"])) for each in found)


def test_unsaved_drawing_is_said_and_saved_is_said_only_then(screen: PlainLabeling):
    screen.open(4)
    screen.canvas.drag((100, 100), (200, 180))
    screen.wait_text("1 change on this frame is not saved yet")
    assert screen.keyframes() == []
    screen.press("Save")
    screen.wait_text("Saved: 1 change on frame 4")
    [box] = screen.keyframes()
    assert (box["frame"], box["label"], box["source"]) == (4, "cup", "manual")
    assert near(box, 100, 100, 200, 180)


def test_untouched_boxes_make_no_key_frames(screen: PlainLabeling):
    screen.put_tracks(track("cup", (0, [100.3, 100.7, 200.1, 180.9]), (20, [140, 100, 240, 180])))
    screen.open(7)
    screen.go_on(8)
    screen.press("Previous")
    screen.wait_frame(7)
    assert [box["frame"] for box in screen.keyframes()] == [0, 20]


def test_box_is_moved_and_deleted_with_the_tools_of_the_canvas(screen: PlainLabeling):
    boxes = (0, [100.0, 100.0, 200.0, 180.0]), (20, [100.0, 100.0, 200.0, 180.0])
    screen.put_tracks(track("cup", *boxes))
    screen.open(10)
    screen.canvas.place.hover()
    screen.press("Edit")
    screen.canvas.drag((150, 140), (250, 140))
    screen.wait_text("1 change on this frame is not saved yet")
    screen.press("Save")
    screen.wait_text("Saved: 1 change on frame 10")
    assert near(screen.keyframes()[1], 200, 100, 300, 180)
    screen.wait_frame(10)
    screen.canvas.drag((250, 140), (250, 140))
    screen.press("Delete selected")
    screen.go_on(11)
    assert screen.document()["tracks"][0]["keyframes"][1]["outside"]


def test_only_box_of_a_track_is_asked_about(screen: PlainLabeling):
    screen.put_tracks(track("cup", (10, [100.0, 100.0, 200.0, 180.0]), (11, None)))
    screen.open(10)
    screen.canvas.place.hover()
    screen.press("Edit")
    screen.canvas.drag((150, 140), (150, 140))
    screen.press("Delete selected")
    screen.press("Save")
    screen.wait_text("has its only box on this frame")
    screen.press("Keep it")
    screen.wait_text("Nothing was changed")
    screen.wait_frame(10)
    assert len(screen.keyframes()) == 1
    screen.canvas.drag((150, 140), (150, 140))
    screen.press("Delete selected")
    screen.press("Save")
    screen.press("Delete it")
    screen.wait_text("Saved: 1 change on frame 10")
    assert screen.document()["tracks"] == []


def test_conflict_keeps_the_drawing_until_the_person_decides(
    screen: PlainLabeling, colleague: httpx.Client
):
    [cup] = screen.put_tracks(track("cup", (0, [100.0, 100.0, 200.0, 180.0])))
    screen.open(5)
    screen.canvas.place.hover()
    screen.press("Edit")
    screen.canvas.drag((150, 140), (250, 140))
    screen.wait_text("1 change on this frame")
    document = screen.document()
    deleted = [{"op": "delete_track", "track_id": cup}]
    edit = {"revision": document["revision"], "ops": deleted}
    colleague.patch(f"/videos/{screen.video_id}/annotations", json=edit).raise_for_status()
    screen.press("Next")
    screen.wait_text("Your drawing is not saved yet")
    screen.press("Save anyway")
    screen.wait_frame(6)
    [box] = screen.keyframes()
    assert (box["frame"], box["label"]) == (5, "cup")
    assert near(box, 200, 100, 300, 180)


def test_finger_draws_on_a_telephone_and_nothing_is_cut_off(phone: PlainLabeling):
    phone.open(3)
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.canvas.swipe((100, 100), (300, 250))
    phone.go_on(4)
    [box] = phone.keyframes()
    assert box["frame"] == 3
    assert all(abs(a - b) <= 3 for a, b in zip(box["box"], (100, 100, 300, 250), strict=True))


def test_finger_moves_a_box_with_the_tools_of_the_canvas(phone: PlainLabeling):
    phone.put_tracks(track("cup", (0, [100.0, 100.0, 200.0, 200.0])))
    phone.open(5)
    phone.canvas.swipe((400, 50), (400, 50))  # A touch brings the tools.
    phone.page.get_by_role("button", name="Edit", exact=True).tap()
    phone.canvas.swipe((150, 150), (350, 150))
    phone.press("Save")
    phone.wait_text("Saved: 1 change on frame 5")
    [_, box] = phone.keyframes()
    assert box["frame"] == 5
    assert abs(box["box"][0] - 300) <= 3


def test_canvas_of_a_telephone_has_its_final_width_from_the_start(phone: PlainLabeling):
    """Streamlit loads what renders its own styles late."""

    def answer_late(route: Route) -> None:
        phone.page.wait_for_timeout(1000)
        route.continue_()

    phone.page.route(re.compile(r"/static/js/Html\."), answer_late)
    phone.page.add_init_script(WATCH_CANVAS_WIDTH)
    phone.open(3)
    phone.page.wait_for_timeout(1000)
    assert len(phone.page.evaluate("canvasWidths")) == 1


def test_change_of_the_window_while_drawing_keeps_the_box(screen: PlainLabeling):
    screen.open(3)
    before = screen.canvas.place.bounding_box()
    (x1, y1), (x2, y2) = screen.canvas.on_screen((100, 100)), screen.canvas.on_screen((200, 180))
    mouse = screen.page.mouse
    mouse.move(x1, y1)
    mouse.down()
    mouse.move((x1 + x2) / 2, (y1 + y2) / 2)
    screen.page.set_viewport_size({"width": 1280, "height": 560})
    screen.page.wait_for_timeout(600)
    mouse.move(x2, y2)
    mouse.up()
    screen.wait(lambda: screen.canvas.place.bounding_box() != before, "the canvas stays large")
    screen.wait_text("1 change on this frame is not saved yet")
    screen.press("Save")
    screen.wait_text("Saved: 1 change on frame 3")
    [box] = screen.keyframes()
    assert near(box, 100, 100, 200, 180)


def test_turning_the_telephone_keeps_what_was_drawn(phone: PlainLabeling):
    phone.open(3)
    phone.canvas.swipe((100, 100), (300, 250))
    phone.wait_text("1 change on this frame is not saved yet")
    before = phone.canvas.place.bounding_box()
    phone.page.set_viewport_size({"width": 844, "height": 600})
    phone.wait(lambda: phone.canvas.place.bounding_box() != before, "the canvas stays small")
    phone.go_on(4)
    [box] = phone.keyframes()
    assert all(abs(a - b) <= 3 for a, b in zip(box["box"], (100, 100, 300, 250), strict=True))


def test_drawing_is_still_there_after_a_visit_to_another_screen(screen: PlainLabeling):
    screen.open(3)
    screen.canvas.drag((100, 100), (200, 180))
    screen.wait_text("1 change on this frame is not saved yet")
    screen.page.get_by_role("link", name="Videos").first.click()
    screen.wait_text("Drop")
    screen.page.go_back()
    screen.wait_frame(3)
    screen.wait_text("1 change on this frame is not saved yet")
    screen.press("Save")
    screen.wait_text("Saved: 1 change on frame 3")


def test_label_is_added_and_drawn_with(screen: PlainLabeling):
    screen.open(3)
    screen.press("Add a label")
    screen.page.get_by_label("Name of the label").fill("teapot")
    screen.press("Add")
    expect(screen.page.get_by_role("radio", name="teapot")).to_be_checked(timeout=30_000)
    screen.page.keyboard.press("Escape")
    screen.canvas.drag((100, 100), (200, 180))
    screen.go_on(4)
    assert [box["label"] for box in screen.keyframes()] == ["teapot"]


def test_fast_mode_opens_with_the_drawing_saved(screen: PlainLabeling):
    screen.open(3)
    screen.canvas.drag((100, 100), (200, 180))
    screen.press("Fast mode")
    screen.page.locator(".annotator").first.wait_for(timeout=30_000)
    assert [box["frame"] for box in screen.keyframes()] == [3]
