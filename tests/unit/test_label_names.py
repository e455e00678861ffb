"""Which names a label may have, and that every file keeps them as they are."""

import json
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile_names import HOSTILE_NAMES, label_names
from tpod_core.annotations.label_names import MAX_LENGTH, clean_label_name
from tpod_core.errors import InvalidInput
from tpod_core.exports import model_zip
from tpod_core.exports.model_zip import DetectorCard
from tpod_core.formats import coco, voc
from tpod_core.formats.pictures import Picture
from tpod_core.formats.yolo import Manifest, data_yaml, read_manifest, write_manifest
from tpod_core.geometry import Box
from tpod_core.video.drawing import Mark, draw

classes = st.lists(label_names, min_size=1, max_size=8, unique=True).map(tuple)
anywhere = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_printable_name_is_allowed_as_it_is(name: str) -> None:
    assert clean_label_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            pytest.param(f"a{character}b", id=f"U+{ord(character):04X}")
            for character in "\n\r\t\x00\x0b\x1c\x7f\x85\u2028\u2029\ufffe\uffff\ufdd0\U0001fffe"
        ),
        pytest.param("a\ud83d", id="half a pair"),
        pytest.param(" \t\u2003", id="nothing but space"),
        pytest.param("", id="empty"),
        pytest.param("𐍈" * (MAX_LENGTH + 1), id="too long"),
    ],
)
def test_name_that_cannot_be_printed_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        clean_label_name(name)


def test_character_newer_than_python_s_table_is_allowed() -> None:
    newer = "\U0001fae9"
    assert unicodedata.category(newer) in ("Cn", "So")
    assert clean_label_name(newer) == newer


@anywhere
@given(classes=classes)
def test_labels_of_a_download_are_read_back_by_line(
    classes: tuple[str, ...], tmp_path: Path
) -> None:
    model_zip.write_labels(tmp_path, classes)
    text = (tmp_path / "labels.txt").read_text(encoding="utf-8")
    assert text.splitlines() == text.split("\n")[:-1] == list(classes)


@anywhere
@given(classes=classes)
def test_label_map_is_read_by_protobuf(classes: tuple[str, ...], tmp_path: Path) -> None:
    model_zip.write_labels(tmp_path, classes)
    content = (tmp_path / "label_map.pbtxt").read_text(encoding="utf-8")
    read = text_format.Parse(content, LabelMap())
    assert [(item.id, item.name) for item in read.item] == list(enumerate(classes, start=1))


def _label_map() -> type:
    """The message of TensorFlow's Object Detection API, as far as we write it.

    Source: research/object_detection/protos/string_int_label_map.proto of tensorflow/models
    """
    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="label_map.proto", package="test")
    item = file.message_type.add(name="Item")
    item.field.add(name="name", number=1, type=kinds.TYPE_STRING, label=kinds.LABEL_OPTIONAL)
    item.field.add(name="id", number=2, type=kinds.TYPE_INT32, label=kinds.LABEL_OPTIONAL)
    whole = file.message_type.add(name="LabelMap")
    whole.field.add(
        name="item",
        number=1,
        type=kinds.TYPE_MESSAGE,
        label=kinds.LABEL_REPEATED,
        type_name=".test.Item",
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("test.LabelMap"))


LabelMap = _label_map()


@anywhere
@given(classes=classes)
def test_card_of_a_detector_keeps_its_classes(classes: tuple[str, ...], tmp_path: Path) -> None:
    card = DetectorCard(classes[0], "f", 64, 0.5, classes, classes[0], "h", None, {}, {}, "now")
    model_zip.write_card(tmp_path, card)
    assert model_zip.read_card(tmp_path) == card


@anywhere
@given(classes=classes)
def test_downloaded_set_keeps_its_classes(classes: tuple[str, ...], tmp_path: Path) -> None:
    expected = dict(enumerate(classes))
    assert yaml.load(data_yaml(classes), yaml.SafeLoader)["names"] == expected
    assert yaml.load(data_yaml(classes), yaml.CSafeLoader)["names"] == expected
    write_manifest(tmp_path, Manifest(classes, "c0ffee", ()))
    assert read_manifest(tmp_path).classes == classes


@anywhere
@given(classes=classes)
def test_annotations_as_coco_and_voc_keep_the_classes(classes: tuple[str, ...]) -> None:
    boxes = tuple((class_id, Box(1, 2, 3, 4)) for class_id in range(len(classes)))
    picture = Picture(Path("v1_000000.jpg"), 64, 48, boxes, 1, 0)
    as_json = json.loads(json.dumps(coco.document(classes, [picture]), ensure_ascii=False))
    assert [each["name"] for each in as_json["categories"]] == list(classes)
    objects = ElementTree.fromstring(voc.document(classes, picture)).iterfind("object")
    assert [each.findtext("name") for each in objects] == list(classes)


@anywhere
@given(classes=classes)
def test_ultralytics_reads_the_classes_that_it_is_given(
    classes: tuple[str, ...], tmp_path: Path, data_directory: Path
) -> None:
    from tpod_core.training.ultralytics_provider import _data_yaml

    # isort: split
    from ultralytics.data.utils import check_det_dataset

    directory = tmp_path / "👩‍🚀 data"
    directory.mkdir(exist_ok=True)
    for split in ("train", "val"):
        (directory / f"{split}.txt").touch()
    read = check_det_dataset(_data_yaml(directory, classes))
    assert read["names"] == dict(enumerate(classes))
    assert read["path"] == directory


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_name_is_drawn_beside_its_box(name: str) -> None:
    picture = np.zeros((120, 160, 3), np.uint8)
    drawn = draw(picture, [Mark((20, 60, 100, 110), name, (255, 0, 0))])
    assert drawn[:60].any()
