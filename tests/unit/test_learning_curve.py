"""Trainings on parts of the set: which parts, what is kept, what follows from it."""

from pathlib import Path

import pytest

from tests.detectors import FakeProvider, create_detector, now, work
from tests.jobs import run_job
from tpod_core import db
from tpod_core.detectors.config import TrainConfig
from tpod_core.detectors.scores import Counts
from tpod_core.errors import Conflict
from tpod_core.evaluation.learning_curve import (
    SHARES,
    LearningCurve,
    Point,
    advise,
    config_for,
    select_share,
)
from tpod_core.evaluation.result_file import Curve, Evaluation, VideoScore
from tpod_core.formats import yolo
from tpod_core.jobs import request_cancel
from tpod_core.models import (
    Detector,
    DetectorState,
    Job,
    JobState,
    QueueName,
    TrainingSet,
    User,
    saved_id,
)
from tpod_core.services import learning
from workers import measure_learning

IMAGES = [
    Path(yolo.image_path("train", video_id, frame))
    for video_id, count in ((1, 100), (2, 40), (3, 1))
    for frame in range(count)
]


@pytest.mark.parametrize("seed", range(5))
def test_part_is_one_stretch_of_every_video(seed: int) -> None:
    sources = [yolo.source_of(image.name) for image in select_share(IMAGES, 25, seed)]
    for video_id, count in ((1, 25), (2, 10), (3, 1)):
        frames = [source[1] for source in sources if source and source[0] == video_id]
        assert frames == list(range(frames[0], frames[0] + count))


@pytest.mark.parametrize("seed", range(5))
def test_smaller_part_lies_in_the_larger(seed: int) -> None:
    quarter, half, whole = (select_share(IMAGES, share, seed) for share in SHARES)
    assert set(quarter) < set(half) < set(whole) == set(IMAGES)


def test_same_seed_gives_the_same_part() -> None:
    assert select_share(IMAGES, 25, 1) == select_share(IMAGES, 25, 1)
    assert len({select_share(IMAGES, 25, seed) for seed in range(9)}) > 1


@pytest.mark.parametrize(
    ("images", "batch", "epochs"), [(100, 8, 50), (50, 8, 93), (25, 8, 162), (2, 2, 650)]
)
def test_part_is_trained_for_as_many_steps(images: int, batch: int, epochs: int) -> None:
    config = config_for(TrainConfig(epochs=50, batch=8, patience=10), 100, images)
    assert (config.batch, config.epochs) == (batch, epochs)
    assert config.patience == round(10 * epochs / 50)
    steps = config.epochs * -(-images // config.batch)
    assert steps == pytest.approx(50 * 13, rel=0.02)


@pytest.fixture
def trained(member: User, training_set: TrainingSet, provider: FakeProvider) -> Detector:
    done = work(create_detector(member, training_set))
    provider.requests.clear()
    return done


def start(user: User, detector: Detector) -> Job:
    with db.transaction() as session:
        return learning.start(session, user, session.get_one(Detector, detector.id))


def perform(job: Job) -> Job:
    return run_job(saved_id(job), measure_learning.run)


def test_job_trains_on_a_quarter_and_on_half(
    member: User, trained: Detector, provider: FakeProvider, home: Path
) -> None:
    job = start(member, trained)
    assert job.queue is QueueName.LOW
    assert perform(job).state is JobState.SUCCEEDED
    assert [len(request.data.train) for request in provider.requests] == [2, 4]
    curve = learning.read(trained)
    assert [(point.share, point.images, point.boxes) for point in curve.points] == [
        (25, 2, 2),
        (50, 4, 4),
        (100, 8, 8),
    ]
    assert {point.map50 for point in curve.points} == {trained.metrics["mAP50"]}
    assert not (home / "detectors" / str(trained.id) / "learning").exists()
    assert now(trained).state is DetectorState.TRAINED


def test_list_of_images_for_the_trainer_holds_the_part_alone(
    member: User, trained: Detector, provider: FakeProvider
) -> None:
    listed: list[list[str]] = []

    def read_list(epoch: int) -> None:
        file = provider.requests[-1].data.directory / "train.txt"
        listed.append(file.read_text().splitlines())

    provider.before_batch = read_list
    perform(start(member, trained))
    assert {len(lines) for lines in listed} == {2, 4}


def test_cancelled_job_keeps_its_points_and_goes_on_where_it_was(
    member: User, trained: Detector, provider: FakeProvider
) -> None:
    job = start(member, trained)

    def cancel(epoch: int) -> None:
        if len(provider.requests) == 2 and epoch == 3:
            with db.transaction() as session:
                request_cancel(session, session.get_one(Job, job.id))

    provider.before_batch = cancel
    assert perform(job).state is JobState.CANCELLED
    assert [point.share for point in learning.read(trained).points] == [25]
    assert learning.advise(trained, {}) is None
    begun: list[int] = []
    provider.before_batch = begun.append
    assert perform(start(member, trained)).state is JobState.SUCCEEDED
    assert begun == [epoch for epoch in (3, 4, 5, 6) for _ in range(2)]
    assert learning.read(trained).complete


def test_curve_is_measured_once(member: User, trained: Detector) -> None:
    first = start(member, trained)
    assert start(member, trained).id == first.id
    perform(first)
    with pytest.raises(Conflict, match="already measured"):
        start(member, trained)


def test_untrained_detector_has_no_curve(member: User, trained: Detector) -> None:
    with db.transaction() as session:
        session.get_one(Detector, trained.id).state = DetectorState.ERROR
    with pytest.raises(Conflict, match="is not trained"):
        start(member, trained)


def test_training_set_deleted_while_the_job_waited_is_a_sentence(
    member: User, trained: Detector, training_set: TrainingSet
) -> None:
    job = start(member, trained)
    with db.transaction() as session:
        session.delete(session.get_one(TrainingSet, training_set.id))
    done = perform(job)
    assert done.state is JobState.FAILED
    assert "was deleted" in done.message
    with pytest.raises(Conflict, match="was deleted"):
        start(member, trained)


def point(share: int, map50: float, **ap50: float) -> Point:
    return Point(share, share, share, map50, map50 / 2, ap50)


def curve(half: Point, whole: Point) -> LearningCurve:
    return LearningCurve((point(25, 0.1), half, whole))


def test_advice_names_the_weakest_class() -> None:
    advice = advise(
        curve(point(50, 0.6, cup=0.4, bus=0.8), point(100, 0.7, cup=0.5, bus=0.9)), None, {}
    )
    assert (advice.worth, advice.label) == (True, "cup")
    assert advice.gain == pytest.approx(0.1)


def test_of_classes_about_as_weak_the_one_that_learns_fastest_is_named() -> None:
    advice = advise(
        curve(
            point(50, 0.6, cup=0.5, bus=0.3, cat=0.1),
            point(100, 0.7, cup=0.5, bus=0.54, cat=0.9),
        ),
        None,
        {},
    )
    assert advice.label == "bus"


def test_half_that_brought_nothing_says_so() -> None:
    advice = advise(curve(point(50, 0.7, cup=0.7), point(100, 0.71, cup=0.71)), None, {})
    assert not advice.worth


def evaluation(*videos: VideoScore) -> Evaluation:
    empty = Curve((), (), ())
    return Evaluation(9, ("cup",), 0.5, Counts(0, 0, 0), (), empty, {}, ((0, 0), (0, 0)), videos)


def test_video_with_most_findings_is_named_before_the_one_that_scores_worst() -> None:
    measured = curve(point(50, 0.6, cup=0.4), point(100, 0.7, cup=0.5))
    scores = evaluation(
        VideoScore(1, 10, 10, Counts(9, 1, 1)), VideoScore(2, 10, 10, Counts(5, 5, 5))
    )
    assert advise(measured, scores, {1: 3, 4: 7}).video_id == 4
    assert advise(measured, scores, {}).video_id == 2
    assert advise(measured, None, {}).video_id is None
