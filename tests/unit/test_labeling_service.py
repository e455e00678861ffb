"""Time spent, who else is there, and what the work gave; numbers by hand."""

from datetime import timedelta

import pytest
from sqlmodel import select

from tests import fake_propagation
from tests.conftest import add_user
from tests.fake_propagation import FORWARD_FRAMES
from tests.labelled import add_video, annotate, give_file
from tests.unwatched import Unwatched
from tpod_core import db
from tpod_core.errors import InvalidInput
from tpod_core.geometry import Box
from tpod_core.models import KeyframeSource, LabelingTime, Role, User, Video, saved_id, utc_now
from tpod_core.propagation.updating import fill_all
from tpod_core.services import labeling
from tpod_core.services.annotations import KeyframeDoc, TrackDoc
from tpod_core.services.labeling import Effort

BOX = Box(10, 20, 40, 60)
pytestmark = pytest.mark.usefixtures("queue")


@pytest.fixture
def video(admin: User) -> Video:
    return add_video(admin)


def work(user: User, video: Video, active_s: float) -> None:
    with db.transaction() as session:
        labeling.note_presence(session, user, session.get_one(Video, video.id), active_s)


def seen_ago(user: User, seconds: float) -> None:
    with db.transaction() as session:
        for row in session.exec(select(LabelingTime).where(LabelingTime.user_id == user.id)):
            row.last_seen_at = utc_now() - timedelta(seconds=seconds)


def effort(video: Video) -> Effort:
    with db.read_session() as session:
        return labeling.effort(session, session.get_one(Video, video.id))


def others(user: User, video: Video) -> list[str]:
    with db.read_session() as session:
        row = session.get_one(Video, video.id)
        return [other.username for other in labeling.others_present(session, user, row)]


def keyframe(
    frame: int, *, outside: bool = False, source: KeyframeSource = KeyframeSource.MANUAL
) -> KeyframeDoc:
    return KeyframeDoc(frame, BOX, outside, source=source)


def test_seconds_of_work_add_up_over_people(admin: User, video: Video) -> None:
    other = add_user("ann", Role.ADMIN)
    work(admin, video, 12)
    work(other, video, 5)
    seen_ago(admin, 60)
    work(admin, video, 20)
    assert effort(video).seconds == 37


def test_no_second_counts_twice(admin: User, video: Video) -> None:
    work(admin, video, 10)
    seen_ago(admin, 15)
    work(admin, video, 10_000)
    work(admin, video, 15)
    assert effort(video).seconds == pytest.approx(25, abs=1)


def test_the_first_call_reports_a_bounded_time(admin: User, video: Video) -> None:
    work(admin, video, 10_000)
    assert effort(video).seconds == labeling.FIRST_CALL_S


@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_a_time_that_is_none_is_refused(admin: User, video: Video, seconds: float) -> None:
    with pytest.raises(InvalidInput) as refused:
        work(admin, video, seconds)
    assert refused.value.field == "active_s"


def test_others_are_those_heard_of_lately(admin: User, video: Video) -> None:
    ann, ben = add_user("ann", Role.ADMIN), add_user("ben", Role.ADMIN)
    for user in (admin, ann, ben):
        work(user, video, 1)
    seen_ago(ann, 10)
    assert others(admin, video) == ["ben", "ann"]
    seen_ago(ben, labeling.PRESENT_S + 1)
    assert others(admin, video) == ["ann"]
    assert others(admin, add_video(admin, "Garden")) == []


def test_effort_counts_boxes_by_hand_and_what_they_gave(admin: User, video: Video) -> None:
    detected = KeyframeSource.DETECTED
    annotate(
        admin,
        video,
        TrackDoc(None, "cup", (keyframe(10), keyframe(30), keyframe(50, outside=True))),
        TrackDoc(None, "bus", (keyframe(0), keyframe(5, source=detected))),
        TrackDoc(None, "bus", (keyframe(0, source=detected),), proposed=True, score=0.9),
    )
    # 40 on frames 10 to 49; frames 0 to 5; nothing of what is held or proposed.
    assert effort(video) == Effort(0, human_boxes=3, boxes=46)
    assert effort(video).boxes_per_human_box == pytest.approx(46 / 3)


def test_effort_counts_boxes_that_were_tracked_forward(
    admin: User, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_propagation.install(monkeypatch)
    give_file(video, 100)
    annotate(admin, video, TrackDoc(None, "cup", (keyframe(10), keyframe(30))))
    fill_all(saved_id(video), Unwatched(), db.transaction)
    assert effort(video).boxes == 21 + FORWARD_FRAMES


def test_effort_of_an_untouched_video_is_nothing(video: Video) -> None:
    assert effort(video) == Effort(0, 0, 0)
    assert effort(video).boxes_per_human_box == 0
