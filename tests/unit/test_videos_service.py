"""Videos below the API: uploads' states, imports' ends, how far the labelling is."""

from pathlib import Path

import pytest

from tests.fake_queue import ListQueue
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict
from tpod_core.jobs.lifecycle import claim, finish
from tpod_core.models import (
    FrameRange,
    Job,
    JobState,
    User,
    Video,
    VideoState,
    saved_id,
)
from tpod_core.services import videos
from tpod_core.services.videos import ReceivedFile

FILE = ReceivedFile("videos/1/source.mp4", "clip.mp4", 5, "0" * 64)


@pytest.fixture
def video_id(member: User, queue: ListQueue) -> int:
    with transaction() as session:
        return saved_id(videos.create(session, member, "Kitchen"))


def upload(video_id: int) -> int:
    """The id of the import's job."""
    with transaction() as session:
        video = session.get_one(Video, video_id)
        videos.begin_upload(session, video)
        return saved_id(videos.finish_upload(session, video, FILE))


def end(job_id: int, state: JobState, message: str = "") -> None:
    with transaction() as session:
        finish(session, job_id, state, message)


def stored(video_id: int) -> Video:
    with read_session() as session:
        return session.get_one(Video, video_id)


@pytest.mark.parametrize(
    ("state", "message", "said"),
    [
        (JobState.FAILED, "No frame decodes.", "No frame decodes."),
        (JobState.CANCELLED, "", "The import was cancelled."),
    ],
)
def test_video_follows_the_bad_end_of_its_import(
    video_id: int, state: JobState, message: str, said: str
) -> None:
    end(upload(video_id), state, message)
    assert (stored(video_id).state, stored(video_id).message) == (VideoState.FAILED, said)


def test_end_of_an_earlier_import_does_not_touch_a_new_upload(video_id: int) -> None:
    first = upload(video_id)
    end(first, JobState.FAILED, "No frame decodes.")
    upload(video_id)
    end(first, JobState.FAILED, "No frame decodes.")
    assert stored(video_id).state is VideoState.QUEUED


def test_import_of_a_deleted_video_leaves_no_files(video_id: int, home: Path) -> None:
    job_id = upload(video_id)
    assert claim(job_id, 1, "worker")
    with transaction() as session:
        videos.delete(session, session.get_one(Video, video_id))
    late = home / "videos" / str(video_id) / "preview.jpg"
    late.parent.mkdir(parents=True)
    late.write_bytes(b"written by an import that had not noticed yet")
    end(job_id, JobState.CANCELLED)
    assert not late.parent.exists()


@pytest.mark.parametrize("state", [VideoState.QUEUED, VideoState.PROCESSING, VideoState.READY])
def test_video_with_data_takes_no_other_file(video_id: int, state: VideoState) -> None:
    upload(video_id)
    with pytest.raises(Conflict, match="has its file already"), transaction() as session:
        video = session.get_one(Video, video_id)
        video.state = state
        videos.begin_upload(session, video)


def test_labelled_share_is_the_part_of_frames_inside_ranges(video_id: int) -> None:
    with transaction() as session:
        video = session.get_one(Video, video_id)
        video.frame_count = 200
        session.add(FrameRange(video_id=video_id, start=0, stop=40))
        session.add(FrameRange(video_id=video_id, start=100, stop=110))
        session.flush()
        assert videos.labelled(session, [video])[video_id].share(video) == 0.25


def test_import_progress_is_that_of_each_video_s_job(member: User, video_id: int) -> None:
    job_id = upload(video_id)
    with transaction() as session:
        session.get_one(Job, job_id).progress = 0.25
        ready, failed, shares, waits = (videos.create(session, member, f"{n}") for n in range(4))
        ready.state, failed.state, failed.job_id = VideoState.READY, VideoState.FAILED, job_id
        shares.state, shares.job_id = VideoState.PROCESSING, job_id
        waits.state = VideoState.QUEUED
    listed = [stored(video_id), ready, failed, shares, waits]
    with read_session() as session:
        found = videos.import_progress(session, listed)
    assert [found[saved_id(video)] for video in listed] == [0.25, 1.0, 0.0, 0.25, 0.0]
