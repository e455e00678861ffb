"""Building a training set from real files: what lies on disk, and how a build can end."""

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests import fake_propagation
from tests.fake_queue import ListQueue
from tests.labelled import add_video, annotate, give_file, track
from tests.synthetic import number_in
from tests.training_sets import build, built, label_files, now, queued
from tests.unwatched import Unwatched
from tpod_core import db, jobs
from tpod_core.access import get_training_set
from tpod_core.errors import Conflict, InvalidInput, StorageFull
from tpod_core.formats.yolo import image_path, label_path, read_manifest, yolo_line
from tpod_core.models import (
    Detector,
    DetectorState,
    Job,
    JobKind,
    JobState,
    TrainingSetState,
    User,
    Video,
    saved_id,
)
from tpod_core.propagation.updating import fill_all
from tpod_core.services import annotations, training_set_files, training_sets
from tpod_core.storage import get_storage
from workers import build_training_set

FRAMES = 30


@pytest.fixture
def video(admin: User, queue: ListQueue) -> Video:
    """30 numbered frames, a cup on the first 20 and a bus on frames 10 to 14."""
    made = add_video(admin)
    give_file(made, FRAMES)
    annotate(admin, made, track("cup", 0, 20), track("bus", 10, 15, x=50), ranges=[(0, FRAMES)])
    return made


def test_built_set_holds_the_frames_and_boxes_that_the_preview_counted(
    admin: User, video: Video
) -> None:
    before = queued(admin, video, split={"guard_frames": 2})
    training_set, directory = built(admin, video, split={"guard_frames": 2})
    statistics = training_sets.statistics_in(training_set)
    manifest = read_manifest(directory)
    planned = training_sets.statistics_in(before)
    assert (statistics.frames, statistics.boxes) == (planned.frames, planned.boxes)
    assert (statistics.classes, statistics.shapes) == (planned.classes, planned.shapes)
    for part in ("train", "val"):
        pictures = sorted(path.name for path in (directory / "images" / part).iterdir())
        assert len(pictures) == getattr(statistics.frames, part)
        assert pictures == sorted(
            Path(frame.image).name for frame in manifest.frames if frame.split == part
        )
        assert sum(f.boxes for f in manifest.frames if f.split == part) == getattr(
            statistics.boxes, part
        )
    assert (training_set.state, manifest.content_hash) == ("ready", training_set.content_hash)


def test_each_picture_is_the_frame_of_its_number(admin: User, video: Video) -> None:
    _, directory = built(admin, video)
    for frame in read_manifest(directory).frames:
        picture = cv2.imread(str(directory / frame.image))
        assert picture is not None
        assert number_in(picture.astype(np.uint8)) == frame.frame_index
        assert picture.shape == (frame.height, frame.width, 3)


def test_label_lines_are_the_boxes_of_the_frame_in_track_order(admin: User, video: Video) -> None:
    _, directory = built(admin, video, labels=["bus", "cup"], split={"guard_frames": 0})
    lines = {name[-10:-4]: text.decode() for name, text in label_files(directory).items()}
    cup = "1 0.062500 0.208333 0.125000 0.208333\n"
    bus = "0 0.375000 0.208333 0.125000 0.208333\n"
    assert lines["000012"] == cup + bus
    assert lines["000003"] == cup
    assert {lines[f"{number:06d}"] for number in range(20, 30) if f"{number:06d}" in lines} == {""}


def test_the_same_choice_gives_identical_labels_and_hash(admin: User, video: Video) -> None:
    first, first_directory = built(admin, video, seed=5)
    second, second_directory = built(admin, video, seed=5)
    assert label_files(first_directory) == label_files(second_directory)
    assert first.content_hash == second.content_hash


@pytest.mark.parametrize("difference", ["seed", "label", "file"])
def test_the_hash_tells_different_sets_apart(admin: User, video: Video, difference: str) -> None:
    spec = {"split": {"guard_frames": 0}}
    first, _ = built(admin, video, **spec)
    if difference == "label":
        annotate(admin, video, track("cup", 0, 20, x=1), ranges=[(0, FRAMES)])
    if difference == "file":
        with db.transaction() as session:
            session.get_one(Video, video.id).sha256 = "another"
    seed = 2 if difference == "seed" else 0
    second, _ = built(admin, video, seed=seed, **spec)
    assert first.content_hash != second.content_hash


def test_a_built_set_does_not_change_with_its_video(admin: User, video: Video) -> None:
    training_set, directory = built(admin, video)
    files = label_files(directory)
    annotate(admin, video, track("bus", 0, 3))
    with db.transaction() as session:
        session.delete(session.get_one(Video, video.id))
    assert label_files(directory) == files
    assert read_manifest(directory).videos[0].revision == 1
    assert now(admin, training_set).state is TrainingSetState.READY


def test_ultralytics_accepts_the_set_as_it_is_downloaded(
    admin: User, video: Video, tmp_path: Path
) -> None:
    import yaml

    training_set, directory = built(admin, video)
    content = b"".join(training_set_files.download(training_set, "yolo"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    unpacked = tmp_path / f"training_set_{training_set.id}"
    assert {p.relative_to(unpacked) for p in unpacked.rglob("*")} == {
        p.relative_to(directory) for p in directory.rglob("*")
    }
    described = yaml.safe_load((unpacked / "data.yaml").read_text())
    assert described["names"] == {0: "cup", 1: "bus"}
    assert (unpacked / described["val"]).is_dir()


def test_contact_sheet_draws_the_boxes_in_the_colours_of_their_labels(
    admin: User, video: Video
) -> None:
    training_set, _ = built(admin, video)
    pictures = training_set_files.contact_sheet(training_set, 4, 80, ["#ff0000", "#ff0000"])
    assert len(pictures) == 4
    for picture in pictures:
        image = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert image is not None and image.shape[1] == 80
        blue, green, red = np.moveaxis(image.astype(int), 2, 0)
        assert bool((red - np.maximum(blue, green) > 100).any()) == (picture.frame.boxes > 0)


# How a build can end


def test_a_choice_that_became_empty_fails_with_the_cause(admin: User, video: Video) -> None:
    training_set = queued(admin, video)
    annotate(admin, video)
    assert build(training_set).state is JobState.FAILED
    after = now(admin, training_set)
    assert after.state is TrainingSetState.FAILED
    assert after.message.startswith("There are no boxes in the chosen frames.")


def test_a_full_disk_fails_the_build_and_leaves_no_files(
    admin: User, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise StorageFull("The disk is full.")

    training_set = queued(admin, video)
    monkeypatch.setattr("tpod_core.training_sets.pictures._encode_to", full)
    build(training_set)
    assert now(admin, training_set).message == "The disk is full."
    assert list(get_storage().path("training_sets").iterdir()) == []


def test_cancelling_ends_a_running_build_within_a_frame(
    admin: User, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    training_set = queued(admin, video)
    calls: list[int] = []
    on_progress = build_training_set._on_progress

    def cancel_at_third(job: Any, storage: Any, progress: Any) -> None:
        calls.append(progress.done)
        if progress.done == 3:
            with db.transaction() as session:
                jobs.request_cancel(session, session.get_one(Job, job.id))
            job.beat()
        on_progress(job, storage, progress)

    monkeypatch.setattr(build_training_set, "_on_progress", cancel_at_third)
    assert build(training_set).state is JobState.CANCELLED
    assert calls == [1, 2, 3]
    assert now(admin, training_set).message == "Building was cancelled."
    assert list(get_storage().path("training_sets").iterdir()) == []


def test_cancelling_a_waiting_build_fails_the_set(admin: User, video: Video) -> None:
    training_set = queued(admin, video)
    with db.transaction() as session:
        jobs.request_cancel(session, session.get_one(Job, training_set.job_id))
    assert now(admin, training_set).state is TrainingSetState.FAILED


def test_run_after_the_end_of_another_changes_nothing(admin: User, video: Video) -> None:
    training_set, directory = built(admin, video)
    before = label_files(directory)
    annotate(admin, video, track("cup", 0, 20, x=9), ranges=[(0, FRAMES)])
    with db.transaction() as session:  # as if its worker had died before it could write the end
        session.get_one(Job, training_set.job_id).state = JobState.QUEUED
    assert build(training_set).state is JobState.SUCCEEDED
    assert now(admin, training_set) == training_set
    assert label_files(directory) == before


def test_what_a_killed_build_left_behind_is_swept_by_the_next(admin: User, video: Video) -> None:
    training_set = queued(admin, video)
    left = get_storage().path(f"training_sets/{training_set.id}.0badcafe.part")
    left.mkdir(parents=True)
    other = get_storage().path("training_sets/77.0badcafe.part")
    other.mkdir()
    assert build(training_set).state is JobState.SUCCEEDED
    assert other.exists() and not left.exists()


def test_delete_removes_the_files(admin: User, video: Video) -> None:
    training_set, directory = built(admin, video)
    with db.transaction() as session:
        training_sets.delete(session, get_training_set(session, admin, saved_id(training_set)))
    assert not directory.exists()


def test_a_set_that_is_being_built_is_not_deleted(admin: User, video: Video) -> None:
    training_set = queued(admin, video)
    with db.transaction() as session, pytest.raises(Conflict, match="being built"):
        training_sets.delete(session, get_training_set(session, admin, saved_id(training_set)))


@pytest.mark.parametrize(
    ("state", "is_deleted"),
    [
        (DetectorState.QUEUED, False),
        (DetectorState.TRAINING, False),
        (DetectorState.TRAINED, True),
        (DetectorState.ERROR, True),
    ],
)
def test_a_set_that_a_training_needs_is_not_deleted(
    admin: User, video: Video, state: DetectorState, is_deleted: bool
) -> None:
    training_set, directory = built(admin, video)
    with db.transaction() as session:
        detector = Detector(
            owner_id=saved_id(admin),
            name="d",
            dnn_type="yolo26n",
            state=state,
            train_set_id=training_set.id,
        )
        session.add(detector)
        session.flush()
        job = jobs.submit(session, JobKind.TRAIN_DETECTOR, [detector], admin.id)
        detector.job_id = job.id
    try:
        with db.transaction() as session:
            training_sets.delete(session, get_training_set(session, admin, saved_id(training_set)))
    except Conflict as error:
        assert "needed by a training: d" in error.message
    assert directory.exists() is not is_deleted


def test_a_set_that_is_not_ready_is_not_downloaded(admin: User, video: Video) -> None:
    training_set = queued(admin, video)
    with pytest.raises(Conflict, match="not ready"):
        training_set_files.download(training_set, "yolo")


def test_an_unknown_format_is_refused_by_name(admin: User, video: Video) -> None:
    with pytest.raises(InvalidInput, match="'pascal'"):
        training_set_files.download(queued(admin, video), "pascal")


def test_content_hash_is_a_sha256(admin: User, video: Video) -> None:
    training_set, _ = built(admin, video)
    assert len(training_set.content_hash) == hashlib.sha256().digest_size * 2


def test_a_set_is_built_on_propagated_boxes_whether_a_job_had_run_or_not(
    admin: User, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, _ = built(admin, video)
    fake = fake_propagation.install(monkeypatch)
    annotate(admin, video, track("cup", 0, 20, step=4), track("bus", 10, 15, x=50))
    first, _ = built(admin, video)
    assert fake.asked
    fake.asked.clear()
    fill_all(saved_id(video), Unwatched(), db.transaction)
    second, _ = built(admin, video)
    assert fake.asked == []
    assert second.content_hash == first.content_hash != straight.content_hash


def test_boxes_of_a_set_are_those_that_the_screen_shows(
    admin: User, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_propagation.install(monkeypatch)
    annotate(admin, video, track("cup", 0, 20, step=4))
    _, directory = built(admin, video)
    with db.read_session() as session:
        row = session.get_one(Video, video.id)
        (shown,) = annotations.boxes_in(session, row, 2, 3)[2]
    assert shown.source == "visual"
    files = label_files(directory)
    names = [label_path(image_path(part, saved_id(video), 2)) for part in ("train", "val")]
    (line,) = [files[name] for name in names if name in files]
    assert line.decode().strip() == yolo_line(shown.box, 0, row.frame_wh)


def test_tracks_that_wait_for_a_verdict_are_neither_propagated_nor_in_the_set(
    admin: User, video: Video, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = fake_propagation.install(monkeypatch)
    proposal = replace(track("bus", 0, 20, step=4), proposed=True)
    annotate(admin, video, track("cup", 0, 20), proposal, ranges=[(0, FRAMES)])
    _, directory = built(admin, video)
    assert fake.asked == []
    assert read_manifest(directory).classes == ("cup",)
