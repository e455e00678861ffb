"""Our own loop for torchvision's networks: its data, its steps, what it keeps."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.training_sets import CLASSES, write_training_set
from tpod_core.detectors.attempts import Attempt, open_attempt
from tpod_core.detectors.dataset_layout import label_of, materialize
from tpod_core.detectors.protocol import Detection, EvaluationContext, TrainRequest
from tpod_core.detectors.scores import EpochRow
from tpod_core.detectors.torchvision_config import SsdliteConfig
from tpod_core.errors import Conflict, JobCancelled
from tpod_core.evaluation import matching, scoring
from tpod_core.evaluation.average_precision import measure
from tpod_core.formats.yolo import yolo_line
from tpod_core.geometry import Box
from tpod_core.training import torchvision_training
from tpod_core.training.hardware import Hardware
from tpod_core.training.torchvision_data import (
    Batches,
    TrainingPictures,
    ValidationPictures,
    read_labelled,
)
from tpod_core.training.torchvision_network import Weights, build, fill
from tpod_core.training.torchvision_provider import TorchvisionProvider
from tpod_core.training.torchvision_scores import Figures, figures_of
from tpod_core.training.torchvision_training import Training, rate_share

pytestmark = [
    pytest.mark.usefixtures("data_directory"),
    pytest.mark.filterwarnings("ignore:::ultralytics"),
    pytest.mark.filterwarnings("ignore:::torch"),
    pytest.mark.filterwarnings("ignore:::pkg_resources"),
]

TYPE = "ssdlite320_mobilenet_v3_large"
CPU = Hardware("cpu", "fp32", 0)
CONFIG = SsdliteConfig(epochs=2, imgsz=64, batch=4, seed=5, lr0=0.002)


class Quiet:
    """A watcher that stops in the first batch of ``stop_in_epoch``."""

    def __init__(self, stop_in_epoch: int = 0) -> None:
        self.stop_in_epoch = stop_in_epoch
        self.rows: list[EpochRow] = []

    def check(self) -> None: ...

    def on_batch(self, epoch: int, fraction: float) -> None:
        if epoch == self.stop_in_epoch:
            raise JobCancelled("Cancelled.")

    def on_epoch(self, row: EpochRow) -> None:
        self.rows.append(row)

    def warn(self, message: str) -> None:
        raise AssertionError(message)


@pytest.fixture
def wanted(tmp_path: Path) -> TrainRequest:
    """A training of two epochs with two steps each."""
    training_set = write_training_set(tmp_path / "set", train=8, val=2)
    attempt = open_attempt(tmp_path)
    data = materialize(training_set, attempt.directory / "data")
    return TrainRequest(TYPE, CONFIG, data, attempt)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A white cup on black, in a view's place."""
    path = tmp_path / "images" / "train" / "v1_000000.jpg"
    for file in (path, label_of(path)):
        file.parent.mkdir(parents=True)
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[30:90, 40:100] = 255
    cv2.imwrite(str(path), picture)
    label_of(path).write_text(yolo_line(Box(40, 30, 100, 90), 1, (160, 120)) + "\n")
    return path


def white_box(picture: Tensor) -> list[float]:
    """Where the (3, s, s) picture is bright, as x1, y1, x2, y2."""
    rows, columns = np.nonzero(picture.numpy().min(axis=0) > 150)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


def test_validation_picture_is_letterboxed_and_its_label_is_in_its_own_pixels(image: Path) -> None:
    picture, truth = ValidationPictures([image], 96)[0]
    assert picture.shape == (3, 96, 96)
    assert white_box(picture) == pytest.approx([24, 30, 60, 66], abs=1)
    assert truth.labels.class_ids.tolist() == [1]
    assert truth.labels.boxes[0].tolist() == pytest.approx([40, 30, 100, 90], abs=0.01)


def test_detection_is_placed_in_the_picture_and_clipped_to_it(image: Path) -> None:
    _, truth = ValidationPictures([image], 96)[0]
    rows = torch.tensor([[24.0, 30, 60, 66, 0.9, 1], [0, 0, 96, 96, 0.5, 0], [0, 0, 9, 9, 0.1, 0]])
    first, second = truth.placement.detections(rows, 0.5)
    assert (first.class_id, first.score) == (1, pytest.approx(0.9))
    assert first.box.xyxy == pytest.approx((40, 30, 100, 90))
    assert second.box.xyxy == (0, 0, 160, 120)


@pytest.mark.parametrize("epoch", range(1, 9))
def test_varied_picture_carries_its_box_along(image: Path, epoch: int) -> None:
    config = SsdliteConfig(zoom=0.3, seed=3)
    picture, target = TrainingPictures([image], config)[epoch, 0]
    assert white_box(picture) == pytest.approx(target["boxes"][0].tolist(), abs=2)


def test_variation_differs_by_epoch_and_repeats_by_seed(image: Path) -> None:
    pictures = TrainingPictures([image], CONFIG)
    assert not torch.equal(pictures[1, 0][0], pictures[2, 0][0])
    assert torch.equal(pictures[1, 0][0], TrainingPictures([image], CONFIG)[1, 0][0])


def test_frame_without_objects_is_a_negative(image: Path) -> None:
    label_of(image).write_text("")
    _, target = TrainingPictures([image], CONFIG)[1, 0]
    assert target["boxes"].shape == (0, 4)
    assert target["labels"].shape == (0,)
    _, truth = ValidationPictures([image], 96)[0]
    assert len(truth.labels) == 0


def test_damaged_picture_is_a_sentence(image: Path) -> None:
    image.write_bytes(b"no picture")
    with pytest.raises(Conflict, match=r"v1_000000\.jpg of this training set is damaged"):
        read_labelled(image)


def test_last_batch_is_dropped_unless_it_is_whole() -> None:
    batches = Batches(11, CONFIG)
    shown = list(batches)
    assert [len(batch) for batch in shown] == [4, 4]
    assert len({place for batch in shown for place in batch}) == 8


def test_order_differs_by_epoch() -> None:
    batches = Batches(40, CONFIG)
    first = [position for batch in batches for _, position in batch]
    batches.epoch = 2
    second = [position for batch in batches for _, position in batch]
    assert sorted(first) == sorted(second) == list(range(40))
    assert first != second


@pytest.mark.parametrize("count", [1, 3])
def test_set_smaller_than_a_batch_is_shown_repeatedly(count: int) -> None:
    [batch] = Batches(count, CONFIG)
    assert len(batch) == 4
    assert {position for _, position in batch} == set(range(count))


def test_rate_rises_in_a_line_and_falls_half_a_cosine() -> None:
    assert rate_share(0.5, 10, 1.0) == 0.5
    assert rate_share(1.0, 10, 1.0) == 1.0
    assert rate_share(5.5, 10, 1.0) == pytest.approx(0.505)
    assert rate_share(10.0, 10, 1.0) == pytest.approx(0.01)
    assert rate_share(0.0, 1, 1.0) == 1.0


def test_resumed_training_becomes_what_an_uninterrupted_one_is(
    wanted: TrainRequest, tmp_path: Path
) -> None:
    Training(wanted, Quiet(), CPU).run()
    second = open_attempt(tmp_path)
    with pytest.raises(JobCancelled):
        Training(replace(wanted, attempt=second), Quiet(stop_in_epoch=2), CPU).run()
    assert [done for done, _ in second.checkpoints()] == [1]
    Training(replace(wanted, attempt=second), Quiet(), CPU).run()
    whole, resumed = final_state(wanted.attempt), final_state(second)
    assert all(torch.allclose(whole[name], resumed[name]) for name in whole)


def final_state(attempt: Attempt) -> dict[str, Tensor]:
    [(_, path)] = attempt.checkpoints()
    state: dict[str, Tensor] = torch.load(path, weights_only=True)["model"]
    return state


def play_fitness(monkeypatch: pytest.MonkeyPatch, *fitness: float) -> None:
    answers: Iterator[float] = iter(fitness)

    def play(*_: Any) -> Figures:
        value = next(answers)
        return Figures(map50=value, map50_95=value)

    monkeypatch.setattr(torchvision_training, "figures_of", play)


def test_patience_ends_a_training_that_finds_nothing(
    wanted: TrainRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_fitness(monkeypatch, 0, 0, 0, 0)
    watcher = Quiet()
    config = CONFIG.model_copy(update={"epochs": 9, "patience": 2})
    Training(replace(wanted, config=config), watcher, CPU).run()
    assert len(watcher.rows) == 2
    assert wanted.attempt.best.exists()


def test_patience_counts_from_the_best_epoch(
    wanted: TrainRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_fitness(monkeypatch, 0, 0.5, 0.4, 0.3, 0.2)
    watcher = Quiet()
    config = CONFIG.model_copy(update={"epochs": 9, "patience": 2})
    Training(replace(wanted, config=config), watcher, CPU).run()
    assert [row.map50 for row in watcher.rows] == [0, 0.5, 0.4, 0.3]


def test_best_epoch_is_the_one_kept(wanted: TrainRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    play_fitness(monkeypatch, 0.5, 0.4)
    Training(wanted, Quiet(), CPU).run()
    best = torch.load(wanted.attempt.best, weights_only=True)["model"]
    last = final_state(wanted.attempt)
    assert any(not torch.equal(best[name], last[name]) for name in last)


def test_losses_that_run_off_end_the_training_with_advice(wanted: TrainRequest) -> None:
    training = Training(wanted, Quiet(), CPU)
    with torch.no_grad():
        next(training._network.head.parameters()).fill_(float("nan"))
    with pytest.raises(Conflict, match="Halve the learning rate"):
        training.run()


class UntilLearnt(Quiet):
    """A watcher that stops a training whose detector is good."""

    def on_epoch(self, row: EpochRow) -> None:
        if row.map50 > 0.8:
            raise JobCancelled("Learnt.")


@pytest.mark.slow
def test_small_set_is_learnt_from_random_weights_in_a_hundred_steps(tmp_path: Path) -> None:
    """Not least the running statistics of the normalisation must have followed by then."""
    training_set = write_training_set(tmp_path / "set", train=16, val=4)
    attempt = open_attempt(tmp_path)
    config = SsdliteConfig(epochs=25, imgsz=96, batch=4, lr0=0.002)
    data = materialize(training_set, attempt.directory / "data")
    with pytest.raises(JobCancelled, match="Learnt"):
        Training(TrainRequest(TYPE, config, data, attempt), UntilLearnt(), CPU).run()


def test_published_weights_fill_all_but_the_head() -> None:
    published = build(TYPE, 90).state_dict()
    ours = build(TYPE, len(CLASSES))
    head_before = ours.head.classification_head.module_list[0][1].weight.clone()
    fill(ours, Weights(published, None), Path("published.pth"))
    state = ours.state_dict()
    body = [name for name in state if name.startswith("backbone") and name.endswith("weight")]
    assert body and all(torch.equal(state[name], published[name]) for name in body)
    assert torch.equal(ours.head.classification_head.module_list[0][1].weight, head_before)


def test_weights_of_another_network_are_refused() -> None:
    other = {"backbone.some.weight": torch.zeros(3)}
    with pytest.raises(Conflict, match=r"other\.pth is damaged or not a checkpoint of this family"):
        fill(build(TYPE, 2), Weights(other, None), Path("other.pth"))


class Backbone(nn.Module):
    """Notes in what precision it computed."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 1)
        self.computed_in: torch.dtype | None = None

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        features = self.layer(pictures)
        self.computed_in = features.dtype
        return {"0": features}


def test_mixed_precision_stops_before_the_heads() -> None:
    network = nn.Module()
    network.backbone = Backbone()
    before = set(network.state_dict())
    torchvision_training._compute_backbone_in(network, "cpu", torch.bfloat16)
    features = network.backbone(torch.ones(1, 3, 2, 2))
    assert network.backbone.computed_in == torch.bfloat16
    assert features["0"].dtype == torch.float32
    assert set(network.state_dict()) == before


def test_figures_are_those_of_a_hand_calculation() -> None:
    """One of two cups found surely, with one false alarm that is less sure."""
    labels = matching.labelled([(0, Box(10, 10, 30, 30)), (0, Box(50, 50, 70, 70))])
    right, wrong = Detection(Box(10, 10, 30, 30), 0.9, 0), Detection(Box(80, 0, 90, 9), 0.3, 0)
    figures = figures_of([([right, wrong], labels)], classes=2)
    assert (figures.precision, figures.recall) == (1, 0.5)
    assert figures.map50 == pytest.approx(0.5, abs=0.01)
    assert figures.map50_95 == figures.map50


@pytest.mark.parametrize("answers", [[], [([], matching.labelled([]))]], ids=["no image", "no box"])
def test_part_without_a_true_box_scores_nothing(answers: Any) -> None:
    assert figures_of(answers, classes=1) == Figures()


class AlwaysTheSame(nn.Module):
    """A network that gives ``boxes`` of class 0, in pixels of its input, for every picture."""

    def __init__(self, *boxes: tuple[float, float, float, float]) -> None:
        super().__init__()
        self._on_the_device = nn.Parameter(torch.zeros(1))
        self._boxes = torch.tensor(boxes)

    def forward(self, pictures: list[Tensor]) -> list[dict[str, Tensor]]:
        scores = torch.linspace(0.9, 0.5, len(self._boxes))
        labels = torch.ones(len(self._boxes), dtype=torch.int64)
        return [{"boxes": self._boxes, "scores": scores, "labels": labels} for _ in pictures]


SMALL_OBJECTS = (Box(40, 40, 41.5, 41.5), Box(80, 60, 80.5, 61), Box(0, 0, 40, 30))
"""In a picture of 160 x 120, which its square of 64 shows at 0.4: the first two are less than a
pixel there. Of the last, what the network below finds reaches into the padding."""


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        pytest.param([(0.0, 4.0, 16.0, 20.0)], 1 / 3, id="the large one, into the padding"),
        pytest.param([(16.0, 24.0, 16.6, 24.6), (0.0, 8.0, 16.0, 20.0)], 2 / 3, id="a small one"),
    ],
)
def test_score_of_an_epoch_is_that_of_the_finished_detector_with_small_objects_too(
    wanted: TrainRequest, seen: list[tuple[float, float, float, float]], expected: float
) -> None:
    for image in wanted.data.val:
        lines = [yolo_line(box, 0, (160, 120)) + "\n" for box in SMALL_OBJECTS]
        replace_link(label_of(image), "".join(lines))
    network = AlwaysTheSame(*seen)
    training = Training(wanted, Quiet(), CPU)
    training._network = network
    live = figures_of(training._predictions(), len(wanted.data.classes))
    provider = TorchvisionProvider()
    provider._network = lambda checkpoint: network
    context = EvaluationContext(Path("unused"), wanted.data, wanted.config)
    gathered = scoring.gather(provider, context, Silent())
    final = scoring.score_of(gathered, measure(gathered.arrays()))
    assert live.map50 == pytest.approx(final.map50, abs=1e-9)
    assert live.map50_95 == pytest.approx(final.map50_95, abs=1e-9)
    assert live.map50 == pytest.approx(expected, abs=0.01)


class Silent:
    """A reporter of steps that nobody reads."""

    def say(self, message: str) -> None: ...

    def check(self) -> None: ...


def replace_link(label_file: Path, content: str) -> None:
    """Write the labels of one picture; those of a layout are links to the set's."""
    label_file.resolve().write_text(content)
