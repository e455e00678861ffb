"""Downloads as YOLO, COCO and VOC: the same pictures and boxes, read back by others' eyes."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.fake_queue import ListQueue
from tests.labelled import add_video, annotate, give_file
from tests.training_sets import built
from tpod_core.formats.yolo import read_yolo_line
from tpod_core.geometry import Box
from tpod_core.models import TrainingSet, User, Video
from tpod_core.services import training_set_files
from tpod_core.services.annotations import KeyframeDoc, TrackDoc

Boxes = dict[str, list[tuple[str, tuple[float, float, float, float]]]]
"""Class name and corners in pixels of each box, by the name of its picture."""

LABELS = ("cup & <saucer>", "👩‍🚀 𠮷野家: #c")
TRUTH = {
    LABELS[0]: Box(10.123, 20.456, 50.789, 60.321),
    LABELS[1]: Box(0, 0, 160, 96),
}


@pytest.fixture
def training_set(admin: User, queue: ListQueue) -> TrainingSet:
    """160 x 96 pixels; both objects fixed on each of the first ten frames; with crops."""
    video: Video = add_video(admin, labels=LABELS)
    give_file(video, 20)
    tracks = [
        TrackDoc(None, name, tuple(KeyframeDoc(n, box, outside=n == 10) for n in range(11)))
        for name, box in TRUTH.items()
    ]
    annotate(admin, video, *tracks, ranges=[(0, 20)])
    negatives = {"ratio": 1, "background_crops": 0.5}
    made, _ = built(
        admin, video, negatives=negatives, split={"guard_frames": 0, "val_fraction": 0.5}
    )
    return made


def unzip(training_set: TrainingSet, format_name: str, directory: Path) -> Path:
    content = b"".join(training_set_files.download(training_set, format_name))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        archive.extractall(directory / format_name)
    (root,) = (directory / format_name).iterdir()
    return root


def yolo_boxes(root: Path) -> Boxes:
    manifest = json.loads((root / "manifest.json").read_text("utf-8"))
    found: Boxes = {}
    for frame in manifest["frames"]:
        label_file = root / frame["image"].replace("images", "labels").replace(".jpg", ".txt")
        parsed = [
            read_yolo_line(line, (frame["width"], frame["height"]))
            for line in label_file.read_text().splitlines()
        ]
        found[Path(frame["image"]).stem] = [(LABELS[i], box.xyxy) for i, box in parsed]
    return found


def coco_boxes(root: Path) -> Boxes:
    """As pycocotools reads them."""
    from pycocotools.coco import COCO

    found: Boxes = {}
    for part in ("train", "val"):
        coco = COCO(str(root / "annotations" / f"instances_{part}.json"))
        for image in coco.loadImgs(coco.getImgIds()):
            assert (root / "images" / part / image["file_name"]).is_file()
            annotations = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
            found[Path(image["file_name"]).stem] = [
                (coco.loadCats(each["category_id"])[0]["name"], corners(*each["bbox"]))
                for each in annotations
            ]
    return found


def corners(x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
    return x, y, x + w, y + h


def voc_boxes(root: Path) -> Boxes:
    found: Boxes = {}
    for part in ("train", "val"):
        for stem in (root / "ImageSets/Main" / f"{part}.txt").read_text().split():
            assert (root / "JPEGImages" / f"{stem}.jpg").is_file()
            tree = ElementTree.parse(root / "Annotations" / f"{stem}.xml")
            found[stem] = [
                (
                    entry.findtext("name") or "",
                    tuple(float(edge.text or "") for edge in entry.iterfind("bndbox/*")),  # type: ignore[misc]
                )
                for entry in tree.iterfind("object")
            ]
    return found


def assert_same_boxes(found: Boxes, expected: Boxes) -> None:
    assert found.keys() == expected.keys()
    for stem, boxes in expected.items():
        assert [name for name, _ in found[stem]] == [name for name, _ in boxes]
        for (_, one), (_, other) in zip(found[stem], boxes, strict=True):
            assert one == pytest.approx(other, abs=0.01)


def test_every_format_has_the_pictures_and_boxes_of_the_set(
    training_set: TrainingSet, tmp_path: Path
) -> None:
    yolo = yolo_boxes(unzip(training_set, "yolo", tmp_path))
    assert sum(bool(boxes) for boxes in yolo.values()) == 10
    for boxes in yolo.values():
        assert_same_boxes({"x": boxes}, {"x": [(n, b.xyxy) for n, b in TRUTH.items() if boxes]})
    assert_same_boxes(coco_boxes(unzip(training_set, "coco", tmp_path)), yolo)
    assert_same_boxes(voc_boxes(unzip(training_set, "voc", tmp_path)), yolo)


@pytest.mark.parametrize("format_name", training_set_files.FORMATS)
def test_pictures_of_a_download_are_those_of_the_set(
    training_set: TrainingSet, tmp_path: Path, format_name: str
) -> None:
    def pictures(root: Path) -> Mapping[str, bytes]:
        return {path.name: path.read_bytes() for path in root.rglob("*.jpg")}

    root = unzip(training_set, format_name, tmp_path)
    assert pictures(root) == pictures(unzip(training_set, "yolo", tmp_path / "truth"))
    assert any("_c0" in name for name in pictures(root))


def test_pycocotools_scores_a_download_against_itself_as_perfect(
    training_set: TrainingSet, tmp_path: Path
) -> None:
    import numpy as np
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    root = unzip(training_set, "coco", tmp_path)
    truth = COCO(str(root / "annotations/instances_train.json"))
    detections = truth.loadRes(
        [
            {key: each[key] for key in ("image_id", "category_id", "bbox")} | {"score": 1.0}
            for each in truth.dataset["annotations"]
        ]
    )
    evaluation = COCOeval(truth, detections, "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert np.isclose(evaluation.stats[0], 1)


def test_voc_names_the_size_and_the_file_of_each_picture(
    training_set: TrainingSet, tmp_path: Path
) -> None:
    root = unzip(training_set, "voc", tmp_path)
    tree = ElementTree.parse(root / "Annotations/v1_000003.xml")
    assert tree.findtext("filename") == "v1_000003.jpg"
    assert [tree.findtext(f"size/{each}") for each in ("width", "height", "depth")] == [
        "160",
        "96",
        "3",
    ]


def test_a_download_is_sent_piece_by_piece_and_leaves_nothing_on_disk(
    training_set: TrainingSet, tmp_path: Path
) -> None:
    from tpod_core.storage import get_storage

    root = get_storage().root
    before = sorted(root.rglob("*"))
    pieces = [len(piece) for piece in training_set_files.download(training_set, "coco")]
    assert len(pieces) > 10 and max(pieces) < sum(pieces) / 2
    assert sorted(root.rglob("*")) == before
