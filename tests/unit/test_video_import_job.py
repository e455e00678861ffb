"""The job ``import-video`` on its row: early frames, the end, faults, and a second run."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import pytest
from sqlmodel import Session

from tests.fake_queue import ListQueue
from tests.synthetic import make_video, number_in
from tpod_core import db, jobs
from tpod_core.config import get_settings
from tpod_core.jobs import RunningJob
from tpod_core.jobs.lifecycle import claim
from tpod_core.models import FpsSource, Job, JobKind, JobState, User, Video, VideoState
from tpod_core.storage import get_storage
from tpod_core.video import scan
from tpod_core.video.source import frame_source, preview_key
from tpod_core.video.times import frame_times
from workers import import_video

COUNT = 96
WH = (160, 120)


def uploaded(owner: User, path: Path) -> tuple[int, int]:
    """Ids of a video whose file has arrived, and of its import, which nobody has begun."""
    with db.transaction() as session:
        video = Video(owner_id=owner.id, name="Kitchen", state=VideoState.QUEUED)
        session.add(video)
        session.flush()
        video.source_key = f"videos/{video.id}/source{path.suffix}"
        job = jobs.submit(session, JobKind.IMPORT_VIDEO, [video], owner.id)
        video.job_id = job.id
    get_storage().write(video.source_key, path.read_bytes())
    assert video.id is not None and job.id is not None
    return video.id, job.id


def perform(job_id: int) -> None:
    jobs.execute(
        job_id, 1, run=import_video.run, worker="test", abandon=lambda: pytest.fail("abandoned")
    )


def video_row(video_id: int) -> Video:
    with db.read_session() as session:
        return session.get_one(Video, video_id)


def job_row(job_id: int) -> Job:
    with db.read_session() as session:
        return session.get_one(Job, job_id)


def files_of(video_id: int) -> set[str]:
    return {path.name for path in get_storage().path(f"videos/{video_id}").iterdir()}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", COUNT, WH, 24)


@pytest.fixture(autouse=True)
def deliveries(queue: ListQueue) -> Iterator[ListQueue]:
    yield queue


def test_import_that_takes_too_long_is_given_up(
    admin: User, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TPOD_MAX_IMPORT_HOURS", "1e-9")
    get_settings.cache_clear()
    video_id, job_id = uploaded(admin, clip)
    perform(job_id)
    assert job_row(job_id).state is JobState.FAILED
    assert video_row(video_id).state is VideoState.FAILED
    assert "longer than 1e-09 hours. Cut it" in video_row(video_id).message


def test_imported_video_is_ready_with_its_numbers(admin: User, clip: Path) -> None:
    video_id, job_id = uploaded(admin, clip)
    perform(job_id)
    video = video_row(video_id)
    assert job_row(job_id).state is JobState.SUCCEEDED
    assert video.state is VideoState.READY
    assert (video.frame_count, video.frame_wh, video.codec) == (COUNT, WH, "h264")
    assert (video.fps, video.duration_s) == (pytest.approx(24), pytest.approx(4))
    assert video.warnings == []
    assert video.playback_key == video.source_key


def test_imported_frames_can_be_read_and_the_preview_shown(admin: User, clip: Path) -> None:
    video_id, job_id = uploaded(admin, clip)
    perform(job_id)
    with frame_source(video_row(video_id)).open() as reader:
        assert number_in(reader.read(50)) == 50
    preview = cv2.imread(str(get_storage().path(preview_key(video_id))))
    assert preview.shape == (*WH[::-1], 3)
    assert files_of(video_id) == {"source.mp4", "source.mp4.idx", "preview.jpg"}


def test_rewritten_video_keeps_the_times_of_its_frames(admin: User, tmp_path: Path) -> None:
    def variable(number: int) -> Fraction:
        return Fraction(number, 30) if number < 30 else Fraction(number - 29)

    path = make_video(tmp_path / "clip.mp4", COUNT, WH, time_of=variable)
    damage(path)
    video_id, job_id = uploaded(admin, path)
    perform(job_id)
    video = video_row(video_id)
    assert video.playback_key != video.source_key
    seconds = frame_times(video).seconds
    with frame_source(video).open() as reader:
        # The damage takes some frames away, so each says its own number.
        for frame in (0, 1, *range(video.frame_count - 20, video.frame_count)):
            true_s = float(variable(number_in(reader.read(frame))))
            assert seconds[frame] == pytest.approx(true_s, abs=1e-3)
    assert seconds[-1] == variable(COUNT - 1)
    assert len(seconds) == video.frame_count


def test_raw_stream_has_a_guessed_rate_which_its_times_follow(admin: User, tmp_path: Path) -> None:
    path = make_video(tmp_path / "raw.h264", COUNT, WH, 24, options={"bf": "0"})
    video_id, job_id = uploaded(admin, path)
    perform(job_id)
    video = video_row(video_id)
    assert (video.fps, video.fps_source, video.duration_s) == (24, FpsSource.GUESSED, 4)
    assert frame_times(video).seconds[48] == pytest.approx(2)
    video.fps, video.fps_source = 12, FpsSource.GIVEN
    assert frame_times(video).seconds[48] == pytest.approx(4)


def test_video_of_one_frame_lasts_as_long_as_its_frame(admin: User, tmp_path: Path) -> None:
    video_id, job_id = uploaded(admin, make_video(tmp_path / "one.mp4", 1, WH, 25))
    perform(job_id)
    video = video_row(video_id)
    assert (video.frame_count, video.fps, video.duration_s) == (1, 25, 0.04)
    assert frame_times(video).seconds.tolist() == [0]


def test_first_frames_can_be_labelled_while_the_import_runs(
    admin: User, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[VideoState, int, tuple[int, int], int]] = []
    video_id, job_id = uploaded(admin, clip)
    publish = import_video._Import.publish

    def publish_and_look(self: object, *args: object) -> None:
        publish(self, *args)  # type: ignore[arg-type]
        video = video_row(video_id)
        with frame_source(video).open() as reader:
            seen.append((video.state, video.frame_count, video.frame_wh, number_in(reader.read(0))))

    monkeypatch.setattr(scan, "FIRST_PUBLICATION_S", 0.0)
    monkeypatch.setattr(import_video._Import, "publish", publish_and_look)
    perform(job_id)
    state, frame_count, frame_wh, first = seen[0]
    assert (state, frame_wh, first) == (VideoState.PROCESSING, WH, 0)
    assert 0 < frame_count < COUNT


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat") + len(content) // 4
    content[start : start + 300] = bytes(300)
    path.write_bytes(content)


def test_damaged_video_is_rewritten_and_says_so(admin: User, clip: Path) -> None:
    damage(clip)
    video_id, job_id = uploaded(admin, clip)
    perform(job_id)
    video = video_row(video_id)
    assert video.state is VideoState.READY
    assert video.playback_key == f"videos/{video_id}/source.mp4.normalized.mp4"
    assert "rewritten frame for frame, because parts of the file are damaged" in video.warnings[0]
    with frame_source(video).open() as reader:
        assert number_in(reader.read(COUNT - 1)) == COUNT - 1
    assert "source.mp4.normalized.mp4.idx" in files_of(video_id)


def test_file_that_is_no_video_fails_with_its_reason_and_leaves_nothing(
    admin: User, tmp_path: Path
) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("not a video")
    video_id, job_id = uploaded(admin, path)
    perform(job_id)
    video = video_row(video_id)
    assert video.state is VideoState.FAILED
    assert "not a video that TPOD can read" in video.message
    assert files_of(video_id) == {"source.mp4"}


def test_wrong_frame_count_and_square_pixels_are_warned_of(admin: User, shared_data: Path) -> None:
    video_id, job_id = uploaded(admin, shared_data / "odd_videos" / "tree.avi")
    perform(job_id)
    assert video_row(video_id).warnings == [
        "The file claims to have 444 frames. It shows 68, and these are used."
    ]
    video_id, job_id = uploaded(admin, shared_data / "odd_videos" / "h264_sar4x3.mp4")
    perform(job_id)
    assert "not square" in video_row(video_id).warnings[0]


def test_second_run_after_a_kill_ends_as_the_first_would(admin: User, clip: Path) -> None:
    video_id, job_id = uploaded(admin, clip)
    killed = claim(job_id, 1, "killed")
    assert killed is not None
    # What a killed run may leave: a part of a file, and a row in the middle of things.
    get_storage().write(f"videos/{video_id}/source.mp4.normalized.mp4.0badcafe.part", b"half")
    with db.transaction() as session:
        video = session.get_one(Video, video_id)
        video.state = VideoState.PROCESSING
        session.add(video)
    import_video.run(RunningJob(killed))
    import_video.run(RunningJob(killed))
    assert video_row(video_id).state is VideoState.READY
    assert files_of(video_id) == {"source.mp4", "source.mp4.idx", "preview.jpg"}


def test_run_after_the_end_of_another_leaves_the_video_as_it_is(admin: User, clip: Path) -> None:
    video_id, job_id = uploaded(admin, clip)
    perform(job_id)
    with db.transaction() as session:  # as if its worker had died before it could write the end
        job = session.get_one(Job, job_id)
        job.state, job.finished_at = JobState.QUEUED, None
    get_storage().delete(video_row(video_id).source_key)
    perform(job_id)
    assert job_row(job_id).state is JobState.SUCCEEDED
    assert video_row(video_id).state is VideoState.READY


def test_run_that_lost_its_lease_writes_nothing(admin: User, clip: Path) -> None:
    video_id, job_id = uploaded(admin, clip)
    row = claim(job_id, 1, "late")
    assert row is not None
    job = RunningJob(row)
    with db.transaction() as session:
        take_over(session, job_id)
    with pytest.raises(jobs.running.LeaseLost):
        import_video.run(job)
    assert video_row(video_id).state is VideoState.QUEUED
    assert files_of(video_id) == {"source.mp4"}


def take_over(session: Session, job_id: int) -> None:
    row = session.get_one(Job, job_id)
    row.lease_token = "another run"
    session.add(row)


def test_deleted_video_ends_its_import(admin: User, clip: Path) -> None:
    video_id, job_id = uploaded(admin, clip)
    with db.transaction() as session:
        session.delete(session.get_one(Video, video_id))
    perform(job_id)
    assert job_row(job_id).state is JobState.FAILED
    assert "was deleted" in job_row(job_id).message
