"""Chromium in front of the running app."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.annotator import Annotator, import_video
from tests.install_browser import find_browser
from tests.live import Server
from tests.synthetic import make_video, still_image

NUMBERS_FRAMES = 60
NUMBERS_WH = (640, 360)
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one module: its event loop would run on under the tests that follow."""
    path = find_browser()
    if path is None:
        pytest.skip("NO BROWSER: no Chromium found, see tests/install_browser.py")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser, server: Server) -> Iterator[BrowserContext]:
    """A fresh browser profile, signed in as the administrator."""
    fresh = browser.new_context(viewport={"width": 1280, "height": 720}, base_url=server.url)
    answer = fresh.request.post(
        "/api/v1/auth/login", data={"username": server.username, "password": server.password}
    )
    assert answer.ok, answer.text()
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab of the signed-in browser; nothing is opened in it yet."""
    return context.new_page()


@pytest.fixture(scope="module")
def api(server: Server) -> Iterator[httpx.Client]:
    with closing(server.api()) as client:
        # The server closes idle connections; a test may idle just that long.
        client.headers["Connection"] = "close"
        yield client


@pytest.fixture(scope="module")
def numbers_video(api: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> int:
    """One video of numbered frames for the module."""
    path = tmp_path_factory.mktemp("video") / "numbers.mp4"
    make_video(path, NUMBERS_FRAMES, NUMBERS_WH, picture=still_image)
    return import_video(api, path, ["cup", "black cat"])


@pytest.fixture
def annotator(page: Page, api: httpx.Client, numbers_video: int) -> Annotator:
    """The labelling screen, not opened yet, of a video in which nothing is labelled."""
    annotator = Annotator(page, api, numbers_video)
    annotator.put_tracks()
    return annotator


@pytest.fixture
def screen(annotator: Annotator) -> Annotator:
    """The labelling screen on its first frame, with nothing labelled."""
    annotator.open()
    return annotator
