"""What every family must do: learn two steps, stop, go on, score, export, predict.

From random weights on the CPU, and without one attempt to reach the network.
"""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import pytest

from tests.training_data import CLASSES, write_training_set
from tpod_core.detectors import agreement, evaluation, model_zip, registry
from tpod_core.detectors.attempts import Attempt, open_attempt
from tpod_core.detectors.average_precision import measure
from tpod_core.detectors.data_view import make_view
from tpod_core.detectors.model_zip import DetectorCard
from tpod_core.detectors.protocol import Provider, Scene, TrainRequest
from tpod_core.detectors.scores import EpochRow, Score
from tpod_core.errors import Conflict, InvalidInput, JobCancelled

pytestmark = [
    pytest.mark.slow,
    # The libraries' own housekeeping; ours stays an error.
    pytest.mark.filterwarnings("ignore:::torch"),
    pytest.mark.filterwarnings("ignore:::ultralytics"),
]

EPOCHS = 3
STOP_IN_EPOCH = 3
CONFIG = {"epochs": EPOCHS, "imgsz": 64, "batch": 4, "device": "cpu", "seed": 3}

_network: list[tuple[str, Any]] = []
_listening = False


def _hear(event: str, arguments: Any) -> None:
    if _listening and event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        _network.append((event, arguments))


class Watcher:
    """Notes what it is told; cancels in the first batch of ``stop_in_epoch``."""

    def __init__(self, stop_in_epoch: int | None = None) -> None:
        self.stop_in_epoch = stop_in_epoch
        self.batches: list[tuple[int, float]] = []
        self.rows: list[EpochRow] = []

    def check(self) -> None:
        """Never cancels in a validation."""

    def say(self, message: str) -> None:
        """What is being done with the trained model is nobody's concern here."""

    def on_batch(self, epoch: int, fraction: float) -> None:
        self.batches.append((epoch, fraction))
        if epoch == self.stop_in_epoch:
            raise JobCancelled("Cancelled.")

    def on_epoch(self, row: EpochRow) -> None:
        self.rows.append(row)


@dataclass
class Life:
    """One detector of a family, from its first step to its export."""

    provider: Provider
    training_set: Path
    before: dict[str, bytes]
    cancelled: Attempt
    cancelled_watch: Watcher
    resumed: Attempt
    resumed_watch: Watcher
    scene: Scene
    score: Score
    onnx: Path
    network: list[tuple[str, Any]] = field(default_factory=list)


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module", params=[known.type for known in registry.list_types()])
def life(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Life]:
    global _listening  # noqa: PLW0603 - an audit hook cannot be taken out again
    home: Path = tmp_path_factory.mktemp(request.param)
    sys.addaudithook(_hear)
    _listening = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TPOD_DATA_DIR", str(home))
        try:
            yield _live(request.param, home)
        finally:
            _listening = False
            _network.clear()


def _live(dnn_type: str, home: Path) -> Life:
    training_set = write_training_set(home / "set")
    before = contents(training_set)
    provider = registry.load_provider(dnn_type)
    config = registry.config_model(dnn_type).checked(CONFIG)

    cancelled, cancelled_watch = open_attempt(home), Watcher(STOP_IN_EPOCH)
    data = make_view(training_set, cancelled.directory / "data")
    with pytest.raises(JobCancelled):
        provider.train(TrainRequest(dnn_type, config, data, cancelled), cancelled_watch)

    resumed, resumed_watch = open_attempt(home), Watcher()
    data = make_view(training_set, resumed.directory / "data")
    provider.train(TrainRequest(dnn_type, config, data, resumed, resume=cancelled), resumed_watch)

    scratch = home / "scratch"
    scratch.mkdir()
    scene = Scene(resumed.trained, data, config, scratch)
    gathered = evaluation.gather(provider, scene, resumed_watch)
    score = evaluation.score_of(gathered, measure(gathered.ranked()))
    provider.export_onnx(scene, home / "model.onnx")
    return Life(
        provider=provider,
        training_set=training_set,
        before=before,
        cancelled=cancelled,
        cancelled_watch=cancelled_watch,
        resumed=resumed,
        resumed_watch=resumed_watch,
        scene=scene,
        score=score,
        onnx=home / "model.onnx",
        network=list(_network),
    )


def test_training_reports_every_batch_and_epoch(life: Life) -> None:
    assert life.cancelled_watch.batches == [
        (1, pytest.approx(1 / 6)),
        (1, pytest.approx(2 / 6)),
        (2, pytest.approx(3 / 6)),
        (2, pytest.approx(4 / 6)),
        (3, pytest.approx(5 / 6)),
    ]
    assert [row.epoch for row in life.cancelled_watch.rows] == [1, 2]
    assert all(
        value > 0 for row in life.cancelled_watch.rows for value in row.train_losses.values()
    )


def test_cancelled_training_keeps_its_last_whole_epoch(life: Life) -> None:
    assert [done for done, _ in life.cancelled.checkpoints()] == [2]
    assert not life.cancelled.trained.exists()


def test_resumed_training_does_no_epoch_twice(life: Life) -> None:
    assert [row.epoch for row in life.resumed_watch.rows] == [3]
    assert [row.epoch for row in life.resumed.epochs()] == [1, 2, 3]


def test_resumed_training_continues_the_library_s_own_table(life: Life) -> None:
    with (life.resumed.run_directory / "results.csv").open() as file:
        assert [int(row["epoch"]) for row in csv.DictReader(file)] == [1, 2, 3]


def test_training_leaves_the_set_as_it_was(life: Life) -> None:
    assert contents(life.training_set) == life.before


def test_score_covers_every_class(life: Life) -> None:
    assert [row.name for row in life.score.classes] == list(CLASSES)
    assert [row.boxes for row in life.score.classes] == [2, 2]
    assert life.score.images == 4
    assert 0 <= life.score.map50_95 <= life.score.map50 <= 1
    assert 0.05 <= life.score.recommended_confidence <= 1


def test_onnx_says_what_the_checkpoint_says(life: Life, tmp_path: Path) -> None:
    detector = onnx_detector(life, tmp_path)
    images = agreement.spread(life.scene.data.val)
    expected = life.provider.predict(life.scene, images, agreement.LOW_CONFIDENCE)
    found = agreement.compare(images, expected, detector, life.score.recommended_confidence)
    assert found.compared > 0
    assert found.holds
    assert found.max_box_px < 0.1
    assert found.max_score < 0.001


@pytest.mark.parametrize("wh", [(160, 120), (97, 201), (64, 64), (333, 40)], ids=str)
def test_predict_program_places_boxes_as_the_library_does(
    life: Life, tmp_path: Path, wh: tuple[int, int]
) -> None:
    picture = cv2.resize(cv2.imread(str(life.scene.data.val[0])), wh)
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), picture)
    expected = life.provider.predict(life.scene, [path], agreement.LOW_CONFIDENCE)
    found = agreement.compare([path], expected, onnx_detector(life, tmp_path), 0.0001)
    assert found.compared > 0
    assert found.unmatched <= found.compared // 5
    assert found.max_box_px < 0.5  # scores all but equal: a neighbour may be kept instead


def test_whole_life_needs_no_network(life: Life) -> None:
    assert life.network == []


def test_gpu_that_is_not_there_is_refused_by_its_field(life: Life) -> None:
    config = registry.config_model("yolo26n").checked({**CONFIG, "device": "99"})
    scene = Scene(life.scene.checkpoint, life.scene.data, config, life.scene.scratch)
    with pytest.raises(InvalidInput, match="There is no GPU 99") as caught:
        life.provider.predict(scene, scene.data.val[:1], 0.25)
    assert caught.value.field == "train_config.device"


@pytest.mark.parametrize("kept_bytes", [0, 5000, -5000], ids=["empty", "start", "most"])
def test_damaged_weights_are_a_sentence_not_a_crash(
    life: Life, tmp_path: Path, kept_bytes: int
) -> None:
    damaged = tmp_path / "yolo26n.pt"
    damaged.write_bytes(life.scene.checkpoint.read_bytes()[:kept_bytes])
    request = TrainRequest(
        "yolo26n", life.scene.config, life.scene.data, open_attempt(tmp_path), weights=damaged
    )
    with pytest.raises(Conflict, match=r"yolo26n\.pt is damaged"):
        life.provider.train(request, Watcher())


def test_checkpoint_that_would_run_code_is_refused(life: Life, tmp_path: Path) -> None:
    import torch

    class Malicious:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "it-ran",)

    torch.save({"model": Malicious()}, tmp_path / "yolo26n.pt")
    scene = replace(life.scene, checkpoint=tmp_path / "yolo26n.pt")
    with pytest.raises(Conflict, match="no checkpoint of this family"):
        life.provider.predict(scene, scene.data.val[:1], 0.25)
    assert not (tmp_path / "it-ran").exists()


def onnx_detector(life: Life, directory: Path) -> agreement.ExportedModel:
    from tpod_core.detectors.predict import Detector

    (directory / "model.onnx").write_bytes(life.onnx.read_bytes())
    model_zip.write_labels(directory, CLASSES)
    card = DetectorCard("d", "f", 64, 0.25, CLASSES, "s", "h", None, {}, {}, "now")
    model_zip.write_card(directory, card)
    return Detector(directory)
