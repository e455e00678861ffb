"""What every family must do: learn for an epoch, stop, go on, export, predict.

From random weights on the CPU, and without one attempt to reach the network. Types that run
through the same code as another are only built.
"""

import ast
import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest
import yaml

from tests.bare_python import make_bare_python
from tests.odd_pictures import ODD_PICTURES
from tests.tensorflow_formats import convert_once
from tests.training_sets import write_training_set
from tpod_core.annotations.label_names import MAX_LENGTH
from tpod_core.detectors import registry
from tpod_core.detectors.attempts import Attempt, open_attempt
from tpod_core.detectors.dataset_layout import materialize
from tpod_core.detectors.protocol import (
    LOWEST_CONFIDENCE,
    EvaluationContext,
    Provider,
    TrainRequest,
)
from tpod_core.detectors.scores import EpochRow, Score
from tpod_core.errors import Conflict, InvalidInput, JobCancelled
from tpod_core.evaluation import scoring
from tpod_core.evaluation.average_precision import measure
from tpod_core.exports import agreement, formats, making, model_zip
from tpod_core.exports.model_zip import DetectorCard
from tpod_core.exports.task import ExportTask
from tpod_core.training import torchvision_network
from tpod_core.training.oom_retry import MAX_HALVINGS
from tpod_core.video.pictures import read_picture

pytestmark = [
    pytest.mark.slow,
    # The libraries' own housekeeping; ours stays an error.
    pytest.mark.filterwarnings("ignore:::torch"),
    pytest.mark.filterwarnings("ignore:::ultralytics"),
]

LIVED = (
    "yolo26n",
    "yolo11n",
    "rtdetr-resnet50",
    "ssdlite320_mobilenet_v3_large",
    "fasterrcnn_mobilenet_v3_large_320_fpn",
    "fasterrcnn_resnet50_fpn_v2",
)
"""One type for each way through the code; the others differ by the size of their layers."""

LIGHTEST = ("yolo26n", "ssdlite320_mobilenet_v3_large")
"""One type of each library, for what does not depend on the network."""

ULTRALYTICS = ("yolo26n", "rtdetr-resnet50")
"""One type of each kind that Ultralytics trains."""

TRACED = ("rtdetr-resnet50", "ssdlite320_mobilenet_v3_large", LIVED[4])
"""One type for each network of which we make the exported form ourselves."""

CONVERTED = ("yolo26n", "rtdetr-resnet50")
"""One type of each kind that TensorFlow's converter is known to take: it takes minutes."""

NAMES = (
    "👩‍🚀 cup",
    "no",
    "007",
    "~",
    "- a: b #c {x} %s",
    "\"quoted\" 'both' back\\slash",
    "كوب כוס कप ถ้วย",
    "𠮷" * MAX_LENGTH,
)
"""Every life is of a detector of these classes; the pictures show the first two. With many more,
an untrained network gives each of them less than the lowest confidence."""

EPOCHS = 2
STOP_IN_EPOCH = 2
FEW_PROPOSALS = {
    "box_batch_size_per_image": 16,
    **{f"rpn_{when}_nms_top_n_{use}": 50 for when in ("pre", "post") for use in ("train", "test")},
}
"""Faster R-CNN looks closely at a thousand places of a picture; fewer take the same way."""

SHALLOW = "rtdetr-resnet50"
"""Its network has hundreds of layers of a few kinds, and TensorFlow's converter takes seconds for
each; fewer take the same way. ``test_other_types_are_built_and_take_a_step`` has all of them."""

CONFIG = {"epochs": EPOCHS, "imgsz": 64, "batch": 4, "device": "cpu", "seed": 3}

_network: list[tuple[str, Any]] = []
_listening = False


def _hear(event: str, arguments: Any) -> None:
    if _listening and event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname"):
        _network.append((event, arguments))


sys.addaudithook(_hear)


@contextmanager
def listening() -> Iterator[list[tuple[str, Any]]]:
    """Every attempt to reach the network meanwhile."""
    global _listening  # noqa: PLW0603 - an audit hook cannot be taken out again
    outer = _listening
    if not outer:
        _network.clear()
    _listening = True
    try:
        yield _network
    finally:
        _listening = outer


@contextmanager
def smaller_networks() -> Iterator[None]:
    """See ``FEW_PROPOSALS`` and ``SHALLOW``."""
    registry.load_provider(SHALLOW)  # keeps the library, once imported, off the network
    from ultralytics.engine import model
    from ultralytics.nn import tasks

    load = tasks.yaml_model_load

    def load_shallow(path: str | Path) -> dict[str, Any]:
        network: dict[str, Any] = load(path)
        if SHALLOW in str(path):
            for layer in network["backbone"]:
                layer[-1][-1] = 1  # blocks of a stage
            for layer in network["head"]:
                layer[1] = 1
            queries, points, heads, decoder_layers = 300, 4, 8, 2
            network["head"][-1][-1] = ["nc", 256, queries, points, heads, decoder_layers]
        return network

    with pytest.MonkeyPatch.context() as patch:
        for module in (model, tasks):
            patch.setattr(module, "yaml_model_load", load_shallow)
        for network in ("fasterrcnn_mobilenet_v3_large_320_fpn", "fasterrcnn_resnet50_fpn_v2"):
            given = torchvision_network._OPTIONS[network]
            patch.setitem(torchvision_network._OPTIONS, network, given | FEW_PROPOSALS)
        yield


class TrainingCallback:
    """Notes what it is told; cancels in the first batch of ``stop_in_epoch``."""

    def __init__(self, stop_in_epoch: int | None = None) -> None:
        self.stop_in_epoch = stop_in_epoch
        self.batches: list[tuple[int, float]] = []
        self.rows: list[EpochRow] = []
        self.warnings: list[str] = []

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

    def warn(self, message: str) -> None:
        self.warnings.append(message)


@dataclass
class Life:
    """One detector of a family, from its first step to its export."""

    dnn_type: str
    provider: Provider
    training_set: Path
    before: dict[str, bytes]
    cancelled: Attempt
    cancelled_watch: TrainingCallback
    resumed: Attempt
    resumed_watch: TrainingCallback
    context: EvaluationContext
    score: Score
    onnx: Path
    network: list[tuple[str, Any]] = field(default_factory=list)


def contents(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bare_python(tmp_path_factory.mktemp("bare") / "venv")


@pytest.fixture(scope="module", params=LIVED)
def life(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Life]:
    home: Path = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch, smaller_networks(), listening():
        patch.setenv("TPOD_DATA_DIR", str(home))
        yield _live(request.param, home)
    shutil.rmtree(home)  # Gigabytes of checkpoints, which the next family need not wait beside.


def _live(dnn_type: str, home: Path) -> Life:
    training_set = write_training_set(home / "set", classes=NAMES)
    before = contents(training_set)
    provider = registry.load_provider(dnn_type)
    config = registry.config_model(dnn_type).checked(CONFIG)

    cancelled, cancelled_watch = open_attempt(home), TrainingCallback(STOP_IN_EPOCH)
    data = materialize(training_set, cancelled.directory / "data")
    with pytest.raises(JobCancelled):
        provider.train(TrainRequest(dnn_type, config, data, cancelled), cancelled_watch)

    resumed, resumed_watch = open_attempt(home), TrainingCallback()
    data = materialize(training_set, resumed.directory / "data")
    provider.train(TrainRequest(dnn_type, config, data, resumed, resume=cancelled), resumed_watch)

    scratch = home / "scratch"
    scratch.mkdir()
    context = EvaluationContext(resumed.trained, data, config, scratch)
    gathered = scoring.gather(provider, context, resumed_watch)
    score = scoring.score_of(gathered, measure(gathered.arrays()))
    provider.export_onnx(context, home / "model.onnx")
    return Life(
        dnn_type=dnn_type,
        provider=provider,
        training_set=training_set,
        before=before,
        cancelled=cancelled,
        cancelled_watch=cancelled_watch,
        resumed=resumed,
        resumed_watch=resumed_watch,
        context=context,
        score=score,
        onnx=home / "model.onnx",
        network=list(_network),
    )


def test_score_covers_every_class(life: Life) -> None:
    assert [row.name for row in life.score.classes] == list(NAMES)
    assert [row.boxes for row in life.score.classes] == [2, 2] + [0] * (len(NAMES) - 2)
    assert life.score.images == 4
    assert 0 <= life.score.map50_95 <= life.score.map50 <= 1
    assert 0.05 <= life.score.recommended_confidence <= 1


def test_training_reports_every_batch_and_epoch(life: Life) -> None:
    assert life.cancelled_watch.batches == [
        (1, pytest.approx(1 / 4)),
        (1, pytest.approx(2 / 4)),
        (2, pytest.approx(3 / 4)),
    ]
    assert [row.epoch for row in life.cancelled_watch.rows] == [1]
    assert all(
        value > 0 for row in life.cancelled_watch.rows for value in row.train_losses.values()
    )


def test_cancelled_training_keeps_its_last_whole_epoch(life: Life) -> None:
    assert [done for done, _ in life.cancelled.checkpoints()] == [1]
    assert not life.cancelled.trained.exists()


def test_resumed_training_does_no_epoch_twice(life: Life) -> None:
    assert [row.epoch for row in life.resumed_watch.rows] == [2]
    assert [row.epoch for row in life.resumed.epochs()] == [1, 2]


def test_resumed_training_continues_the_library_s_own_table(life: Life) -> None:
    table = life.resumed.run_directory / "results.csv"
    if not table.exists():
        assert "ultralytics" not in life.provider.versions
        return
    with table.open() as file:
        assert [int(row["epoch"]) for row in csv.DictReader(file)] == [1, 2]


def test_yolo_trains_on_collages_but_in_the_last_epochs(life: Life) -> None:
    table = life.resumed.run_directory / "args.yaml"
    if not table.exists():
        assert "ultralytics" not in life.provider.versions
        return
    asked = yaml.safe_load(table.read_text())
    collages = 1.0 if life.dnn_type.startswith("yolo") else 0.0
    assert (asked["mosaic"], asked["close_mosaic"]) == (collages, 10)


@pytest.mark.parametrize("life", ULTRALYTICS, indirect=True)
def test_epoch_is_scored_by_every_label_two_equal_ones_too(life: Life, tmp_path: Path) -> None:
    training_set = write_training_set(tmp_path / "set", classes=NAMES)
    [doubled, *_] = sorted((training_set / "labels" / "val").iterdir())
    doubled.write_text(doubled.read_text() * 2)
    attempt = open_attempt(tmp_path)
    data = materialize(training_set, attempt.directory / "data")
    request = TrainRequest(life.dnn_type, life.context.config, data, attempt)
    trainer: Any = life.provider.trainer(overrides=life.provider.arguments(request))  # type: ignore[attr-defined]
    trainer.setup_model()
    dataset = trainer.build_dataset(trainer.data["val"], mode="val", batch=4)
    assert [len(image["cls"]) for image in dataset.labels] == [2, 1, 1, 1]
    assert [len(dataset[number]["bboxes"]) for number in range(4)] == [2, 1, 1, 1]


def test_training_leaves_the_set_as_it_was(life: Life) -> None:
    assert contents(life.training_set) == life.before


def test_onnx_says_what_the_checkpoint_says(life: Life, tmp_path: Path) -> None:
    detector = onnx_detector(life, tmp_path)
    images = agreement.spread(life.context.data.val)
    expected = life.provider.predict(life.context, images, LOWEST_CONFIDENCE)
    found = agreement.compare(images, expected, detector, 0.25)
    assert found.compared > 0
    assert found.holds
    assert found.max_box_px < 0.5  # scores all but equal: a neighbour may be kept instead
    assert found.max_score < 0.001


def test_predict_program_runs_on_four_packages_alone(
    life: Life, bare_python: Path, tmp_path: Path
) -> None:
    """The same boxes as in this environment, from an interpreter that has nothing else."""
    here = onnx_detector(life, tmp_path).detect(cv2.imread(str(life.context.data.val[0])), 0.001)
    model_zip.write_program(tmp_path)
    command = [bare_python, "-E", "-s", tmp_path / "predict.py", life.context.data.val[0]]
    wanted = ["--json", tmp_path / "out.json", "--annotated", tmp_path / "drawn.png"]
    ended = subprocess.run(
        [*map(str, [*command, "--confidence", "0.001", *wanted])],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    [frame] = json.loads((tmp_path / "out.json").read_text())["frames"]
    assert frame["boxes"] == here
    assert (tmp_path / "drawn.png").is_file()


@pytest.mark.parametrize("life", TRACED, indirect=True)
def test_torchscript_says_what_onnx_says(life: Life, tmp_path: Path) -> None:
    import torch

    life.provider.export_torchscript(life.context, tmp_path / "model.torchscript")
    traced = torch.jit.load(str(tmp_path / "model.torchscript"))
    session = onnxruntime.InferenceSession(str(life.onnx))
    picture = cv2.resize(cv2.imread(str(life.context.data.val[1])), (64, 64))
    tensor = (picture.transpose(2, 0, 1)[None] / 255).astype(np.float32)
    [expected] = session.run(None, {"images": tensor})
    with torch.inference_mode():
        answer = traced(torch.from_numpy(tensor)).numpy()
    assert answer.shape == expected.shape == (1, 300, 6)
    assert answer[..., 4] == pytest.approx(expected[..., 4], abs=1e-3)


@pytest.mark.parametrize("life", TRACED[1:], indirect=True)
def test_onnx_of_a_picture_in_which_nothing_is_found_is_empty_rows(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lowest = ("score_thresh", "box_score_thresh")
    for name, given in torchvision_network._OPTIONS.items():
        stricter = {key: 1.0 if key in lowest else value for key, value in given.items()}
        monkeypatch.setitem(torchvision_network._OPTIONS, name, stricter)
    life.provider.export_onnx(life.context, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    [rows] = session.run(None, {"images": np.zeros((1, 3, 64, 64), np.float32)})
    assert rows.shape == (1, 300, 6) and not rows.any()


def test_openvino_says_what_the_checkpoint_says(life: Life, tmp_path: Path) -> None:
    assert_export_agrees(life, "openvino", tmp_path)


@pytest.mark.parametrize("life", CONVERTED, indirect=True)
def test_tensorflow_formats_say_what_the_checkpoint_says(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert_once(monkeypatch, tmp_path / "kept")
    for wanted in ("litert", "saved_model"):
        (tmp_path / wanted).mkdir()
        assert_export_agrees(life, wanted, tmp_path / wanted)


def assert_export_agrees(life: Life, wanted: str, directory: Path) -> None:
    known = formats.get_format(wanted)
    if known.missing():
        pytest.skip(known.missing())
    onnx_detector(life, directory)
    (directory / "metrics.json").write_text("{}")
    places = {name: directory / name for name in ("made", "scratch")}
    for place in places.values():
        place.mkdir()
    context = replace(life.context, scratch=places["scratch"])
    task = ExportTask(life.provider, context, directory, places["made"], life.resumed_watch.check)
    agreed = making.make(known, task, life.resumed_watch)
    assert agreed.compared > 0 and agreed.holds
    shutil.rmtree(places["made"])
    places["made"].mkdir()
    with formats.load_exporter(known)(task) as rows:
        assert_boxes_of_odd_pictures_are_inside(making.ExportedDetector(directory, rows))


def test_odd_picture_has_its_boxes_inside(life: Life, tmp_path: Path) -> None:
    assert_boxes_of_odd_pictures_are_inside(onnx_detector(life, tmp_path))


def assert_boxes_of_odd_pictures_are_inside(detector: agreement.ExportedModel) -> None:
    """At the lowest confidence, at which an untrained network finds boxes anywhere."""
    for name, (content, (width, height)) in ODD_PICTURES.items():
        for row in detector.detect(read_picture(content), LOWEST_CONFIDENCE):
            left, top, right, bottom = row["box"]
            assert 0 <= left <= right <= width and 0 <= top <= bottom <= height, name
            assert 0 < row["score"] <= 1, name


@pytest.mark.parametrize("life", LIGHTEST, indirect=True)
@pytest.mark.parametrize(
    "wh", [(160, 120), (97, 201), (64, 64), (333, 40), (4000, 100), (100, 4000), (1, 1)], ids=str
)
def test_predict_program_places_boxes_as_the_library_does(
    life: Life, tmp_path: Path, wh: tuple[int, int]
) -> None:
    picture = cv2.resize(cv2.imread(str(life.context.data.val[0])), wh)
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), picture)
    expected = life.provider.predict(life.context, [path], LOWEST_CONFIDENCE)
    found = agreement.compare([path], expected, onnx_detector(life, tmp_path), 0.0001)
    assert found.compared > 0
    assert found.unmatched <= found.compared // 5
    assert found.max_box_px < 0.5  # scores all but equal: a neighbour may be kept instead


def test_whole_life_needs_no_network(life: Life) -> None:
    assert life.network == []


@pytest.mark.parametrize("life", LIGHTEST, indirect=True)
def test_gpu_that_is_not_there_is_refused_by_its_field(life: Life, tmp_path: Path) -> None:
    config = life.context.config.model_copy(update={"device": "99"})
    request = TrainRequest(life.dnn_type, config, life.context.data, open_attempt(tmp_path))
    with pytest.raises(InvalidInput, match="There is no GPU 99") as caught:
        life.provider.train(request, TrainingCallback())
    assert caught.value.field == "train_config.device"


@pytest.mark.parametrize("life", LIGHTEST, indirect=True)
@pytest.mark.parametrize("kept_bytes", [0, 5000, -5000], ids=["empty", "start", "most"])
def test_damaged_weights_are_a_sentence_not_a_crash(
    life: Life, tmp_path: Path, kept_bytes: int
) -> None:
    damaged = tmp_path / "weights.pt"
    damaged.write_bytes(life.context.checkpoint.read_bytes()[:kept_bytes])
    with pytest.raises(Conflict, match=r"weights\.pt is damaged"):
        life.provider.train(fresh(life, tmp_path, weights=damaged), TrainingCallback())


@pytest.mark.parametrize("life", LIGHTEST, indirect=True)
def test_weights_of_another_family_are_a_sentence(life: Life, tmp_path: Path) -> None:
    import torch

    torch.save({"some.layer.weight": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(Conflict, match=r"other\.pt is damaged or not a checkpoint of this family"):
        life.provider.train(
            fresh(life, tmp_path, weights=tmp_path / "other.pt"), TrainingCallback()
        )


@pytest.mark.parametrize("life", LIGHTEST, indirect=True)
def test_damaged_checkpoint_does_not_resume(life: Life, tmp_path: Path) -> None:
    earlier = open_attempt(tmp_path)
    (tmp_path / "half.pt").write_bytes(life.context.checkpoint.read_bytes()[:5000])
    earlier.keep_checkpoint(tmp_path / "half.pt", 1)
    earlier.keep_best(tmp_path / "half.pt")
    with pytest.raises(Conflict, match="is damaged"):
        life.provider.train(replace(fresh(life, tmp_path), resume=earlier), TrainingCallback())


@pytest.mark.parametrize("life", LIGHTEST, indirect=True)
def test_checkpoint_that_would_run_code_is_refused(life: Life, tmp_path: Path) -> None:
    import torch

    class Malicious:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "it-ran",)

    torch.save({"model": Malicious()}, tmp_path / "evil.pt")
    context = replace(life.context, checkpoint=tmp_path / "evil.pt")
    with pytest.raises(Conflict, match="not a checkpoint of this family"):
        life.provider.predict(context, life.context.data.val, 0.25)
    assert not (tmp_path / "it-ran").exists()


@pytest.mark.parametrize("life", LIGHTEST, indirect=True)
def test_batch_that_runs_out_of_memory_is_halved_and_said(life: Life, tmp_path: Path) -> None:
    watcher = MemoryFails(times=1, in_epoch=2)
    life.provider.train(fresh(life, tmp_path), watcher)
    [sentence] = watcher.warnings
    assert "with 4 images per step" in sentence and "goes on with 2" in sentence
    assert [row.epoch for row in watcher.rows] == [1, 2]
    assert len([epoch for epoch, _ in watcher.batches if epoch == 2]) == 4


@pytest.mark.parametrize("life", LIGHTEST, indirect=True)
def test_resumed_training_tells_its_true_epoch_with_a_smaller_batch_too(
    life: Life, tmp_path: Path
) -> None:
    """One epoch is done; the memory runs out in the first batch after that, once."""
    watcher = MemoryFails(times=1, in_epoch=2)
    life.provider.train(replace(fresh(life, tmp_path), resume=life.cancelled), watcher)
    assert ["goes on with 2" in sentence for sentence in watcher.warnings] == [True]
    shares = [1 / 2 + part / 4 / 2 for part in (1, 2, 3, 4)]
    assert watcher.batches == [(2, pytest.approx(share)) for share in shares]
    assert [row.epoch for row in watcher.rows] == [2]


@pytest.mark.parametrize("life", LIGHTEST[:1], indirect=True)
def test_memory_that_runs_out_within_ultralytics_is_ours_to_answer(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would halve silently, three times, and in the first epoch only."""
    import torch

    trainer = life.provider.trainer
    whole, calls = trainer.preprocess_batch, []

    def fail_once(self: Any, batch: Any) -> Any:
        calls.append(batch)
        if len(calls) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return whole(self, batch)

    monkeypatch.setattr(trainer, "preprocess_batch", fail_once)
    watcher = TrainingCallback()
    life.provider.train(fresh(life, tmp_path), watcher)
    assert ["goes on with 2" in sentence for sentence in watcher.warnings] == [True]
    assert [row.epoch for row in watcher.rows] == [1, 2]


@pytest.mark.parametrize("life", LIGHTEST, indirect=True)
def test_memory_that_never_suffices_ends_the_training(life: Life, tmp_path: Path) -> None:
    watcher = MemoryFails(times=99, in_epoch=1)
    with pytest.raises(Conflict, match="Choose a smaller image size"):
        life.provider.train(fresh(life, tmp_path), watcher)
    assert 1 <= len(watcher.warnings) <= MAX_HALVINGS


def test_child_starts_with_what_its_parent_knows_of_each_class(life: Life, tmp_path: Path) -> None:
    assert_child_starts_as_its_parent(life, life.context.checkpoint, NAMES, tmp_path)


@pytest.mark.parametrize("life", ULTRALYTICS, indirect=True)
def test_child_of_classes_called_0_1_2_starts_with_what_its_parent_knows_of_them(
    life: Life, tmp_path: Path
) -> None:
    """Ultralytics takes such classes for unnamed ones."""
    import torch

    content = torch.load(life.context.checkpoint, map_location="cpu", weights_only=False)
    content["model"].names = {number: str(number) for number in range(len(NAMES))}
    torch.save(content, tmp_path / "parent.pt")
    digits = tuple(content["model"].names.values())
    assert_child_starts_as_its_parent(life, tmp_path / "parent.pt", digits, tmp_path)


def assert_child_starts_as_its_parent(
    life: Life, parent_file: Path, names: tuple[str, ...], directory: Path
) -> None:
    """With steps of next to nothing, the rows of the parent's classes stay the parent's."""
    config = life.context.config.model_copy(update={"lr0": 1e-12, "epochs": 1})
    request = fresh(life, directory, weights=parent_file)
    data = replace(request.data, classes=(*names, "tram"))
    life.provider.train(replace(request, config=config, data=data), TrainingCallback())
    assert class_names(request.attempt.trained) == [*names, "tram"]
    parent, child = tensors(parent_file), tensors(request.attempt.trained)
    assert parent.keys() == child.keys()
    grown = [name for name in parent if parent[name].shape != child[name].shape]
    assert grown
    background = 0 if "ultralytics" in life.provider.versions else 1
    for name in grown:
        known = class_rows(name, parent[name], len(names) + background)
        rows = class_rows(name, child[name], len(names) + background + 1)
        assert rows[:, : known.shape[1]].numpy() == pytest.approx(known.numpy(), abs=1e-6), name


def test_checkpoint_names_the_classes_to_those_who_load_it_elsewhere(life: Life) -> None:
    assert class_names(life.context.checkpoint) == list(NAMES)


@pytest.mark.parametrize("life", LIGHTEST[:1], indirect=True)
def test_onnx_names_the_classes_as_ultralytics_reads_them(life: Life) -> None:
    named = onnxruntime.InferenceSession(str(life.onnx)).get_modelmeta().custom_metadata_map
    assert ast.literal_eval(named["names"]) == dict(enumerate(NAMES))


def class_names(checkpoint: Path) -> list[str]:
    """The names of the classes in a checkpoint of either library, by class id."""
    import torch

    content = torch.load(checkpoint, map_location="cpu", weights_only=False)
    return list(content["classes"] if "classes" in content else content["model"].names.values())


def tensors(checkpoint: Path) -> dict[str, Any]:
    """The trained network's state, of either library."""
    import torch

    content = torch.load(checkpoint, map_location="cpu", weights_only=False)
    model = content["model"]
    state: dict[str, Any] = model if isinstance(model, dict) else model.state_dict()
    return state


def class_rows(name: str, tensor: Any, classes: int) -> Any:
    """The rows as (anchors, classes, numbers of each)."""
    per_class = 4 if "bbox_pred" in name else 1
    return tensor.reshape(tensor.shape[0] // (classes * per_class), classes, -1)


@pytest.mark.parametrize(
    "dnn_type",
    [
        known.type
        for known in registry.list_types()
        if known.type not in LIVED or known.type == SHALLOW
    ],
)
def test_other_types_are_built_and_take_a_step(dnn_type: str, tmp_path: Path) -> None:
    config = registry.config_model(dnn_type).checked({**CONFIG, "batch": 2})
    attempt = open_attempt(tmp_path)
    data = materialize(write_training_set(tmp_path / "set", 2, 2), attempt.directory / "data")
    watcher = TrainingCallback(stop_in_epoch=1)
    with listening() as network, pytest.raises(JobCancelled):
        registry.load_provider(dnn_type).train(
            TrainRequest(dnn_type, config, data, attempt), watcher
        )
    assert watcher.batches == [(1, pytest.approx(1 / EPOCHS))]
    assert network == []


class MemoryFails(TrainingCallback):
    """The memory runs out in the first batch of an epoch, so many times."""

    def __init__(self, times: int, in_epoch: int) -> None:
        super().__init__()
        self._times = times
        self._in_epoch = in_epoch

    def on_batch(self, epoch: int, fraction: float) -> None:
        import torch

        if epoch == self._in_epoch and self._times:
            self._times -= 1
            raise torch.OutOfMemoryError("CUDA out of memory.")
        super().on_batch(epoch, fraction)


def fresh(life: Life, directory: Path, weights: Path | None = None) -> TrainRequest:
    """A new training of the same detector."""
    attempt = open_attempt(directory)
    data = materialize(life.training_set, attempt.directory / "data")
    return TrainRequest(life.dnn_type, life.context.config, data, attempt, weights=weights)


def onnx_detector(life: Life, directory: Path) -> agreement.ExportedModel:
    from tpod_core.inference.predict import Detector

    (directory / "model.onnx").write_bytes(life.onnx.read_bytes())
    model_zip.write_labels(directory, NAMES)
    card = DetectorCard("d", "f", 64, 0.25, NAMES, "s", "h", None, {}, {}, "now")
    model_zip.write_card(directory, card)
    return Detector(directory)
