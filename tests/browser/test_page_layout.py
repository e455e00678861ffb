"""Nothing on a page moves while it loads: a press would land beside what it was meant for."""

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

WATCH_HEADING = """
window.headingTops = []
const watch = () => {
  const heading = document.querySelector("h1")
  const top = heading && Math.round(heading.getBoundingClientRect().top)
  if (heading && headingTops.at(-1) !== top) headingTops.push(top)
  requestAnimationFrame(watch)
}
watch()
"""
# A function: the pages' policy lets nobody evaluate text as a script.
SENDER_IS_READY = "() => document.querySelector('.st-key-unsent-sender .stBidiComponent') !== null"


@pytest.mark.parametrize(
    "path", ["/", "/videos", "/training_sets", "/detectors", "/jobs", "/account", "/admin"]
)
def test_heading_stays_where_it_first_appeared(page: Page, path: str):
    page.add_init_script(WATCH_HEADING)
    page.goto(path)
    page.wait_for_function(SENDER_IS_READY)
    page.locator(".stApp[data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(300)
    tops: list[Any] = page.evaluate("headingTops")
    assert len(tops) == 1, tops
