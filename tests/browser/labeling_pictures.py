"""Pictures of the labelling screen in each of its states, on a video of the demo project."""

from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page

from tests.browser.annotator import Annotator, track
from tests.live import Server, wait_for

SETTLE_MS = 1500
SMALL, LARGE = {"width": 1280, "height": 720}, {"width": 1920, "height": 1080}
TELEPHONE = {"width": 390, "height": 640}
SECOND_PERSON = {"username": "annabel", "password": "orange tea cosy"}


def take_labeling(page: Page, server: Server, video_id: int, out: Path) -> None:
    """Photograph the screen, and leave the video as it was."""
    with closing(server.api()) as api, closing(second_person(server)) as other:
        screen = Annotator(page, api, video_id)
        before = screen.document()
        screen.open(60)
        screen.press("Tab")
        photograph(page, out / "labeling.png")
        thin(screen)
        screen.open(60)
        wait_until_derived(screen)
        screen.press("w")
        page.wait_for_timeout(SETTLE_MS)
        photograph(page, out / "labeling_worst_frame.png")
        look_closely(screen)
        photograph(page, out / "labeling_zoomed.png")
        screen.press("0")
        screen.press("?")
        photograph(page, out / "labeling_keys.png")
        screen.press("Escape")
        propose(screen)
        screen.open(60)
        wait_until_derived(screen)
        photograph(page, out / "labeling_proposals.png")
        join(screen)
        photograph(page, out / "labeling_join.png")
        screen.press("Escape")
        be_there(other, screen)
        photograph(page, out / "labeling_second_person.png")
        come_first(other, screen)
        photograph(page, out / "labeling_conflict.png")
        restore(screen, before)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size(LARGE)
        screen.open(60)
        screen.press("Tab")
        photograph(page, out / "labeling_dark_1920.png")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(TELEPHONE)
        page.goto(f"/labeling?video={video_id}&frame=60&mode=plain")
        page.get_by_text("Frame 60 of").wait_for()
        photograph(page, out / "labeling_plain.png")
        page.set_viewport_size(SMALL)


def photograph(page: Page, path: Path) -> None:
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=path)


def second_person(server: Server) -> httpx.Client:
    """A client of somebody who may see the administrator's videos: another administrator."""
    client = httpx.Client(base_url=f"{server.url}/api/v1", timeout=60)
    if client.post("/auth/login", json=SECOND_PERSON).is_success:
        return client  # They have been here before.
    made = client.post("/auth/register", json=SECOND_PERSON).raise_for_status().json()
    with closing(server.api()) as api:
        api.patch(f"/users/{made['id']}", json={"role": "admin"}).raise_for_status()
    client.post("/auth/login", json=SECOND_PERSON).raise_for_status()
    return client


def thin(screen: Annotator) -> None:
    """Leave so few key frames that propagation has something to doubt."""
    document = screen.document()
    for each in document["tracks"]:
        seen = [key for key in each["keyframes"] if not key["outside"]]
        each["keyframes"] = [*seen[::8], *(key for key in each["keyframes"] if key["outside"])]
    put(screen, document)


def wait_until_derived(screen: Annotator) -> None:
    wait_for(screen.api, f"/videos/{screen.video_id}/propagation", lambda body: not body["pending"])
    screen.page.wait_for_timeout(2 * SETTLE_MS)


def look_closely(screen: Annotator) -> None:
    """Select the last track of the list and zoom in on it."""
    last = screen.listed()[-1]
    screen.select(last)
    (box,) = [each["box"] for each in screen.boxes(screen.shown()) if each["track_id"] == last]
    middle = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    screen.page.mouse.move(*screen.on_screen(middle))
    screen.page.keyboard.down("Control")
    screen.page.mouse.wheel(0, -240)
    screen.page.keyboard.up("Control")


def propose(screen: Annotator) -> None:
    """Tracks as a detector would propose them, beside those that are there."""
    width, height = screen.frame_wh
    label = screen.document()["labels"][0]["name"]
    left = [width * 0.08, height * 0.1, width * 0.2, height * 0.32]
    right = [width * 0.8, height * 0.62, width * 0.95, height * 0.9]
    for box, score in ((left, 0.91), (right, 0.38)):
        document = screen.document()
        new = track(label, (0, box), (100, box), proposed=True, score=score)
        put(screen, document | {"tracks": [*document["tracks"], new]})


def join(screen: Annotator) -> None:
    """The moment in which a second track is to be chosen."""
    screen.select(screen.listed()[0])
    screen.press("j")


def be_there(other: httpx.Client, screen: Annotator) -> None:
    """Somebody else opens the same video."""
    answer = other.post(f"/videos/{screen.video_id}/presence", json={"active_s": 0})
    answer.raise_for_status()
    screen.page.locator(".annotator .people", has_text=SECOND_PERSON["username"]).wait_for()


def come_first(other: httpx.Client, screen: Annotator) -> None:
    """Somebody else moves a box just before the person does."""
    page = screen.page
    page.route("**/annotations*", lambda route: route.abort())
    known = screen.boxes(60)[0]
    x1, y1, x2, y2 = known["box"]
    middle = (x1 + x2) / 2, (y1 + y2) / 2
    screen.drag(middle, (middle[0] + 40, middle[1]))
    op = {"op": "put_box", "frame": 60, "box": [x1, y1, x2, y2 - 6], "track_id": known["track_id"]}
    path = f"/videos/{screen.video_id}/annotations"
    body = {"revision": screen.document()["revision"], "ops": [op]}
    other.patch(path, json=body).raise_for_status()
    page.unroute_all()
    page.locator(".annotator .rejected .item").wait_for()


def restore(screen: Annotator, before: dict[str, Any]) -> None:
    put(screen, before | {"revision": screen.document()["revision"]})


def put(screen: Annotator, document: dict[str, Any]) -> None:
    path = f"/videos/{screen.video_id}/annotations"
    screen.api.put(path, json=document).raise_for_status()
