"""Training sets for tests: made without a video, or chosen, planned and built from some."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.jobs import run_job
from tpod_core import db
from tpod_core.access import get_training_set, get_video
from tpod_core.formats import yolo
from tpod_core.formats.yolo import Manifest, ManifestFrame, write_manifest, yolo_line
from tpod_core.geometry import Box
from tpod_core.models import (
    Detector,
    Finding,
    Job,
    JobState,
    TrainingSet,
    TrainingSetState,
    User,
    Verdict,
    Video,
    saved_id,
)
from tpod_core.services import training_sets
from tpod_core.services.training_sets import Preview, TrainingSetSpec
from tpod_core.storage import get_storage
from tpod_core.training_sets.labelled_videos import load_labelled_video
from tpod_core.training_sets.plan import Plan, make_plan
from tpod_core.training_sets.split import Split
from tpod_core.training_sets.statistics import (
    ClassCounts,
    Leakage,
    SplitCounts,
    Statistics,
    TrainValCounts,
)
from workers import build_training_set

CLASSES = ("cup", "bus stop")
CUP_BOX = Box(25.0, 25.0, 75.0, 75.0)
"""Where every object of ``add_training_set`` is, in pictures of 160x120."""

_COLORS_BGR = ((40, 40, 220), (220, 120, 40))
_BOX_WH = (60, 44)


def add_training_set(home: Path, owner: User) -> TrainingSet:
    """A ready training set of twelve images with two classes by turns, its boxes where the fake
    family says that there are cups: of its four validation images it is right in the two with a
    cup.
    """
    with db.transaction() as session:
        row = TrainingSet(
            owner_id=saved_id(owner),
            name="kitchen",
            state=TrainingSetState.READY,
            content_hash="c0ffee",
        )
        session.add(row)
        session.flush()
        row.directory_key = f"training_sets/{row.id}"
    write_training_set(home / row.directory_key, box=CUP_BOX)
    return row


def measure_as(training_set: TrainingSet, leakage: Leakage) -> None:
    """Give a set the statistics of ``add_training_set``'s pictures, with this leakage."""
    half, all_ = TrainValCounts(4, 2), TrainValCounts(8, 4)
    statistics = Statistics(
        all_,
        all_,
        TrainValCounts(0, 0),
        tuple(ClassCounts(name, half, half) for name in CLASSES),
        (),
        SplitCounts("by_block", 0.3333, 0, 0, leakage),
    )
    with db.transaction() as session:
        session.get_one(TrainingSet, training_set.id).statistics = asdict(statistics)


def write_training_set(
    directory: Path,
    train: int = 8,
    val: int = 4,
    frame_wh: tuple[int, int] = (160, 120),
    box: Box | None = None,
    classes: tuple[str, ...] = CLASSES,
) -> Path:
    """One box per image, at ``box`` or at random, by turns of the first two classes; returns
    ``directory``.
    """
    random = np.random.default_rng(7)
    frames = [
        _write_frame(directory, part, number, frame_wh, box or _random_box(frame_wh, random))
        for part, count in (("train", train), ("val", val))
        for number in range(count)
    ]
    write_manifest(directory, Manifest(classes, "c0ffee", tuple(frames)))
    return directory


def _write_frame(
    directory: Path,
    part: yolo.Split,
    number: int,
    frame_wh: tuple[int, int],
    box: Box,
) -> ManifestFrame:
    width, height = frame_wh
    random = np.random.default_rng(number)
    image = random.integers(90, 140, (height, width, 3), dtype=np.uint8)
    class_id = number % len(CLASSES)
    left, top, right, bottom = (int(edge) for edge in box.xyxy)
    image[top:bottom, left:right] = _COLORS_BGR[class_id]
    name = yolo.image_path(part, 1, number)
    for file in (directory / name, directory / yolo.label_path(name)):
        file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(directory / name), image)
    (directory / yolo.label_path(name)).write_text(yolo_line(box, class_id, frame_wh) + "\n")
    return ManifestFrame(part, name, 1, number, width, height, 1)


def _random_box(frame_wh: tuple[int, int], random: np.random.Generator) -> Box:
    left = int(random.integers(0, frame_wh[0] - _BOX_WH[0]))
    top = int(random.integers(0, frame_wh[1] - _BOX_WH[1]))
    return Box(left, top, left + _BOX_WH[0], top + _BOX_WH[1])


FOUND_BOX = Box(100, 10, 120, 30)


def add_finding(video: Video, frame: int, verdict: Verdict, box: Box = FOUND_BOX) -> Detector:
    """A detector with one detection of a cup, and the verdict on it."""
    with db.transaction() as session:
        detector = Detector(owner_id=video.owner_id, name="d", dnn_type="yolo26n")
        session.add(detector)
        session.flush()
        session.add(
            Finding(
                detector_id=saved_id(detector),
                video_id=saved_id(video),
                frame_index=frame,
                label="cup",
                score=0.9,
                **dict(zip(("x1", "y1", "x2", "y2"), box.xyxy, strict=True)),
                verdict=verdict,
            )
        )
    return detector


def spec(*video_ids: int | None, **wishes: Any) -> TrainingSetSpec:
    videos = [{"video_id": video_id} for video_id in video_ids]
    return TrainingSetSpec.model_validate({"videos": videos, **wishes})


def preview(user: User, wanted: TrainingSetSpec) -> Preview:
    with db.read_session() as session:
        return training_sets.preview(session, user, wanted)


def plan_of(user: User, wanted: TrainingSetSpec) -> Plan:
    with db.read_session() as session:
        videos = [get_video(session, user, video.video_id) for video in wanted.videos]
        return make_plan(wanted, [load_labelled_video(session, video) for video in videos])


def frames_of(plan: Plan, number: int, *parts: Split) -> list[int]:
    video = plan.videos[number]
    return sorted(f for part in parts for f in video.frames_of(part).tolist())


def used(plan: Plan, number: int = 0) -> list[int]:
    return frames_of(plan, number, Split.TRAIN, Split.VAL)


def queued(user: User, video: Video, **wishes: Any) -> TrainingSet:
    wanted = TrainingSetSpec.model_validate({"videos": [{"video_id": video.id}], **wishes})
    with db.read_session() as session:
        draft = training_sets.prepare(session, user, "cups", wanted)
    with db.transaction() as session:
        return training_sets.create(session, user, draft)


def build(training_set: TrainingSet) -> Job:
    """Run the set's job once, as a worker would."""
    assert training_set.job_id is not None
    return run_job(training_set.job_id, build_training_set.run)


def built(user: User, video: Video, **wishes: Any) -> tuple[TrainingSet, Path]:
    training_set = queued(user, video, **wishes)
    job = build(training_set)
    assert job.state is JobState.SUCCEEDED, job.message
    fresh = now(user, training_set)
    return fresh, get_storage().existing(fresh.directory_key)


def now(user: User, training_set: TrainingSet) -> TrainingSet:
    with db.read_session() as session:
        return get_training_set(session, user, saved_id(training_set))


def label_files(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("labels/*/*.txt")
    }
