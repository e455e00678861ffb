"""Other formats than ONNX: made on request, compared with the checkpoint, then offered."""

import io
import json
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from sqlmodel import select

from tests.detectors import ANSWER_IN_INPUT, SIDE_PX, FakeProvider, create_detector, work
from tests.jobs import run_job
from tests.tensorflow_formats import convert_once
from tpod_core import db
from tpod_core.config import get_settings
from tpod_core.errors import Conflict, InvalidInput, NotFound
from tpod_core.exports import formats, needs
from tpod_core.exports.formats import list_formats
from tpod_core.exports.plain_onnx import write_plain
from tpod_core.exports.task import ExportTask, Rows
from tpod_core.models import Artifact, Detector, Job, JobState, TrainingSet, User, saved_id
from tpod_core.services import detectors, model_files
from tpod_core.services.model_files import FormatStatus
from tpod_core.storage import sha256_of
from workers import export_model

NAME = "torchscript"


@pytest.fixture
def trained(owner: User, training_set: TrainingSet, provider: FakeProvider) -> Detector:
    return work(create_detector(owner, training_set))


class FakeExporter:
    """Writes a file and answers with ``answer``; ``before`` may raise."""

    def __init__(self) -> None:
        self.answer = ANSWER_IN_INPUT
        self.content = b"model"
        self.tasks: list[ExportTask] = []

    def before(self, task: ExportTask) -> None:
        """Nothing, unless a test replaces it."""

    @contextmanager
    def __call__(self, task: ExportTask) -> Iterator[Rows]:
        self.tasks.append(task)
        self.before(task)
        (task.directory / "deep").mkdir()
        (task.directory / "deep" / "model.bin").write_bytes(self.content)
        yield lambda picture: np.array([[*self.answer, 0.9, 0]], np.float32)


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> FakeExporter:
    fake = FakeExporter()
    monkeypatch.setattr("tpod_core.exports.making.load_exporter", lambda known: fake)
    return fake


def start(detector: Detector, wanted: str = NAME) -> Job:
    with db.transaction() as session:
        row = session.get_one(Detector, detector.id)
        return model_files.start_export(session, row, wanted)


def export(detector: Detector, wanted: str = NAME) -> Job:
    """Ask for an export and run its job, as a worker would."""
    job = start(detector, wanted)
    return run_job(saved_id(job), export_model.run)


def find(detector: Detector, wanted: str = NAME) -> Path | Job:
    with db.read_session() as session:
        return model_files.find_model(session, session.get_one(Detector, detector.id), wanted)


def offer(detector: Detector, wanted: str = NAME) -> FormatStatus:
    with db.read_session() as session:
        offers = model_files.list_formats(session, session.get_one(Detector, detector.id))
    return next(each for each in offers if each.format.name == wanted)


def members(archive: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist()}


def test_export_is_offered_with_its_companions_and_its_figure(
    trained: Detector, exporter: FakeExporter
) -> None:
    assert export(trained).state is JobState.SUCCEEDED
    archive = find(trained)
    assert isinstance(archive, Path)
    inside = members(archive)
    assert set(inside) == {
        "deep/model.bin",
        "labels.txt",
        "label_map.pbtxt",
        "detector.json",
        "metrics.json",
        "agreement.json",
        "README.md",
    }
    artifact = offer(trained).artifact
    assert artifact is not None
    assert (artifact.sha256, artifact.size_bytes) == (sha256_of(archive), archive.stat().st_size)
    assert artifact.agreement["compared"] == 4
    assert artifact.agreement["max_box_px"] < 0.01
    assert json.loads(inside["agreement.json"]) == artifact.agreement


def test_readme_of_an_export_tells_the_input(trained: Detector, exporter: FakeExporter) -> None:
    export(trained)
    archive = find(trained)
    assert isinstance(archive, Path)
    text = members(archive)["README.md"].decode()
    assert "1×3×64×64" in text
    assert f"score under {trained.metrics['recommended_confidence']:.2f}" in text


@pytest.mark.parametrize("known", list_formats(), ids=lambda known: known.name)
def test_usage_of_every_format_can_be_filled_in(known: formats.ExportFormat) -> None:
    text = known.usage.format(side=320)
    assert "320×320" in text
    assert "{{" not in text


def test_export_that_disagrees_is_not_offered(trained: Detector, exporter: FakeExporter) -> None:
    exporter.answer = (12.0, 18.0, 30.0, 38.0)
    job = export(trained)
    assert job.state is JobState.FAILED
    assert "TorchScript model is not offered: 4 of 4 objects" in job.message
    assert offer(trained).failure == job.message
    with pytest.raises(NotFound, match="was not made yet"):
        find(trained)


def test_failing_export_leaves_the_earlier_file(trained: Detector, exporter: FakeExporter) -> None:
    export(trained)
    archive = find(trained)
    assert isinstance(archive, Path)
    before = archive.read_bytes()
    exporter.answer, exporter.content = (0.0, 0.0, 4.0, 4.0), b"worse"
    assert export(trained).state is JobState.FAILED
    assert archive.read_bytes() == before
    assert offer(trained).artifact is not None


def test_better_export_clears_the_failure(trained: Detector, exporter: FakeExporter) -> None:
    exporter.answer = (0.0, 0.0, 4.0, 4.0)
    export(trained)
    exporter.answer = ANSWER_IN_INPUT
    export(trained)
    assert offer(trained).failure == ""


@pytest.mark.parametrize(
    "error",
    [RuntimeError("no such operation: Warp\nand more"), ImportError("libgomp.so.1"), ValueError()],
    ids=["converter", "library", "without words"],
)
def test_failing_converter_ends_the_job_with_its_cause(
    trained: Detector, exporter: FakeExporter, error: Exception
) -> None:
    def fail(task: ExportTask) -> None:
        raise error

    exporter.before = fail  # type: ignore[method-assign]
    job = export(trained)
    assert job.state is JobState.FAILED, "tried once: it would fail again"
    assert "The conversion to TorchScript failed" in job.message
    assert type(error).__name__ in job.message
    assert "and more" not in job.message
    assert not offer(trained).is_exporting


def test_nothing_of_a_failed_export_stays_on_the_disk(
    trained: Detector, exporter: FakeExporter, home: Path
) -> None:
    exporter.answer = (0.0, 0.0, 4.0, 4.0)
    export(trained)
    assert {path.name for path in (home / "detectors" / str(trained.id)).iterdir()} == {
        "model",
        "epochs.jsonl",
        "events",
    }


def test_cancelled_export_ends_between_its_steps(trained: Detector, exporter: FakeExporter) -> None:
    def cancel(task: ExportTask) -> None:
        from tpod_core.jobs import request_cancel

        with db.transaction() as session:
            [job] = session.exec(select(Job).where(Job.kind == "export-model")).all()
            request_cancel(session, job)

    exporter.before = cancel  # type: ignore[method-assign]
    assert export(trained).state is JobState.CANCELLED
    assert (offer(trained).artifact, offer(trained).failure) == (None, "")


def test_export_under_way_is_not_started_twice(trained: Detector) -> None:
    first = start(trained)
    assert start(trained).id == first.id
    assert start(trained, "zip").id != first.id, "another format is another export"
    assert isinstance(find(trained), Job)


def test_export_after_its_training_set_was_deleted_says_so(
    trained: Detector, exporter: FakeExporter
) -> None:
    from tpod_core.models import TrainingSet

    with db.transaction() as session:
        session.delete(session.get_one(TrainingSet, trained.train_set_id))
    assert "training set was deleted" in export(trained).message


def test_deleted_detector_takes_its_exports_along(
    trained: Detector, exporter: FakeExporter, home: Path
) -> None:
    export(trained)
    with db.transaction() as session:
        detectors.delete(session, session.get_one(Detector, trained.id))
    assert not (home / "detectors" / str(trained.id)).exists()
    with db.read_session() as session:
        assert session.exec(select(Artifact)).all() == []


def test_unknown_format_lists_the_known_ones(trained: Detector) -> None:
    with pytest.raises(InvalidInput, match="zip, torchscript, openvino, litert, saved_model"):
        start(trained, "coreml")


@pytest.mark.parametrize(
    ("wanted", "command"),
    [
        ("openvino", "pip install -r requirements-export-openvino.txt"),
        ("litert", "make export-tensorflow"),
        ("saved_model", "make export-tensorflow"),
    ],
)
def test_missing_package_is_named_with_what_to_run(
    trained: Detector, monkeypatch: pytest.MonkeyPatch, wanted: str, command: str
) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    monkeypatch.setenv("TPOD_TENSORFLOW_PYTHON", "/nowhere/bin/python")
    get_settings.cache_clear()
    assert command in offer(trained, wanted).missing
    with pytest.raises(Conflict, match=command):
        start(trained, wanted)


@pytest.mark.parametrize(
    ("wanted", "way_out"),
    [("openvino", r"pip install 'tpod\[openvino\]'"), ("saved_model", "TPOD_TENSORFLOW_PYTHON")],
)
def test_installed_tpod_names_no_file_of_a_clone_for_a_missing_package(
    trained: Detector, monkeypatch: pytest.MonkeyPatch, wanted: str, way_out: str
) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    monkeypatch.setattr(needs, "IS_INSTALLED", True)
    monkeypatch.setenv("TPOD_TENSORFLOW_PYTHON", "/nowhere/bin/python")
    get_settings.cache_clear()
    with pytest.raises(Conflict, match=way_out):
        start(trained, wanted)


def test_environment_without_the_converter_counts_as_missing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = home / "bin" / "python"
    python.parent.mkdir()
    python.touch()
    monkeypatch.setenv("TPOD_TENSORFLOW_PYTHON", str(python))
    get_settings.cache_clear()
    assert "not installed" in needs.missing_tensorflow()
    (home / "lib" / "python3.11" / "site-packages" / "onnx2tf").mkdir(parents=True)
    assert needs.missing_tensorflow() == ""


def test_package_that_went_away_after_the_asking_fails_the_job_with_the_way_out(
    trained: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: object())
    job = start(trained, "openvino")
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    run_job(saved_id(job), export_model.run)
    assert "requirements-export-openvino.txt" in offer(trained, "openvino").failure


def varying_model(target: Path) -> None:
    """Finds what ``FakeProvider`` finds, by a graph that looks at its input and joins an empty
    piece, as traced detectors do."""
    rows = np.zeros((1, 300, 4), np.float32)
    rows[0, 0] = ANSWER_IN_INPUT
    scores = np.zeros((1, 300, 2), np.float32)
    scores[0, 0] = (0.9, 0)
    empty = [numpy_helper.from_array(np.array([v], np.int64), f"i{v}") for v in (0, 2)]
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["peak"], keepdims=0),
        helper.make_node("Mul", ["peak", "nothing"], ["zero"]),
        helper.make_node("Add", ["boxes", "zero"], ["moved"]),
        helper.make_node("Add", ["scores", "zero"], ["scored"]),
        helper.make_node("Slice", ["scored", "i2", "i2", "i2"], ["extras"]),
        helper.make_node("Concat", ["moved", "scored", "extras"], ["output0"], axis=2),
    ]
    constants = [
        *empty,
        numpy_helper.from_array(np.float32(0), "nothing"),
        numpy_helper.from_array(rows, "boxes"),
        numpy_helper.from_array(scores, "scores"),
    ]
    shape = [1, 3, SIDE_PX, SIDE_PX]
    graph = helper.make_graph(
        nodes,
        "varying",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 300, 6])],
        constants,
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=9), target)


def answer_of(model: Path) -> Any:
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    picture = np.full((1, 3, SIDE_PX, SIDE_PX), 0.5, np.float32)
    return session.run(None, {"images": picture})[0]


def test_plain_model_answers_the_same_without_empty_pieces(tmp_path: Path) -> None:
    varying_model(tmp_path / "model.onnx")
    write_plain(tmp_path / "model.onnx", tmp_path / "plain.onnx")
    plain = onnx.load(tmp_path / "plain.onnx")
    assert [node.op_type for node in plain.graph.node].count("Slice") == 0
    [join] = [node for node in plain.graph.node if node.op_type == "Concat"]
    assert len(join.input) == 2
    assert [entry.domain for entry in plain.opset_import] == [""]
    np.testing.assert_array_equal(
        answer_of(tmp_path / "plain.onnx"), answer_of(tmp_path / "model.onnx")
    )


def test_plain_model_keeps_what_only_a_branch_reads(tmp_path: Path) -> None:
    """Two-stage detectors branch on whether anything was found."""

    def branch(name: str, operation: str) -> onnx.GraphProto:
        node = helper.make_node(operation, ["doubled"], [name])
        return helper.make_graph(
            [node], name, [], [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)]
        )

    nodes = [
        helper.make_node("Add", ["images", "images"], ["doubled"]),
        helper.make_node("ReduceMax", ["images"], ["peak"], keepdims=0),
        helper.make_node("Greater", ["peak", "nothing"], ["any"]),
        helper.make_node(
            "If",
            ["any"],
            ["output0"],
            then_branch=branch("a", "Neg"),
            else_branch=branch("b", "Abs"),
        ),
    ]
    shape = [1, 3, SIDE_PX, SIDE_PX]
    graph = helper.make_graph(
        nodes,
        "branching",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(np.float32(0), "nothing")],
    )
    opset = helper.make_opsetid("", 17)
    onnx.save(
        helper.make_model(graph, opset_imports=[opset], ir_version=9), tmp_path / "model.onnx"
    )
    write_plain(tmp_path / "model.onnx", tmp_path / "plain.onnx")
    onnx.checker.check_model(onnx.load(tmp_path / "plain.onnx"))
    assert answer_of(tmp_path / "plain.onnx").max() == -1.0


def publish_varying_model(trained: Detector, home: Path) -> None:
    varying_model(home / "detectors" / str(trained.id) / "model" / "model.onnx")


@pytest.mark.filterwarnings("ignore:::torch")
def test_torchscript_is_made_and_agrees(trained: Detector) -> None:
    job = export(trained, "torchscript")
    assert (job.state, job.message) == (JobState.SUCCEEDED, "")
    archive = find(trained, "torchscript")
    assert isinstance(archive, Path) and "model.torchscript" in members(archive)


def test_openvino_is_made_and_agrees(trained: Detector, home: Path) -> None:
    if needs.missing_openvino():
        pytest.skip(needs.missing_openvino())
    publish_varying_model(trained, home)
    job = export(trained, "openvino")
    assert (job.state, job.message) == (JobState.SUCCEEDED, "")
    archive = find(trained, "openvino")
    assert isinstance(archive, Path) and {"model.xml", "model.bin"} <= set(members(archive))
    assert sys.modules["openvino_telemetry"] is None, "it would report to its makers"


@pytest.mark.slow
def test_tensorflow_formats_are_made_and_agree(
    trained: Detector, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if needs.missing_tensorflow():
        pytest.skip(needs.missing_tensorflow())
    publish_varying_model(trained, home)
    convert_once(monkeypatch, tmp_path / "kept")
    expected = {"litert": "model.tflite", "saved_model": "saved_model/1/saved_model.pb"}
    for wanted, member in expected.items():
        job = export(trained, wanted)
        assert (job.state, job.message) == (JobState.SUCCEEDED, "")
        archive = find(trained, wanted)
        assert isinstance(archive, Path) and member in members(archive)


def test_converter_that_fails_in_its_own_environment_is_a_sentence(
    trained: Detector, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our own Python stands in: it has no onnx2tf, so the program fails when it imports it."""
    python = home / "environment" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    (home / "environment" / "lib" / "python3" / "site-packages" / "onnx2tf").mkdir(parents=True)
    monkeypatch.setenv("TPOD_TENSORFLOW_PYTHON", str(python))
    get_settings.cache_clear()
    job = export(trained, "saved_model")
    assert job.state is JobState.FAILED
    assert "The converter to TensorFlow failed on this detector" in job.message
