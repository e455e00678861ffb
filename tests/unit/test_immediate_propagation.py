"""What was just edited is filled at once, beside the queue."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests import fake_propagation
from tests.conftest import add_user
from tests.fake_propagation import FakePropagation
from tests.following import following_here
from tests.labelled import add_video, annotate, give_file
from tests.unit.test_annotations import boxes, edit
from tpod_core import db
from tpod_core.errors import Conflict
from tpod_core.geometry import Box
from tpod_core.models import Role, User, Video, saved_id
from tpod_core.propagation import immediate
from tpod_core.propagation.immediate import IMMEDIATE_FRAMES, ImmediatePropagation
from tpod_core.propagation.immediate_process import is_busy_with
from tpod_core.services.annotations import KeyframeDoc, MarkRange, PutBox, TrackDoc
from tpod_core.tracking.segments import Segment

FRAMES = 60
BOX = Box(10, 20, 40, 60)
PATIENCE_S = 20.0


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakePropagation:
    return fake_propagation.install(monkeypatch)


@pytest.fixture
def video(admin: User, fake: FakePropagation, queue: object) -> Video:
    made = add_video(admin)
    give_file(made, FRAMES)
    return made


@pytest.fixture
def rested() -> list[int]:
    """The videos of which it was told that nothing more comes."""
    return []


@pytest.fixture
def running(video: Video, rested: list[int]) -> Iterator[ImmediatePropagation]:
    with following_here(rested.append) as thread:
        yield thread


def eventually(claim: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def idle(running: ImmediatePropagation, video: Video) -> bool:
    return eventually(lambda: not running.is_busy_with(saved_id(video)))


def hold_first_gap(fake: FakePropagation) -> tuple[threading.Event, threading.Event]:
    """Make the first gap wait; returns an event that it has begun, and one that lets it go on."""
    began, may_go_on = threading.Event(), threading.Event()

    def hold(segment: Segment) -> None:
        fake.before_each = lambda segment: None
        began.set()
        may_go_on.wait(PATIENCE_S)

    fake.before_each = hold
    return began, may_go_on


def source(video: Video, frame: int) -> str:
    return boxes(video, frame, frame + 1)[frame][0].source


@pytest.mark.usefixtures("running")
def test_an_edit_is_filled_without_any_worker(admin: User, video: Video) -> None:
    edit(admin, video, PutBox(10, BOX, "cup"))
    assert eventually(lambda: source(video, 20) == "visual")


def test_a_gap_between_key_frames_is_filled_before_what_follows(
    admin: User, video: Video, fake: FakePropagation, running: ImmediatePropagation
) -> None:
    annotate(admin, video, TrackDoc(None, "cup", (KeyframeDoc(5, BOX), KeyframeDoc(30, BOX))))
    assert idle(running, video)
    assert [(s.left.frame, s.stop) for s in fake.asked] == [(5, 30), (30, 60)]


def test_only_so_much_is_filled_at_once(
    admin: User,
    video: Video,
    fake: FakePropagation,
    running: ImmediatePropagation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(immediate, "IMMEDIATE_FRAMES", 20)
    keyframes = [KeyframeDoc(frame, BOX) for frame in (0, 10, 20, 30, 59)]
    annotate(admin, video, TrackDoc(None, "cup", tuple(keyframes)))
    assert idle(running, video)
    assert {(s.left.frame, s.stop) for s in fake.asked} == {(0, 10), (10, 20)}
    assert IMMEDIATE_FRAMES >= 300


def test_a_newer_edit_goes_first_and_rest_is_told_at_the_end(
    admin: User,
    video: Video,
    fake: FakePropagation,
    running: ImmediatePropagation,
    rested: list[int],
) -> None:
    began, may_go_on = hold_first_gap(fake)
    edit(admin, video, PutBox(5, BOX, "cup"))
    assert began.wait(PATIENCE_S)
    edit(admin, video, PutBox(50, BOX, "bus"))
    assert running.is_busy_with(saved_id(video))
    assert rested == []
    may_go_on.set()
    assert idle(running, video)
    assert [s.left.frame for s in fake.asked] == [5, 50, 5]
    assert eventually(lambda: rested == [video.id])


def test_people_take_turns_and_nobody_stops_what_another_has_begun(
    admin: User,
    video: Video,
    fake: FakePropagation,
    running: ImmediatePropagation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five people label at once: whoever has much to follow does not hold up the others."""
    monkeypatch.setattr(immediate, "TURN_FRAMES", 10)
    began, may_go_on = hold_first_gap(fake)
    keyframes = [KeyframeDoc(frame, BOX) for frame in (0, 11, 22, 33, 59)]
    annotate(admin, video, TrackDoc(None, "cup", tuple(keyframes)))
    assert began.wait(PATIENCE_S)
    colleagues = [add_user(f"colleague {number}", Role.ADMIN) for number in range(3)]
    for number, colleague in enumerate(colleagues):
        edit(colleague, video, PutBox(40 + number, BOX, "bus"))
    other = add_video(admin)
    give_file(other, FRAMES)
    edit(admin, other, PutBox(50, BOX, "bus"))
    may_go_on.set()
    assert idle(running, video)
    assert idle(running, other)
    assert [s.left.frame for s in fake.asked] == [0, 40, 41, 42, 50, 11, 22, 33]


def test_a_fault_is_left_to_the_job_and_the_next_edit_is_filled(
    admin: User, video: Video, fake: FakePropagation, running: ImmediatePropagation
) -> None:
    def fail(segment: Segment) -> None:
        fake.before_each = lambda segment: None
        raise RuntimeError("a defect")

    fake.before_each = fail
    edit(admin, video, PutBox(5, BOX, "cup"))
    assert idle(running, video)
    edit(admin, video, PutBox(50, BOX, "bus"))
    assert idle(running, video)
    assert [b.source for b in boxes(video, 55, 56)[55]] == ["linear", "visual"]


def test_a_refused_edit_and_one_of_ranges_wake_nobody(
    admin: User, video: Video, fake: FakePropagation, running: ImmediatePropagation
) -> None:
    edit(admin, video, MarkRange(0, 5))
    with pytest.raises(Conflict):
        edit(admin, video, PutBox(5, BOX, "cup"), seen=9)
    assert not running.is_busy_with(saved_id(video))
    assert fake.asked == []


def test_nothing_happens_outside_the_app(admin: User, video: Video, fake: FakePropagation) -> None:
    edit(admin, video, PutBox(5, BOX, "cup"))
    assert not is_busy_with(saved_id(video))
    assert source(video, 20) == "linear"


def test_closing_ends_the_thread_within_a_frame(
    admin: User, video: Video, fake: FakePropagation
) -> None:
    began = threading.Event()
    fake.before_each = lambda segment: began.set()
    with following_here():
        edit(admin, video, PutBox(5, BOX, "cup"))
        assert began.wait(PATIENCE_S)
    assert "propagation" not in {thread.name for thread in threading.enumerate()}
    with db.read_session() as session:
        assert session.get_one(Video, video.id).revision == 1
