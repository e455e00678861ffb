"""Label lines, the data file and the manifest of a training set."""

import json
from pathlib import Path

import pytest
import yaml

from tpod_core.errors import InvalidInput
from tpod_core.formats.yolo import (
    Manifest,
    ManifestFrame,
    ManifestVideo,
    data_yaml,
    image_path,
    label_path,
    masked_image_path,
    read_manifest,
    read_yolo_line,
    source_of,
    write_manifest,
    yolo_line,
)
from tpod_core.geometry import Box


def test_yolo_line_gives_centre_and_size_as_fractions() -> None:
    assert yolo_line(Box(10, 20, 30, 60), 3, (100, 200)) == "3 0.200000 0.200000 0.200000 0.200000"


@pytest.mark.parametrize(
    "box",
    [
        pytest.param(Box(10, 10, 10, 20), id="no width"),
        pytest.param(Box(30, 10, 10, 20), id="left and right exchanged"),
        pytest.param(Box(-1, 10, 20, 20), id="leaves on the left"),
        pytest.param(Box(0, 10, 20, 101), id="leaves at the bottom"),
        pytest.param(Box(float("nan"), 10, 20, 50), id="not a number"),
    ],
)
def test_yolo_line_refuses_a_box_that_is_empty_or_leaves_the_frame(box: Box) -> None:
    with pytest.raises(InvalidInput):
        yolo_line(box, 0, (100, 100))


def test_read_yolo_line_returns_what_was_written() -> None:
    class_id, box = read_yolo_line(yolo_line(Box(3, 5, 333, 99), 7, (1920, 1080)), (1920, 1080))
    assert class_id == 7
    assert box.xyxy == pytest.approx((3, 5, 333, 99), abs=0.002)


def test_label_file_lies_where_ultralytics_looks_for_it() -> None:
    image = image_path("train", 3, 12)
    assert (image, label_path(image)) == (
        "images/train/v3_000012.jpg",
        "labels/train/v3_000012.txt",
    )


def test_data_yaml_is_relative_and_downloads_nothing() -> None:
    assert yaml.safe_load(data_yaml(("cup", "bus"))) == {
        "train": "images/train",
        "val": "images/val",
        "names": {0: "cup", 1: "bus"},
    }


@pytest.mark.parametrize("name", ['a "b": # c', "Tasse à café", "杯子 😀", "- [x]", "no", "1.5"])
def test_data_yaml_keeps_any_printable_name(name: str) -> None:
    assert yaml.safe_load(data_yaml((name,)))["names"] == {0: name}


def test_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    manifest = Manifest(
        classes=("杯子", "bus"),
        content_hash="c0ffee",
        frames=(
            ManifestFrame("val", "images/val/v3_000012.jpg", 3, 12, 640, 360, 2),
            ManifestFrame("train", "c.jpg", 3, 13, 64, 36, 0, crop=(5, 6, 64, 36)),
            ManifestFrame("train", "m.jpg", 3, 14, 640, 360, 0, shown=((1, 2, 3, 4), (9, 8, 7, 6))),
        ),
        videos=(ManifestVideo(3, "Küche", "ab12", 7),),
        choice={"seed": 1},
    )
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest


def test_masked_frame_has_a_name_of_its_own_that_no_frame_is_read_from() -> None:
    image = masked_image_path(3, 12)
    assert image == "images/train/v3_000012_masked.jpg"
    assert label_path(image) == "labels/train/v3_000012_masked.txt"
    assert source_of("v3_000012.jpg") == (3, 12)
    assert source_of("v3_000012_masked.jpg") is None


def test_manifest_from_before_masked_frames_is_read(tmp_path: Path) -> None:
    frame = ManifestFrame("val", "images/val/v3_000012.jpg", 3, 12, 640, 360, 2)
    manifest = Manifest(("cup",), "c0ffee", (frame,))
    write_manifest(tmp_path, manifest)
    path = tmp_path / "manifest.json"
    raw = json.loads(path.read_text())
    del raw["frames"][0]["shown"]
    path.write_text(json.dumps(raw))
    assert read_manifest(tmp_path) == manifest
