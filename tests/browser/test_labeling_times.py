"""The clock and the frame rate of the labelling screen in a real browser."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.annotator import Annotator, import_video
from tests.synthetic import make_video

pytestmark = pytest.mark.browser

WH = (160, 120)


def opened(page: Page, api: httpx.Client, path: Path, frame: int = 0) -> Annotator:
    annotator = Annotator(page, api, import_video(api, path, ["cup"]))
    annotator.open(frame)
    return annotator


def test_clock_shows_the_time_of_the_frame_where_the_rate_varies(
    page: Page, api: httpx.Client, shared_data: Path
):
    opened(page, api, shared_data / "cases" / "variable_rate.mp4", 29)
    expect(page.locator(".annotator .clock")).to_have_text("00:00.97")
    expect(page.locator(".annotator span.facts")).to_contain_text("60 frames · 1.97 fps on average")
    page.keyboard.press("End")
    expect(page.locator(".annotator .clock")).to_have_text("00:30.00")


def test_guessed_rate_is_called_one_until_it_is_corrected(
    page: Page, api: httpx.Client, tmp_path: Path
):
    path = make_video(tmp_path / "raw.h264", 10, WH, 24, options={"bf": "0"})
    annotator = opened(page, api, path, 6)
    facts, clock = page.locator(".annotator span.facts"), page.locator(".annotator .clock")
    expect(facts).to_have_text("160×120 · 10 frames · about 24 fps (guessed)")
    expect(clock).to_have_text("00:00.25")
    page.get_by_role("link", name="Correct the rate").click()
    page.get_by_label("Frames per second").fill("12")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    annotator.open(6)
    expect(facts).to_have_text("160×120 · 10 frames · 12 fps")
    expect(page.get_by_role("link", name="Correct the rate")).to_be_hidden()
    expect(clock).to_have_text("00:00.50")


def test_single_frame_has_the_time_0_and_no_rate(page: Page, api: httpx.Client, tmp_path: Path):
    opened(page, api, make_video(tmp_path / "one.mp4", 1, WH))
    expect(page.locator(".annotator .clock")).to_have_text("00:00.00")
    expect(page.locator(".annotator span.facts")).to_have_text("160×120 · 1 frame")
