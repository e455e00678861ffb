"""Two people in one video, and what the work on it comes to."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.annotator import Annotator
from tests.browser.labeling_pictures import SECOND_PERSON, second_person
from tests.live import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATIENCE_MS = 40_000
"""A screen tells every ten seconds that it is there, and hears then what there is to tell."""


@pytest.fixture(scope="module")
def second(server: Server) -> None:
    with closing(second_person(server)):
        pass


@pytest.fixture
def their_page(browser: Browser, server: Server, second: None) -> Iterator[Page]:
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
    row.wait_for(timeout=PATIENCE_MS)


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
