"""The review of a detector's mistakes in a real browser: one key each."""

from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.annotator import import_video
from tests.detectors import add_trained_detector
from tests.live import Server, installation_of
from tests.synthetic import make_video
from tpod_core import db
from tpod_core.evaluation.unmatched_detections import UnmatchedDetection
from tpod_core.geometry import Box
from tpod_core.models import saved_id
from tpod_core.services import findings

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DEADLINE_MS = 60_000
FRAMES = (10, 20, 30)


@pytest.fixture
def detector_id(server: Server, tmp_path: Path) -> int:
    """A detector with one finding on each of ``FRAMES``, the first the surest."""
    with closing(server.api()) as api:
        path = make_video(tmp_path / "numbers.mp4", 48, wh=(640, 360))
        video_id = import_video(api, path, ["cup"])
    with installation_of(server) as owner:
        detector_id = saved_id(add_trained_detector(server.home, owner))
        with db.transaction() as session:
            box = Box(160, 90, 320, 180)
            found = [
                UnmatchedDetection(video_id, frame, "cup", box, 0.9 - place / 10, 1)
                for place, frame in enumerate(FRAMES)
            ]
            findings.record(session, detector_id, found)
    return detector_id


def verdicts(api: httpx.Client, detector_id: int) -> dict[int, str]:
    rows = api.get(f"/detectors/{detector_id}/findings").json()["results"]
    return {row["frame"]: row["verdict"] for row in rows}


def test_each_key_decides_the_picture_shown_and_brings_the_next(
    page: Page, server: Server, detector_id: int
) -> None:
    page.goto(f"/review?detector={detector_id}")
    for frame, key in zip(FRAMES, ("n", "m", "i"), strict=True):
        picture = page.get_by_alt_text(f"frame {frame}", exact=True)
        expect(picture).to_be_visible(timeout=DEADLINE_MS)
        place, box = picture.bounding_box(), page.get_by_text("cup 0.").bounding_box()
        assert place and box
        assert box["x"] == pytest.approx(place["x"] + place["width"] / 4, abs=4)
        page.keyboard.press(key)
    expect(page.get_by_text("All done")).to_be_visible(timeout=DEADLINE_MS)
    with closing(server.api()) as api:
        assert verdicts(api, detector_id) == {10: "negative", 20: "missed_label", 30: "ignore"}
        page.keyboard.press("b")
        expect(page.get_by_alt_text("frame 30", exact=True)).to_be_visible(timeout=DEADLINE_MS)
        assert verdicts(api, detector_id)[30] == "open"
