"""Chromium in front of the running app."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.install_browser import find_browser
from tests.live import Server

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
