"""Names that hold Markdown and HTML are shown as they were typed, and load nothing from outside."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request

import tests.training_sets
from tests.conftest import PASSWORD, add_user
from tests.detectors import FakeProvider, create_detector, work
from tests.fake_queue import ListQueue
from tests.labelled import add_video, annotate, give_file, track
from tests.live import start_server, stop_server
from tests.training_sets import add_training_set, built
from tpod_core import db
from tpod_core.evaluation.unmatched_detections import UnmatchedDetection
from tpod_core.geometry import Box
from tpod_core.models import (
    Detector,
    DetectorState,
    Job,
    JobKind,
    JobState,
    QueueName,
    Role,
    TrainingSet,
    User,
    Video,
    saved_id,
)
from tpod_core.services import findings, users

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DEADLINE_MS = 60_000
PICTURE = "![x](http://192.0.2.1/x.png)<img/src=//192.0.2.1/y>"
HOSTILE = f"{PICTURE} :material/home: -> a@b.c &lt; $x$ *y* :red[z]"
"""At most 100 characters, as a label's name. 192.0.2.1 is nobody's: RFC 5737."""
WORD_JOINER = "\u2060"
FAR_FUTURE_S = 1e11
_SHOWS = """([selector, wanted, joiner]) => {
  const part = document.querySelector(selector)
  if (!part) return false
  const texts = [part.innerText]
  for (const each of part.querySelectorAll("input, [aria-label], [title], [alt]")) {
    texts.push(each.value ?? "", each.ariaLabel ?? "", each.title ?? "", each.alt ?? "")
  }
  return texts.some((text) => String(text).replaceAll(joiner, "").includes(wanted))
}"""

# Tables, charts and the like load their scripts when the page's own script has ended.
_IS_DRAWN = """() => new Promise((resolve) => {
  let timer = setTimeout(resolve, 800)
  const observer = new MutationObserver(() => {
    clearTimeout(timer)
    timer = setTimeout(resolve, 800)
  })
  observer.observe(document.body, { childList: true, subtree: true })
  setTimeout(resolve, 8000)
})"""


@dataclass
class Hostile:
    """An installation in which everything that people can name has a hostile name."""

    url: str
    video: Video
    training_set: TrainingSet
    detector: Detector
    failed: Detector
    page: Page
    outside: list[str] = field(default_factory=list)

    def note(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.outside.append(f"{self.page.url} asks for {request.url}")

    def show(self, path: str, shown_in: str = "body") -> None:
        """Open a page, and wait until a hostile name is shown in it."""
        self.page.goto(self.url + path)
        self.shown_in(shown_in)

    def press(self, button: str, shown_in: str = "[role=dialog]") -> None:
        """Press a button that shows a hostile name in another part of the page."""
        self.page.get_by_role("button", name=button, exact=True).first.click(timeout=DEADLINE_MS)
        self.shown_in(shown_in)

    def shown_in(self, selector: str) -> None:
        self.page.wait_for_function(
            _SHOWS, arg=[selector, PICTURE, WORD_JOINER], timeout=DEADLINE_MS
        )
        self.page.locator("[data-test-script-state=notRunning]").wait_for(timeout=DEADLINE_MS)
        self.page.evaluate(_IS_DRAWN)


@pytest.fixture
def hostile(
    home: Path,
    queue: ListQueue,
    provider: FakeProvider,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Hostile]:
    monkeypatch.setattr(tests.training_sets, "CLASSES", (HOSTILE, HOSTILE[::-1]))
    provider.warning = HOSTILE
    owner = add_user(PICTURE, Role.ADMIN)
    add_user(PICTURE + "2", Role.NONE)
    video = add_video(owner, HOSTILE, labels=(HOSTILE, "bus"))
    give_file(video, 40)
    other = add_video(owner, HOSTILE + "2", labels=("cup",))
    annotate(owner, video, track(HOSTILE, 0, 30), track("bus", 5, 20, x=50), ranges=[(0, 40)])
    training_set, _ = built(owner, video)
    trained_on = _as_hostile(add_training_set(home, owner), training_set.statistics)
    _as_hostile(training_set, training_set.statistics)
    parent = work(create_detector(owner, trained_on, name=HOSTILE))
    detector = work(create_detector(owner, trained_on, name=HOSTILE, parent_id=saved_id(parent)))
    with db.transaction() as session:
        users.create_token(session, owner, HOSTILE)
        failed = Detector(
            owner_id=saved_id(owner),
            name=HOSTILE,
            dnn_type="yolo26n",
            state=DetectorState.ERROR,
            message=HOSTILE,
            labels=[HOSTILE],
            train_config=detector.train_config,
        )
        session.add(failed)
        session.add(_running_job(owner, detector, "torchscript"))
        session.get_one(Video, other.id).message = HOSTILE
        found = [UnmatchedDetection(saved_id(video), 10, HOSTILE, Box(9, 9, 40, 40), 0.9, 1)]
        findings.record(session, saved_id(detector), found)
    server = start_server(home)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=server.url)
    answer = context.request.post(
        "/api/v1/auth/login", data={"username": PICTURE, "password": PASSWORD}
    )
    assert answer.ok, answer.text()
    made = Hostile(server.url, video, training_set, detector, failed, context.new_page())
    made.page.on("request", made.note)
    yield made
    context.close()
    stop_server(server)


def _as_hostile(training_set: TrainingSet, statistics: dict[str, Any]) -> TrainingSet:
    with db.transaction() as session:
        row = session.get_one(TrainingSet, training_set.id)
        row.name, row.warnings, row.statistics = HOSTILE, [HOSTILE], statistics
    return row


def _running_job(owner: User, detector: Detector, model_format: str) -> Job:
    return Job(
        kind=JobKind.EXPORT_MODEL,
        queue=QueueName.DEFAULT,
        owner_id=saved_id(owner),
        detector_id=saved_id(detector),
        request={"format": model_format},
        state=JobState.RUNNING,
        message=HOSTILE,
        lease_token="somebody's",
        lease_expires=FAR_FUTURE_S,
    )


def test_names_are_shown_and_load_nothing_from_outside(hostile: Hostile) -> None:
    detector, video = saved_id(hostile.detector), saved_id(hostile.video)
    hostile.show("/")
    hostile.show("/training_sets")
    hostile.show("/training_sets?new=1")
    hostile.show("/detectors")
    hostile.show("/jobs")
    hostile.show("/account")
    hostile.show("/admin")
    hostile.show(f"/review?detector={detector}")
    hostile.show(f"/training_sets?training_set={hostile.training_set.id}")
    hostile.show(f"/detectors?detector={hostile.failed.id}")
    for tab in ("Score", "Training", "Download"):
        hostile.show(f"/detectors?detector={detector}&tab={tab}")
    hostile.show(f"/detectors?detector={detector}&tab=Details", shown_in="table")
    hostile.show(f"/try_it?detector={detector}")
    hostile.page.goto(f"{hostile.url}/labeling?video={video}")
    hostile.page.get_by_text(HOSTILE).first.wait_for(timeout=DEADLINE_MS)
    hostile.show(f"/labeling?video={video}&mode=plain")
    hostile.show("/detectors")
    hostile.press("New detector")
    for button in ("Pre-label with a detector", "Delete"):
        hostile.show("/videos")
        hostile.page.get_by_test_id("stPopoverButton").first.click()
        hostile.press(button)
    hostile.show("/videos")
    hostile.press("Labels …")
    assert hostile.outside == []


def test_what_streamlit_would_replace_is_shown_as_typed(hostile: Hostile) -> None:
    hostile.show(f"/training_sets?training_set={hostile.training_set.id}")
    heading = hostile.page.get_by_role("heading", level=1)
    assert (heading.text_content() or "").replace(WORD_JOINER, "").strip() == HOSTILE
    assert heading.locator("p").locator("a, img, em, span").count() == 0
