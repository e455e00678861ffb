"""Two people in one video, and what the work on it comes to."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.annotator import Annotator, near, track
from tests.browser.labeling_pictures import SECOND_PERSON, second_person
from tests.live import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE_MS = 40_000
"""A screen tells every ten seconds that it is there."""
LEFT, RIGHT = [100.0, 80.0, 220.0, 200.0], [400.0, 80.0, 520.0, 200.0]


@pytest.fixture(scope="module")
def second(server: Server) -> Iterator[httpx.Client]:
    """The second person, as a program."""
    with closing(second_person(server)) as client:
        yield client


@pytest.fixture
def their_page(browser: Browser, server: Server, second: httpx.Client) -> Iterator[Page]:
    """A tab of the second person."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, base_url=server.url)
    answer = context.request.post("/api/v1/auth/login", data=SECOND_PERSON)
    assert answer.ok, answer.text()
    yield context.new_page()
    context.close()


def test_second_person_is_named_and_their_boxes_appear_by_themselves(
    annotator: Annotator, their_page: Page
):
    annotator.open()
    # Not by their screen: while that opens, the word of it could have come and gone.
    path = f"/api/v1/videos/{annotator.video_id}/presence"
    assert their_page.request.post(path, data={"active_s": 0}).ok
    assert "overwritten" in annotator.toast()
    people = annotator.page.locator(".annotator .people", has_text=SECOND_PERSON["username"])
    people.wait_for()
    theirs = Annotator(their_page, annotator.api, annotator.video_id)
    theirs.open()
    drawn = theirs.draw_and_wait(0, 100, 80, 220, 200)
    row = annotator.page.locator(f'.annotator .box.here[data-track="{drawn}"]')
    row.wait_for()


@contextmanager
def unheard(annotator: Annotator) -> Iterator[None]:
    """Meanwhile the screen hears nothing of what others do, and saves nothing."""
    annotator.page.route("**/annotations*", lambda route: route.abort())
    annotator.page.route("**/changes*", lambda route: route.abort())
    yield
    annotator.page.unroute_all()


def theirs(second: httpx.Client, annotator: Annotator, *ops: dict[str, object]) -> None:
    """What the second person does, on top of the newest state."""
    body = {"revision": annotator.document()["revision"], "ops": ops}
    second.patch(f"/videos/{annotator.video_id}/annotations", json=body).raise_for_status()


def test_independent_edits_of_two_people_merge_silently(annotator: Annotator, second: httpx.Client):
    cup, cat = annotator.put_tracks(
        track("cup", (0, LEFT)), track("black cat", (0, RIGHT), (20, RIGHT))
    )
    annotator.open()
    with unheard(annotator):
        annotator.drag((160, 140), (160, 160))
        theirs(second, annotator, {"op": "relabel_track", "track_id": cat, "label": "cup"})
    annotator.wait_saving("Saved")
    boxes = annotator.wait_boxes(0, lambda boxes: near(boxes[0], 100, 100, 220, 220))
    assert [(box["track_id"], box["label"]) for box in boxes] == [(cup, "cup"), (cat, "cup")]
    annotator.page.locator(f'.annotator .box[data-track="{cat}"]', has_text="cup").wait_for()
    expect(annotator.page.locator(".annotator .rejected")).to_be_hidden()


def come_second(annotator: Annotator, second: httpx.Client) -> int:
    """Move a box that the second person has moved before; its track."""
    (cup,) = annotator.put_tracks(track("cup", (0, LEFT)))
    annotator.open()
    with unheard(annotator):
        annotator.drag((160, 140), (160, 160))
        moved = {"op": "put_box", "frame": 0, "track_id": cup, "box": RIGHT}
        theirs(second, annotator, moved)
    annotator.page.locator(".annotator .rejected .item").wait_for()
    return cup


def test_track_that_both_changed_is_asked_about_and_nothing_is_overwritten(
    annotator: Annotator, second: httpx.Client
):
    come_second(annotator, second)
    item = annotator.page.locator(".annotator .rejected .item")
    expect(item).to_contain_text(SECOND_PERSON["username"])
    (box,) = annotator.boxes(0)
    assert near(box, *RIGHT)
    annotator.wait_color(400, 90, 400, 190, color=annotator.color_of("cup"))
    item.get_by_role("button", name="Discard").click()
    expect(item).to_have_count(0)
    assert annotator.boxes(0) == [box]


def test_edit_that_came_second_is_done_again_on_demand(annotator: Annotator, second: httpx.Client):
    come_second(annotator, second)
    annotator.press("[")  # something else is said meanwhile
    assert "no key frame" in annotator.toast()
    item = annotator.page.locator(".annotator .rejected .item")
    item.get_by_role("button", name="Save anyway").click()
    annotator.wait_boxes(0, lambda boxes: near(boxes[0], 100, 100, 220, 220))
    expect(item).to_have_count(0)


def test_effort_tells_time_boxes_drawn_and_boxes_for_each(screen: Annotator):
    screen.draw_and_wait(0, 100, 80, 220, 200)
    screen.step("Shift+ArrowRight", 10)
    screen.drag((160, 140), (200, 160))
    screen.wait_boxes(10, lambda boxes: boxes[0]["source"] == "manual")
    effort = screen.page.locator(".annotator .effort", has_text="2 by hand")
    effort.wait_for(timeout=PATIENCE_MS)
    spent, drawn, each = effort.inner_text().split(" · ")
    assert re.fullmatch(r"[1-9]\d* (s|min)", spent)
    assert drawn == "2 by hand"
    assert float(each.removesuffix(" boxes each")) > 5
