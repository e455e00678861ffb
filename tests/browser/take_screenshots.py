"""The README's pictures, taken from the running app: ``make screenshots``.

Starts TPOD on an empty directory, loads the demo project, trains a small detector for a
few epochs, and photographs every screen.
"""

import tempfile
from contextlib import closing
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM_ARGUMENTS
from tests.browser.labeling_pictures import SMALL, take_labeling
from tests.install_browser import find_browser
from tests.live import Server, start_server, stop_server, wait_for

OUT = Path(__file__).resolve().parent / "screenshots"
SETTLE_MS = 2500


def photograph(page: Page, name: str, path: str, sight: str) -> None:
    """Open ``path``, wait for ``sight`` and for the screen to settle, and take the picture."""
    page.goto(path)
    page.wait_for_selector(sight, timeout=60_000)
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=OUT / f"{name}.png")


def take_all(page: Page, client: httpx.Client, server: Server) -> None:
    page.goto("/")
    page.get_by_role("button", name="Load the demo project").click()
    wait_for(client, "/trainsets", lambda b: b["count"] and b["results"][0]["state"] == "ready")
    videos = client.get("/videos", params={"ordering": "id"}).json()["results"]
    training_set = client.get("/trainsets").json()["results"][0]
    created = client.post(
        "/detectors",
        json={
            "name": "Street",
            "dnn_type": "yolo26n",
            "train_set_id": training_set["id"],
            "train_config": {
                "epochs": 16,
                "imgsz": 256,
                "batch": 4,
                "patience": 0,
                "pretrained": "random",
            },
        },
    ).json()
    detector = f"/detectors/{created['id']}"
    photograph(page, "home", "/", "text=Hello")
    photograph(page, "videos", "/videos", "text=fully labelled")
    photograph(page, "training_sets", f"/training_sets?training_set={training_set['id']}", "h1")
    take_labeling(page, server, videos[0]["id"], OUT)
    wait_for(client, detector, lambda b: b["epoch"] >= 6 or b["state"] == "error")
    photograph(page, "detectors", f"/detectors?detector={created['id']}", "h1")
    wait_for(client, detector, lambda b: b["state"] in ("trained", "error"))
    take_trained(page, created["id"])
    photograph(page, "jobs", "/jobs", "h1")


def take_trained(page: Page, detector_id: int) -> None:
    address = f"/detectors?detector={detector_id}"
    photograph(page, "detector_trained", address, "h1")
    photograph(page, "detector_download", f"{address}&tab=Download", "text=TorchScript")
    photograph(page, "review", f"/review?detector={detector_id}", "text=left")
    page.goto(f"/try_it?detector={detector_id}")
    page.get_by_role("radio", name="Frame").click()
    page.wait_for_selector("text=ms", timeout=60_000)
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=OUT / "try_it.png")


def run(server: Server) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=find_browser(), args=CHROMIUM_ARGUMENTS
        )
        context = chromium.new_context(viewport=SMALL, base_url=server.url)
        context.request.post(
            "/api/v1/auth/login",
            data={"username": server.username, "password": server.password},
        )
        with closing(server.api()) as client:
            take_all(context.new_page(), client, server)
        chromium.close()


def main() -> None:
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        server = start_server(Path(directory))
        try:
            run(server)
        finally:
            stop_server(server)


if __name__ == "__main__":
    main()
