"""The files beside the model."""

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tpod_core.config import APP_DIR
from tpod_core.exports import model_zip
from tpod_core.exports.model_zip import DetectorCard

CARD = DetectorCard(
    name="Cups",
    family="yolo26n",
    input_size=320,
    recommended_confidence=0.4,
    classes=("cup", 'the "big" bus\\stop'),
    training_set="kitchen",
    training_set_hash="c0ffee",
    parent=None,
    train_config={"epochs": 2},
    versions={"torch": "2"},
    created="2026-11-23T10:00:00+00:00",
)
METRICS = {"images": 4, "mAP50": 0.5, "mAP50-95": 0.25, "precision": 0.5, "recall": 0.5}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in ("model.pt", "model.onnx"):
        (tmp_path / name).write_bytes(b"weights")
    model_zip.write_labels(tmp_path, CARD.classes)
    model_zip.write_card(tmp_path, CARD)
    model_zip.write_companions(tmp_path, CARD, METRICS)
    return tmp_path


def test_label_map_counts_from_one_and_escapes_names(directory: Path) -> None:
    assert (directory / "label_map.pbtxt").read_text() == (
        'item {\n  id: 1\n  name: "cup"\n}\n'
        'item {\n  id: 2\n  name: "the \\"big\\" bus\\\\stop"\n}\n'
    )


def test_labels_are_one_a_line_by_class_id(directory: Path) -> None:
    assert (directory / "labels.txt").read_text().splitlines() == list(CARD.classes)


def test_names_in_the_readme_are_text_and_nothing_else(tmp_path: Path) -> None:
    picture = "![x](http://192.0.2.1/x.png)"
    card = replace(CARD, name=picture, training_set=picture, classes=(picture,))
    model_zip.write_companions(tmp_path, card, METRICS)
    readme = (tmp_path / "README.md").read_text()
    assert readme.count("\\!\\[x\\]\\(http") == 3
    assert "![x]" not in readme


def test_zip_holds_what_the_design_names(directory: Path) -> None:
    with zipfile.ZipFile(model_zip.pack(directory)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {
            "model.pt",
            "model.onnx",
            "labels.txt",
            "label_map.pbtxt",
            "detector.json",
            "metrics.json",
            "predict.py",
            "drawing.py",
            "DejaVuSans-Bold.ttf",
            "DejaVuSans-Bold-LICENSE.txt",
            "README.md",
        }


@pytest.mark.parametrize("library", ["ultralytics", "torchvision"])
def test_readme_speaks_of_agpl_where_the_family_is_under_it(tmp_path: Path, library: str) -> None:
    model_zip.write_companions(tmp_path, replace(CARD, versions={library: "1"}), METRICS)
    assert ("AGPL" in (tmp_path / "README.md").read_text()) is (library == "ultralytics")


def test_detector_card_says_where_the_model_comes_from(directory: Path) -> None:
    card = json.loads((directory / "detector.json").read_text())
    assert card["family"] == "yolo26n"
    assert card["input_size"] == 320
    assert card["recommended_confidence"] == 0.4
    assert card["training_set_hash"] == "c0ffee"
    assert card["parent"] is None


def test_labels_are_written_alike_whatever_language_the_machine_speaks(tmp_path: Path) -> None:
    names = ["Kühlschrank", "公共汽车"]
    act = (
        "import sys, pathlib; from tpod_core.exports.model_zip import write_labels; "
        f"write_labels(pathlib.Path(sys.argv[1]), {names!a})"
    )
    machine = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONPATH": str(APP_DIR)}
    command = (sys.executable, "-X", "utf8=0", "-c", act, str(tmp_path))
    subprocess.run(command, env=os.environ | machine, check=True)
    assert (tmp_path / "labels.txt").read_text(encoding="utf-8").splitlines() == names
