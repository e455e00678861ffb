"""The review of a detector's mistakes in a real browser: one key each."""

from contextlib import closing
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import Session

from tests.browser.annotator import import_video
from tests.live import Server
from tests.synthetic import make_video
from tpod_core.db import make_engine
from tpod_core.models import Detector, DetectorState, Finding, User, saved_id

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DEADLINE_MS = 60_000
FRAMES = (10, 20, 30)


@pytest.fixture
def detector_id(server: Server, tmp_path: Path) -> int:
    """A detector with one finding on each of ``FRAMES``, the first the surest."""
    with closing(server.api()) as api:
        path = make_video(tmp_path / "numbers.mp4", 48, wh=(640, 360))
        video_id = import_video(api, path, ["cup"])
    engine = make_engine(f"sqlite:///{server.home}/tpod.sqlite3")
    with Session(engine) as session:
        session.connection()
        owner = session.get_one(User, 1)
        detector = Detector(
            owner_id=saved_id(owner),
            name="Cups",
            dnn_type="yolo26n",
            state=DetectorState.TRAINED,
            labels=["cup"],
        )
        session.add(detector)
        session.flush()
        for place, frame in enumerate(FRAMES):
            session.add(
                Finding(
                    detector_id=saved_id(detector),
                    video_id=video_id,
                    frame_index=frame,
                    label="cup",
                    score=0.9 - place / 10,
                    x1=160,
                    y1=90,
                    x2=320,
                    y2=180,
                )
            )
        session.commit()
        number = saved_id(detector)
    engine.dispose()
    return number


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
