"""Collections of labelled images as one video each: the way to train on single pictures.

Each image is one frame, one a second. All are padded to one size on the right and below, so
that no pixel is scaled and every box keeps its coordinates.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray
from starlette.testclient import TestClient

from tpod_core.formats.yolo import read_yolo_line
from tpod_core.geometry import Box, clip
from tpod_core.jobs import execute
from tpod_core.video.writing import write_video
from workers import import_video

_PADDING = 114
"""The grey with which detectors pad pictures themselves."""


@dataclass(frozen=True)
class LabelledImage:
    """A picture (blue, green, red) and its boxes: class name, place in pixels."""

    image: NDArray[np.uint8]
    boxes: tuple[tuple[str, Box], ...]


def read_voc(directory: Path, count: int, longest_side: int) -> Iterator[LabelledImage]:
    """The first ``count`` pictures that are not larger."""
    for path in sorted((directory / "annotations").glob("*.xml")):
        tree = ElementTree.parse(path)
        image = _read(directory / "images" / (tree.findtext("filename") or ""))
        if count and max(image.shape) <= longest_side:
            count -= 1
            wh = image.shape[1], image.shape[0]
            yield LabelledImage(
                image,
                tuple(
                    (
                        entry.findtext("name") or "",
                        clip(
                            Box(*(float(edge.text or 0) for edge in entry.iterfind("bndbox/*"))), wh
                        ),
                    )
                    for entry in tree.iterfind("object")
                ),
            )


def read_yolo(directory: Path) -> Iterator[LabelledImage]:
    """Every picture of both parts; classes are named by their number."""
    for path in sorted((directory / "images").rglob("*.jpg")):
        image = _read(path)
        wh = image.shape[1], image.shape[0]
        label_file = directory / "labels" / path.parent.name / f"{path.stem}.txt"
        lines = [read_yolo_line(line, wh) for line in label_file.read_text().splitlines()]
        yield LabelledImage(image, tuple((f"class {i}", clip(box, wh)) for i, box in lines))


def letterboxed(original: LabelledImage, side: int) -> LabelledImage:
    """The same picture with ``side`` pixels on its longer side; ``write_collection`` pads it.

    For pictures of many sizes: padded to the largest, the others would be stamps in it.
    """
    height, width = original.image.shape[:2]
    scale = side / max(height, width)
    wh = round(width * scale), round(height * scale)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    boxes = tuple(
        (name, clip(Box(*(edge * scale for edge in box.xyxy)), wh)) for name, box in original.boxes
    )
    image = cv2.resize(original.image, wh, interpolation=how)
    return LabelledImage(image.astype(np.uint8, copy=False), boxes)


def write_collection(path: Path, images: list[LabelledImage]) -> None:
    """The video of a collection."""
    height, width = (max(each.image.shape[axis] + 1 & ~1 for each in images) for axis in (0, 1))
    write_video(path, (_padded(each.image, width, height) for each in images), fps=1)


def import_collection(api: TestClient, images: list[LabelledImage], path: Path) -> int:
    """Upload, import and label; the video's id."""
    write_collection(path, images)
    names = dict.fromkeys(name for each in images for name, _ in each.boxes)
    labels = [{"name": name} for name in names]
    video: int = api.post("/videos", json={"name": path.stem, "labels": labels}).json()["id"]
    with path.open("rb") as file:
        sent = api.post(f"/videos/{video}/data", files={"file": (path.name, file)})
    execute(sent.json()["id"], 1, run=import_video.run, worker="w", abandon=lambda: None)
    now = api.get(f"/videos/{video}").json()
    assert (now["state"], now["frame_count"]) == ("ready", len(images))
    written = api.put(f"/videos/{video}/annotations", json=document(images, now["revision"]))
    assert written.status_code == 200, written.text
    return video


def document(images: list[LabelledImage], revision: int) -> dict[str, Any]:
    """The annotations of that video for ``PUT``: each box a track of one frame."""
    return {
        "revision": revision,
        "labels": [],
        "tracks": [
            {"label": name, "keyframes": _keyframes(box, frame, len(images))}
            for frame, each in enumerate(images)
            for name, box in each.boxes
        ],
        "ranges": [[0, len(images)]],
    }


def _keyframes(box: Box, frame: int, frame_count: int) -> list[dict[str, Any]]:
    return [
        {
            "frame": each,
            "box": list(box.xyxy),
            "outside": each != frame,
            "occluded": False,
            "source": "imported",
        }
        for each in (frame, frame + 1)
        if each < frame_count
    ]


def _padded(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    canvas = np.full((height, width, 3), _PADDING, np.uint8)
    canvas[: image.shape[0], : image.shape[1]] = image
    return canvas


def _read(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path))
    assert image is not None, f"{path} is no picture"
    return image.astype(np.uint8, copy=False)
