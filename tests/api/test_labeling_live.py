"""The running app finds boxes beside its queue, and its worker finds the rest."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.api.test_main_job import upload
from tests.live import Server, wait_for
from tests.synthetic import make_video
from tpod_core.embedded.paths import lock_path

FRAMES = 40


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with closing(server.api()) as signed_in:
        yield signed_in


def label(client: httpx.Client, video_id: int, revision: int, *ops: dict[str, Any]) -> list[int]:
    answer = client.patch(
        f"/videos/{video_id}/annotations", json={"revision": revision, "ops": list(ops)}
    )
    ids: list[int] = answer.raise_for_status().json()["track_ids"]
    return ids


def put(frame: int, **target: Any) -> dict[str, Any]:
    return {"op": "put_box", "frame": frame, "box": [100, 100, 180, 180], **target}


def jobs_of(client: httpx.Client, video_id: int) -> list[dict[str, Any]]:
    jobs = client.get("/jobs", params={"search": f"video:{video_id}"}).json()["results"]
    return [job for job in jobs if job["kind"] == "propagate-tracks"]


@contextmanager
def worker_asleep(client: httpx.Client, server: Server) -> Iterator[None]:
    """Nobody takes a job from the background while the block runs."""
    wait_for(client, "/jobs", lambda body: all(job["finished"] for job in body["results"]))
    supervisor = psutil.Process(int(lock_path(server.home).read_text()))
    workers = [each for each in supervisor.children() if "background" in each.cmdline()]
    assert workers
    for worker in workers:
        worker.suspend()
    yield
    for worker in workers:
        worker.resume()


@pytest.mark.slow
def test_boxes_come_by_themselves_with_and_without_a_worker(
    client: httpx.Client, server: Server, tmp_path: Path
) -> None:
    video_id = upload(client, "numbers", make_video(tmp_path / "numbers.mp4", FRAMES))
    with worker_asleep(client, server):
        (track_id,) = label(client, video_id, 0, put(5, label="bus"))
        (job,) = jobs_of(client, video_id)
        cancelled = client.post(f"/jobs/{job['id']}/cancel")
        assert cancelled.status_code == 202, cancelled.text

    def filled(body: dict[str, Any]) -> bool:
        (track,) = body["tracks"]
        return bool(track["segments"]) and not body["pending"]

    wait_for(client, f"/videos/{video_id}/propagation", filled)
    assert [job["state"] for job in jobs_of(client, video_id)] == ["cancelled"]

    label(client, video_id, 1, put(30, track_id=track_id))
    body = wait_for(client, f"/videos/{video_id}/propagation", filled)
    assert [job["state"] for job in jobs_of(client, video_id)] == ["succeeded", "cancelled"]
    assert body["tracks"][0]["segments"][0]["start"] == 6
    boxes = client.get(f"/videos/{video_id}/boxes", params={"frame": 20}).json()
    assert boxes["frames"][0]["boxes"][0]["source"] == "visual"
