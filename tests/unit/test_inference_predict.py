"""The program in the zip, run as a person runs it: alone, on an image and on a video."""

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest

from tests.detectors import ANSWER_IN_INPUT, constant_model
from tests.training_sets import CUP_BOX
from tpod_core import inference
from tpod_core.exports import model_zip
from tpod_core.exports.model_zip import DetectorCard

PROGRAM = Path(inference.__file__).with_name("predict.py")
FRAME_WH = (160, 120)
FRAMES = 5


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unpacked zip whose model finds the same cup in everything, with score 0.9."""
    directory = tmp_path_factory.mktemp("unpacked")
    card = DetectorCard("Cups", "fake", 64, 0.5, ("cup",), "s", "h", None, {}, {}, "now")
    model_zip.write_labels(directory, card.classes)
    model_zip.write_card(directory, card)
    onnx.save(constant_model(ANSWER_IN_INPUT), directory / "model.onnx")
    shutil.copyfile(PROGRAM, directory / "predict.py")
    return directory


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "tässe.png"
    path.write_bytes(cv2.imencode(".png", np.full((120, 160, 3), 90, np.uint8))[1].tobytes())
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, FRAME_WH)
    for number in range(FRAMES):
        writer.write(np.full((120, 160, 3), 40 * number, np.uint8))
    writer.release()
    return path


def run(unpacked: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Isolated (-I): it must not lean on this repository."""
    return subprocess.run(
        [sys.executable, "-I", str(unpacked / "predict.py"), *map(str, arguments)],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def answer(unpacked: Path, tmp_path: Path, *arguments: object) -> dict[str, Any]:
    ended = run(unpacked, *arguments, "--json", tmp_path / "out.json")
    assert ended.returncode == 0, ended.stderr
    body: dict[str, Any] = json.loads((tmp_path / "out.json").read_text())
    return body


def test_program_needs_three_packages_alone() -> None:
    tree = ast.parse(PROGRAM.read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported - set(sys.stdlib_module_names) == {"cv2", "numpy", "onnxruntime"}


def test_image_gives_one_frame_with_boxes_in_its_own_pixels(
    unpacked: Path, image: Path, tmp_path: Path
) -> None:
    body = answer(unpacked, tmp_path, image)
    assert (body["width"], body["height"], body["detector"]) == (160, 120, "Cups")
    assert body["frames"] == [
        {
            "frame": 0,
            "boxes": [{"label": "cup", "class_id": 0, "score": 0.9, "box": list(CUP_BOX.xyxy)}],
        }
    ]


def test_video_gives_every_frame_and_an_annotated_copy(
    unpacked: Path, video: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "annotated.mp4"
    body = answer(unpacked, tmp_path, video, "--annotated", copy)
    assert [frame["frame"] for frame in body["frames"]] == list(range(FRAMES))
    assert all(len(frame["boxes"]) == 1 for frame in body["frames"])
    shown = cv2.VideoCapture(str(copy))
    frames = 0
    while (read := shown.read())[0]:
        frames += 1
        corner, middle = read[1][25, 25], read[1][50, 50]
        assert np.abs(corner.astype(int) - middle).max() > 30
    assert frames == FRAMES


def test_confidence_hides_what_lies_below_it(unpacked: Path, image: Path, tmp_path: Path) -> None:
    assert answer(unpacked, tmp_path, image, "--confidence", 0.95)["frames"][0]["boxes"] == []


@pytest.mark.parametrize("content", [None, b"no picture"], ids=["missing", "not an image"])
def test_unreadable_source_is_a_sentence(
    unpacked: Path, tmp_path: Path, content: bytes | None
) -> None:
    source = tmp_path / "source.mp4"
    if content:
        source.write_bytes(content)
    ended = run(unpacked, source)
    assert ended.returncode == 1
    assert str(source) in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
