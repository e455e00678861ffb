"""Twenty people label at once: how long a save takes, beside that of one person alone.

Each one steps once a second, saves a box every four seconds, and has one long poll open; so
does the baseline, alone, in the same run. Half of them share a video. A box on the last frame
leaves nothing to follow. One on the frame that is shown is followed through the pixels at once
by a thread of the same process, which then competes with every answer for the interpreter: that
is printed too, and has no limit here.
"""

import asyncio
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import httpx

from benchmarks._videos import long_1080p, required_data
from tests.browser.annotator import import_video
from tests.live import Server, start_server, stop_server

LABELLERS = 20
SECONDS = 40
STEP_S = 1.0
SAVE_EVERY = 4
REST_S = 0.5
"""Between the answer of a long poll and the next one, as in the labelling screen."""
WIDTH = 960
FRAMES = 150
LIMIT = 3.0
"""A save's p95 may be so many times that of one person alone."""
TIMEOUT_S = 60


@dataclass
class Labeller:
    """One screen: ``saves`` and ``frames`` are seconds that an answer took."""

    client: httpx.AsyncClient
    video_id: int
    follows: bool
    saves: list[float] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    news: int = 0
    revision: int = 0

    async def work(self, until: float, after_s: float) -> None:
        await asyncio.sleep(after_s)
        polling = asyncio.create_task(self._poll())
        step = 0
        while (now := time.monotonic()) < until:
            await self._frame(step % FRAMES)
            if step % SAVE_EVERY == 0:
                await self._save(step % FRAMES if self.follows else FRAMES - 1)
            step += 1
            await asyncio.sleep(max(0.0, now + STEP_S - time.monotonic()))
        polling.cancel()

    async def _frame(self, frame: int) -> None:
        url = f"/videos/{self.video_id}/frames/{frame}"
        began = time.perf_counter()
        (await self.client.get(url, params={"width": WIDTH})).raise_for_status()
        self.frames.append(time.perf_counter() - began)

    async def _save(self, frame: int) -> None:
        box = {"op": "put_box", "frame": frame, "box": [100, 100, 300, 400], "label": "bike"}
        body = {"batch": f"{id(self)}-{len(self.saves)}", "revision": self.revision, "ops": [box]}
        began = time.perf_counter()
        answer = await self.client.patch(f"/videos/{self.video_id}/annotations", json=body)
        self.saves.append(time.perf_counter() - began)
        self.revision = answer.raise_for_status().json()["revision"]

    async def _poll(self) -> None:
        known: dict[str, int] = {}
        while True:
            url = f"/videos/{self.video_id}/changes"
            told = (await self.client.get(url, params=known)).raise_for_status().json()
            known = {"since": told["revision"], "boxes_since": told["boxes_revision"]}
            self.news += 1
            await asyncio.sleep(REST_S)


async def measure(
    server: Server, cookies: httpx.Cookies, video_ids: list[int], follows: bool
) -> list[Labeller]:
    clients = [
        httpx.AsyncClient(
            base_url=f"{server.url}/api/v1",
            cookies=cookies,
            timeout=TIMEOUT_S,
            limits=httpx.Limits(max_keepalive_connections=6, keepalive_expiry=2),
        )
        for _ in video_ids
    ]
    labellers = [
        Labeller(client, number, follows) for client, number in zip(clients, video_ids, strict=True)
    ]
    until = time.monotonic() + SECONDS
    # People do not save in step with each other.
    apart_s = STEP_S * SAVE_EVERY / len(labellers)
    works = [each.work(until, number * apart_s) for number, each in enumerate(labellers)]
    await asyncio.gather(*works)
    await asyncio.gather(*(client.aclose() for client in clients))
    return labellers


def report(what: str, labellers: list[Labeller]) -> float:
    """Print a line; the p95 of a save in milliseconds."""
    saves = [1000 * took for each in labellers for took in each.saves]
    frames = [1000 * took for each in labellers for took in each.frames]
    p95 = quantiles(saves, n=20)[-1]
    print(
        f"{what:38} save p50 {median(saves):6.1f}  p95 {p95:6.1f} ms   "
        f"frame p50 {median(frames):6.1f}  p95 {quantiles(frames, n=20)[-1]:6.1f} ms   "
        f"{len(saves)} saves, {sum(each.news for each in labellers)} polls answered",
        flush=True,
    )
    return p95


def compare(server: Server, cookies: httpx.Cookies, videos: list[int], follows: bool) -> float:
    """How many times as long a save's p95 is among many as alone."""
    what = "boxes followed at once" if follows else "nothing to follow"
    work = [videos[:1], [videos[1 + number % 2] for number in range(LABELLERS)]]
    alone, many = (
        report(
            f"{len(some):2} labellers, {what}", asyncio.run(measure(server, cookies, some, follows))
        )
        for some in work
    )
    print(f"save p95: {many / alone:.1f} × one alone", flush=True)
    return many / alone


def main() -> int:
    with tempfile.TemporaryDirectory() as directory:
        bike = required_data() / "dev" / "video_gt" / "Bike" / "Bike.mp4"
        path = long_1080p(Path(directory) / "long_1080p.mp4", bike, FRAMES)
        server = start_server(Path(directory) / "home")
        try:
            with closing(server.api()) as api:
                api.headers["Connection"] = "close"
                videos = [import_video(api, path, ["bike"]) for _ in range(3)]
                ratio = compare(server, api.cookies, videos, follows=False)
                compare(server, api.cookies, videos, follows=True)
        finally:
            stop_server(server)
    print(f"limit {LIMIT:.0f} × where nothing is followed")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
