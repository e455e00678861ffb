"""Every page works under its Content-Security-Policy, and asks nothing of another host."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

from tests.browser.annotator import Annotator
from tests.browser.plain_labeling import PlainLabeling
from tests.detectors import add_trained_detector, row_of
from tests.live import Server, installation_of
from tests.training_sets import add_training_set
from tpod_core.db import transaction
from tpod_core.detectors.attempts import EPOCHS_FILE
from tpod_core.detectors.paths import directory_key
from tpod_core.models import Detector, saved_id

pytestmark = pytest.mark.browser

DEADLINE_MS = 60_000
OUTSIDE_HOST = "http://198.51.100.7"
"""Of a host that exists for documentation only (RFC 5737)."""
NOTE_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  window.refused = event.blockedURI
  console.error("POLICY", event.effectiveDirective, event.blockedURI, event.sourceFile)
})
"""


@dataclass
class Watched:
    """What the pages of a browser broke and asked for."""

    host: str
    violations: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def note_message(self, message: ConsoleMessage) -> None:
        if "POLICY" in message.text or "Content Security Policy" in message.text:
            self.violations.append(message.text)

    def note_request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in ("http", "https", "ws", "wss") and url.netloc != self.host:
            self.outside.append(request.url)


@pytest.fixture
def watched(context: BrowserContext, server: Server) -> Iterator[Watched]:
    noted = Watched(urlsplit(server.url).netloc)
    context.add_init_script(NOTE_VIOLATIONS)
    context.on("console", noted.note_message)
    context.on("request", noted.note_request)
    yield noted


@dataclass(frozen=True)
class Objects:
    training_set: int
    detector: int


@pytest.fixture(scope="module")
def objects(server: Server) -> Objects:
    """A training set, and a detector with the curve of a training."""
    with installation_of(server) as owner:
        training_set = add_training_set(server.home, owner)
        detector = add_trained_detector(server.home, owner)
        with transaction() as session:
            session.get_one(Detector, detector.id).train_config = {"imgsz": 64, "epochs": 3}
        rows = (json.dumps(asdict(row_of(epoch))) for epoch in (1, 2, 3))
        curve = server.home / directory_key(saved_id(detector)) / EPOCHS_FILE
        curve.write_text("\n".join(rows) + "\n")
        return Objects(saved_id(training_set), saved_id(detector))


def wait_until_shown(page: Page) -> None:
    page.locator(".stApp[data-test-script-state=notRunning]").wait_for(timeout=DEADLINE_MS)
    page.locator(".stMain .stElementContainer").first.wait_for(timeout=DEADLINE_MS)
    page.wait_for_load_state("networkidle", timeout=DEADLINE_MS)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/videos",
        "/training_sets",
        "/training_sets?new=1",
        "/training_sets?training_set={set}",
        "/detectors",
        "/detectors?detector={detector}",
        "/review?detector={detector}",
        "/try_it?detector={detector}",
        "/jobs",
        "/account",
        "/admin",
    ],
)
def test_page_keeps_to_its_policy_and_to_its_host(
    page: Page, watched: Watched, objects: Objects, numbers_video: int, path: str
) -> None:
    page.goto(path.format(set=objects.training_set, detector=objects.detector))
    wait_until_shown(page)
    assert (watched.violations, watched.outside) == ([], [])


def test_curves_of_a_training_are_drawn_without_code_from_texts(
    page: Page, watched: Watched, objects: Objects
) -> None:
    """Charts are written in a language that can be turned into scripts."""
    page.goto(f"/detectors?detector={objects.detector}")
    page.get_by_role("tab", name="Training").click(timeout=DEADLINE_MS)
    page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first.wait_for(
        timeout=DEADLINE_MS
    )
    assert (watched.violations, watched.outside) == ([], [])


def test_labelling_screen_keeps_to_its_policy(annotator: Annotator, watched: Watched) -> None:
    annotator.open()
    annotator.go(5)
    assert (watched.violations, watched.outside) == ([], [])


def test_plain_mode_keeps_to_its_policy(
    page: Page, api: httpx.Client, numbers_video: int, watched: Watched
) -> None:
    labeling = PlainLabeling(page, api, numbers_video)
    labeling.open()
    labeling.wait(labeling.takes_the_pointer, "there is no canvas to draw on")
    assert (watched.violations, watched.outside) == ([], [])


@pytest.mark.parametrize(
    "path",
    ["/sign-in?as=ann", "/api/v1/docs", "/api/v1/openapi.json", "/api/v1/videos/{video}/frames/0"],
)
def test_page_outside_streamlit_keeps_to_its_policy(
    page: Page, watched: Watched, numbers_video: int, path: str
) -> None:
    page.goto(path.format(video=numbers_video))
    page.wait_for_load_state("networkidle")
    assert (watched.violations, watched.outside) == ([], [])


def test_every_call_is_on_the_page_of_the_api_with_its_style(page: Page, api: httpx.Client) -> None:
    page.goto("/api/v1/docs")
    calls = [
        f"{method.upper()} {path}"
        for path, operations in api.get("/openapi.json").json()["paths"].items()
        for method in operations
    ]
    shown = [
        " ".join(heading.split())
        for heading in page.locator("article > h3:has(b)").all_inner_texts()
    ]
    assert sorted(shown) == sorted(calls)
    assert page.locator("nav").evaluate("nav => getComputedStyle(nav).position") == "sticky"
    page.get_by_role("link", name="PUT /videos/{video_id}/annotations").click()
    assert page.locator("article:target h3").inner_text().startswith("PUT")


@pytest.mark.parametrize("tag", ["img", "script", "iframe"])
def test_page_loads_nothing_of_another_host(page: Page, watched: Watched, tag: str) -> None:
    page.goto("/jobs")
    wait_until_shown(page)
    page.evaluate(
        "([tag, src]) => document.body.append(Object.assign(document.createElement(tag), {src}))",
        [tag, f"{OUTSIDE_HOST}/seen"],
    )
    page.wait_for_function("() => window.refused", timeout=DEADLINE_MS)
    assert OUTSIDE_HOST in "".join(watched.violations)


def test_file_is_downloaded_by_a_link_on_a_page(page: Page, numbers_video: int) -> None:
    """Though its own policy would let it do nothing if it were shown."""
    page.goto("/jobs")
    wait_until_shown(page)
    with page.expect_download(timeout=DEADLINE_MS) as download:
        page.evaluate(
            "href => { const link = document.createElement('a'); link.href = href; link.click() }",
            f"/api/v1/videos/{numbers_video}/file",
        )
    assert download.value.failure() is None


def test_answer_that_is_opened_as_a_page_is_of_no_origin(page: Page) -> None:
    """So it could use no cookie and nothing that the screens keep in the browser."""
    page.goto("/api/v1/auth/user")
    assert page.evaluate("origin") == "null"
