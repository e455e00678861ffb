"""Writes COCO's detection format, in the folders that Datumaro and CVAT also use.

``annotations/instances_<split>.json`` and ``images/<split>/<file name>``. A category's id is
``class_id`` + 1, since 0 means background; a box is [left, top, width, height] in pixels.

Source: cocodataset.org/#format-data
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tpod_core.archive import Entry
from tpod_core.formats.pictures import SPLITS, Picture, pictures_of
from tpod_core.formats.yolo import Manifest
from tpod_core.geometry import Box

_DECIMALS = 3


def entries(directory: Path, manifest: Manifest) -> Iterator[Entry]:
    """Yields the files of a training set in this format; pictures by their path."""
    for split in SPLITS:
        pictures = list(pictures_of(directory, manifest, split))
        text = json.dumps(document(manifest.classes, pictures), ensure_ascii=False)
        yield f"annotations/instances_{split}.json", text.encode()
        for picture in pictures:
            yield f"images/{split}/{picture.path.name}", picture.path


def document(classes: Sequence[str], pictures: Iterable[Picture]) -> dict[str, Any]:
    """Returns one annotation file; ``video_id`` and ``frame_index`` are our additions."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, picture in enumerate(pictures, start=1):
        images.append(
            {
                "id": image_id,
                "file_name": picture.path.name,
                "width": picture.width,
                "height": picture.height,
                "video_id": picture.video_id,
                "frame_index": picture.frame_index,
            }
        )
        for class_id, box in picture.boxes:
            annotation = {"id": len(annotations) + 1, "image_id": image_id}
            annotations.append(annotation | _object(class_id, box))
    return {
        "info": {"description": "Written by TPOD"},
        "licenses": [],
        "categories": [
            {"id": class_id + 1, "name": name, "supercategory": ""}
            for class_id, name in enumerate(classes)
        ],
        "images": images,
        "annotations": annotations,
    }


def _object(class_id: int, box: Box) -> dict[str, Any]:
    left, top, width, height = (
        round(edge, _DECIMALS) for edge in (box.x1, box.y1, box.width, box.height)
    )
    return {
        "category_id": class_id + 1,
        "bbox": [left, top, width, height],
        "area": round(width * height, _DECIMALS),
        "iscrowd": 0,
        "segmentation": [],
    }
