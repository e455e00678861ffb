"""The demo project: one at a time, and nothing left hanging when it fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlmodel import select

from tests.fake_queue import ListQueue
from tpod_core.annotations.interpolation import derive
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict
from tpod_core.geometry import iou
from tpod_core.jobs.lifecycle import finish
from tpod_core.models import JobState, User, Video, VideoState, saved_id
from tpod_core.queue import Delivery, replaced_by
from tpod_core.services import demo
from tpod_core.services.demo.labels import tracks_of
from tpod_core.services.demo.scene import SCENES, render
from workers import load_demo


def test_second_demo_waits_for_the_first(member: User, queue: ListQueue) -> None:
    with transaction() as session:
        demo.start(session, member)
    with pytest.raises(Conflict, match="already"), transaction() as session:
        demo.start(session, member)
    assert len(queue.deliveries) == 1


@pytest.mark.parametrize("end", [JobState.FAILED, JobState.CANCELLED])
def test_failed_demo_leaves_no_video_in_the_middle(
    member: User, queue: ListQueue, end: JobState
) -> None:
    with transaction() as session:
        job = demo.start(session, member)
        for name, state in (("done", VideoState.READY), ("half", VideoState.PROCESSING)):
            session.add(
                Video(owner_id=saved_id(member), name=name, state=state, job_id=saved_id(job))
            )
        session.flush()
        finish(session, saved_id(job), end, "The disk is full.")
    with read_session() as session:
        states = {video.name: video.state for video in session.exec(select(Video))}
    assert states == {"done": VideoState.READY, "half": VideoState.FAILED}


@pytest.mark.slow
def test_boxes_between_the_demo_s_key_frames_follow_the_truth() -> None:
    scene = SCENES[0]
    frames = list(render(scene))
    for number, track in enumerate(tracks_of(scene, frames)):
        shown = {box.frame: box.box for box, _ in derive(track.keyframes, range(len(frames)))}
        for index, frame in enumerate(frames):
            truth = frame.boxes[number]
            assert (truth is None) == (index not in shown), f"frame {index}"
            assert truth is None or iou(truth, shown[index]) > 0.9, f"frame {index}"


class StartingQueue(ListQueue):
    """It answers from the third time on; ``refused`` counts what it was given before."""

    def __init__(self) -> None:
        super().__init__()
        self.away, self.asked, self.refused = True, 0, 0

    def ping(self) -> None:
        self.asked += 1
        self.away = self.asked < 3
        super().ping()

    def deliver(self, delivery: Delivery) -> None:
        self.refused += self.away
        super().deliver(delivery)


@asynccontextmanager
async def nothing_started() -> AsyncIterator[None]:
    yield


def test_demo_without_a_browser_waits_for_the_queue_it_has_started(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_demo, "_POLL_S", 0.01)
    monkeypatch.setattr(load_demo, "embedded_services", nothing_started)
    monkeypatch.setattr(load_demo, "_ended", lambda session, job_id, owner: JobState.SUCCEEDED)
    queue = StartingQueue()
    with replaced_by(queue):
        assert asyncio.run(load_demo.load_without_browser()) is JobState.SUCCEEDED
    assert (queue.refused, len(queue.deliveries)) == (0, 1)
