"""The job that fills gaps: who submits it, how often, and how it ends."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import select

from tests import fake_propagation
from tests.conftest import add_user
from tests.fake_propagation import FakePropagation
from tests.fake_queue import ListQueue
from tests.jobs import run_job
from tests.labelled import add_video, annotate, give_file, track
from tests.unit.test_annotations import boxes, edit, take_back
from tpod_core import db
from tpod_core.errors import Conflict, InvalidInput
from tpod_core.geometry import Box
from tpod_core.models import Job, JobKind, JobState, Role, Track, User, Video, saved_id, utc_now
from tpod_core.services import annotations, propagation
from tpod_core.services.annotations import (
    AddTrack,
    DeleteTrack,
    KeyframeDoc,
    MarkRange,
    MergeTracks,
    PutBox,
    RelabelTrack,
    SplitTrack,
    TrackDoc,
)
from tpod_core.services.propagation import Method
from tpod_core.tracking.segments import Segment
from workers import propagate_tracks

BOX = Box(10, 20, 40, 60)


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch, queue: ListQueue) -> FakePropagation:
    monkeypatch.setattr(propagate_tracks, "HEAD_START_S", 0.0)
    return fake_propagation.install(monkeypatch)


@pytest.fixture
def video(admin: User) -> Video:
    return add_video(admin)


def submitted(state: JobState | None = None) -> list[Job]:
    query = select(Job).where(Job.kind == JobKind.PROPAGATE_TRACKS)
    with db.read_session() as session:
        return [job for job in session.exec(query) if state in (None, job.state)]


def run(job: Job) -> Job:
    run_job(saved_id(job), propagate_tracks.run)
    return ended(job)


def ended(job: Job) -> Job:
    with db.read_session() as session:
        return session.get_one(Job, job.id)


def request(user: User, video: Video, *track_ids: int, method: Method = Method.VISUAL) -> Job:
    with db.transaction() as session:
        row = session.get_one(Video, video.id)
        return propagation.request(session, user, row, track_ids or None, method)


# Submitted by itself


def test_an_edit_that_leaves_a_gap_submits_a_job_of_its_author(
    admin: User, video: Video, queue: ListQueue
) -> None:
    edit(admin, video, PutBox(10, BOX, "cup"))
    (job,) = submitted()
    assert (job.subject, job.owner_id) == (f"video:{video.id}", admin.id)
    assert [delivery.job_id for delivery in queue.deliveries] == [job.id]


def test_edits_before_the_job_begins_share_it(admin: User, video: Video) -> None:
    for frame in (10, 20, 30):
        edit(admin, video, PutBox(frame, BOX, "cup"))
    assert len(submitted()) == 1


def test_an_edit_while_the_job_runs_is_followed_by_another(admin: User, video: Video) -> None:
    edit(admin, video, PutBox(10, BOX, "cup"))
    with db.transaction() as session:
        session.exec(select(Job)).one().state = JobState.RUNNING
    edit(admin, video, PutBox(20, BOX, "cup"))
    edit(admin, video, PutBox(30, BOX, "cup"))
    assert sorted(job.state for job in submitted()) == [JobState.QUEUED, JobState.RUNNING]


@pytest.mark.parametrize(
    "act",
    [
        lambda admin, video, ids: edit(admin, video, MarkRange(0, 5)),
        lambda admin, video, ids: edit(admin, video, RelabelTrack(ids[0], "bus")),
        lambda admin, video, ids: edit(admin, video, PutBox(30, BOX, track_id=ids[0])),
        lambda admin, video, ids: annotate(admin, video, track("cup", 0, 9)),
    ],
    ids=["a range", "another label", "a box that changes nothing", "boxes without a gap"],
)
def test_what_leaves_no_gap_submits_nothing(
    admin: User, video: Video, act: Callable[..., object]
) -> None:
    give_file(video, 60)
    ids = edit(admin, video, PutBox(30, BOX, "cup")).track_ids
    run(*submitted())
    act(admin, video, ids)
    assert submitted(JobState.QUEUED) == []


@pytest.mark.parametrize(
    "act",
    [
        lambda admin, video, ids: edit(admin, video, PutBox(40, BOX, track_id=ids[0])),
        lambda admin, video, ids: edit(admin, video, MergeTracks(*ids)),
        lambda admin, video, ids: edit(
            admin, video, AddTrack(TrackDoc(None, "cup", (KeyframeDoc(3, BOX),), True, 0.5))
        ),
        lambda admin, video, ids: annotate(admin, video, track("cup", 0, 50, step=9)),
    ],
    ids=["a box", "merged tracks", "a proposal", "a whole document"],
)
def test_what_leaves_a_gap_submits_a_job(
    admin: User, video: Video, act: Callable[..., object]
) -> None:
    give_file(video, 60)
    ids = edit(admin, video, PutBox(10, BOX, "cup"), PutBox(20, BOX, "cup")).track_ids
    run(*submitted())
    act(admin, video, ids)
    assert len(submitted(JobState.QUEUED)) == 1


def test_a_gap_of_the_last_of_many_tracks_submits_a_job(admin: User, video: Video) -> None:
    annotate(admin, video, *[track("cup", 0, 3)] * 50)
    assert submitted() == []
    annotate(admin, video, *[track("cup", 0, 3)] * 50, track("cup", 0, 9, step=4))
    assert len(submitted()) == 1


def test_undo_submits_a_job_only_for_what_is_not_known_any_more(admin: User, video: Video) -> None:
    give_file(video, 60)
    (track_id,) = edit(admin, video, PutBox(10, BOX, "cup")).track_ids
    edit(admin, video, PutBox(30, BOX, track_id=track_id))
    run(*submitted())
    take_back(annotations.undo, admin, video)
    assert len(submitted(JobState.QUEUED)) == 1
    run(*submitted(JobState.QUEUED))
    take_back(annotations.redo, admin, video)
    assert submitted(JobState.QUEUED) == []


def test_a_refused_edit_submits_nothing(admin: User, video: Video) -> None:
    with pytest.raises(InvalidInput):
        edit(admin, video, PutBox(10, BOX, "cup"), PutBox(100, BOX, "cup"))
    assert submitted() == []


# Asked for


def test_a_request_shares_the_job_that_waits(admin: User, video: Video) -> None:
    edit(admin, video, PutBox(10, BOX, "cup"))
    assert [request(admin, video).id] == [job.id for job in submitted()]


def test_a_request_never_answers_with_a_job_of_someone_else(admin: User, video: Video) -> None:
    edit(admin, video, PutBox(10, BOX, "cup"))
    other = add_user("other", Role.ADMIN)
    assert request(other, video).owner_id == other.id


def test_linear_keeps_propagation_off_until_it_is_asked_for(
    admin: User, video: Video, fake: FakePropagation
) -> None:
    give_file(video, 60)
    first, second = edit(admin, video, PutBox(10, BOX, "cup"), PutBox(10, BOX, "bus")).track_ids
    edit(admin, video, PutBox(31, BOX, track_id=first), PutBox(30, BOX, track_id=second))
    run(*submitted())
    request(admin, video, first, method=Method.LINEAR)
    assert [b.source for b in boxes(video, 20, 21)[20]] == ["linear", "visual"]
    fake.asked.clear()
    edit(admin, video, PutBox(40, BOX, track_id=first))
    run(*submitted(JobState.QUEUED))
    assert fake.asked == []
    run(request(admin, video, first))
    assert [b.source for b in boxes(video, 20, 21)[20]] == ["visual", "visual"]


def test_linear_is_no_edit(admin: User, video: Video) -> None:
    (track_id,) = edit(admin, video, PutBox(10, BOX, "cup")).track_ids
    request(admin, video, method=Method.LINEAR)
    edit(admin, video, PutBox(20, BOX, track_id=track_id))
    take_back(annotations.undo, admin, video)
    with db.read_session() as session:
        assert session.get_one(Track, track_id).linear


@pytest.mark.parametrize("act", ["delete and undo", "split"])
def test_linear_stays_with_a_track_that_comes_back_or_is_split(
    admin: User, video: Video, act: str
) -> None:
    (track_id,) = edit(admin, video, PutBox(10, BOX, "cup"), PutBox(40, BOX, "bus")).track_ids[:1]
    request(admin, video, track_id, method=Method.LINEAR)
    if act == "split":
        track_ids = [track_id, *edit(admin, video, SplitTrack(track_id, 20)).track_ids]
    else:
        edit(admin, video, DeleteTrack(track_id))
        take_back(annotations.undo, admin, video)
        track_ids = [track_id]
    with db.read_session() as session:
        assert all(session.get_one(Track, each).linear for each in track_ids)
        assert sum(row.linear for row in session.exec(select(Track))) == len(track_ids)


def test_a_request_for_a_track_of_another_video_names_it(admin: User, video: Video) -> None:
    (mine,) = edit(admin, video, PutBox(10, BOX, "cup")).track_ids
    (other,) = edit(admin, add_video(admin, "Garden"), PutBox(10, BOX, "cup")).track_ids
    with pytest.raises(InvalidInput) as refused:
        request(admin, video, mine, other)
    assert refused.value.field == "track_ids[1]"


def test_a_request_before_the_import_says_so(admin: User) -> None:
    with pytest.raises(Conflict, match="import"):
        request(admin, add_video(admin, frame_count=0))


# Run


def test_the_job_fills_every_gap_and_ends_well(admin: User, video: Video) -> None:
    give_file(video, 60)
    edit(admin, video, PutBox(10, BOX, "cup"))
    job = run(*submitted())
    assert (job.state, job.progress) == (JobState.SUCCEEDED, 1.0)
    assert boxes(video, 20, 21)[20][0].source == "visual"


def test_the_job_can_be_cancelled_while_it_works(
    admin: User, video: Video, fake: FakePropagation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tpod_core.jobs.running.CHECK_INTERVAL_S", 0.0)
    give_file(video, 60)
    edit(admin, video, PutBox(10, BOX, "cup"))
    (job,) = submitted()

    def a_person_cancels(segment: Segment) -> None:
        with db.transaction() as session:
            session.get_one(Job, job.id).cancel_requested = True

    fake.before_each = a_person_cancels
    assert run(job).state is JobState.CANCELLED


def test_the_job_of_a_video_without_its_file_fails_with_the_cause(
    admin: User, video: Video
) -> None:
    edit(admin, video, PutBox(10, BOX, "cup"))
    job = run(*submitted())
    assert (job.state, "no frames yet" in job.message) == (JobState.FAILED, True)


def test_the_job_of_a_deleted_video_ends(admin: User, video: Video) -> None:
    edit(admin, video, PutBox(10, BOX, "cup"))
    with db.transaction() as session:
        session.delete(session.get_one(Video, video.id))
    assert run(*submitted()).state is JobState.FAILED


def test_the_app_gets_a_head_start(
    admin: User, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(propagate_tracks, "HEAD_START_S", 0.3)
    give_file(video, 20)
    edit(admin, video, PutBox(10, BOX, "cup"))
    (job,) = submitted()
    run(job)
    assert utc_now() - job.created_at >= timedelta(seconds=0.3)


def test_jobs_that_ended_well_long_ago_are_forgotten(admin: User, video: Video) -> None:
    give_file(video, 20)
    other = add_video(admin, "Garden")
    edit(admin, other, PutBox(10, BOX, "cup"))
    for frame in (5, 10):
        edit(admin, video, PutBox(frame, BOX, "cup"))
        run(submitted()[-1])
    with db.transaction() as session:
        for job in session.exec(select(Job).where(Job.state == JobState.SUCCEEDED)):
            job.finished_at = utc_now() - timedelta(seconds=propagation.KEPT_JOBS_S + 1)
    edit(admin, video, PutBox(15, BOX, "cup"))
    newest = submitted()[-1]
    run(newest)
    assert [job.id for job in submitted() if job.subject == f"video:{video.id}"] == [newest.id]
    assert len(submitted()) == 2
