"""Training sets on disk, as Ultralytics reads them: images, label files, ``data.yaml``.

``manifest.json`` beside them says where each picture comes from.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from tpod_core.errors import InvalidInput
from tpod_core.geometry import Box, clip

Split = Literal["train", "val"]
MANIFEST = "manifest.json"
_IMAGE_NAME = re.compile(r"v(\d+)_(\d+)\.jpg")


@dataclass(frozen=True)
class ManifestFrame:
    """One picture; ``image`` is its path in the set, ``boxes`` the number of its boxes.

    For a background crop, ``crop`` is its (left, top, width, height) in the frame, in pixels. For
    a masked frame, ``shown`` are those of its only parts that are not grey; it is else empty.
    ``width`` and ``height`` are always the picture's own.
    """

    split: Split
    image: str
    video_id: int
    frame_index: int
    width: int
    height: int
    boxes: int
    crop: tuple[int, int, int, int] | None = None
    shown: tuple[tuple[int, int, int, int], ...] = ()

    @property
    def label_file(self) -> str:
        """The path of the picture's label file in the set."""
        return label_path(self.image)


@dataclass(frozen=True)
class ManifestVideo:
    """A source video: its file's sha256, and the revision of the annotations used."""

    video_id: int
    name: str
    sha256: str
    revision: int


@dataclass(frozen=True)
class Manifest:
    """The content of a training set; a class's position in ``classes`` is its ``class_id``."""

    classes: tuple[str, ...]
    content_hash: str
    frames: tuple[ManifestFrame, ...]
    videos: tuple[ManifestVideo, ...] = ()
    choice: dict[str, Any] = field(default_factory=dict)


def image_path(split: Split, video_id: int, frame_index: int, crop: int | None = None) -> str:
    """Returns the path of a frame's picture in a set: ``"images/train/v3_000012.jpg"``.

    With ``crop``, the path of that background crop: ``"images/train/v3_000012_c0.jpg"``.
    """
    suffix = "" if crop is None else f"_c{crop}"
    return f"images/{split}/v{video_id}_{frame_index:06d}{suffix}.jpg"


def masked_image_path(video_id: int, frame_index: int) -> str:
    """Returns the path of a masked frame's picture: ``"images/train/v3_000012_masked.jpg"``."""
    return image_path("train", video_id, frame_index).removesuffix(".jpg") + "_masked.jpg"


def source_of(image_name: str) -> tuple[int, int] | None:
    """Returns (video id, frame index) from ``image_path``'s file name; ``None`` for others."""
    match = _IMAGE_NAME.fullmatch(image_name)
    return (int(match[1]), int(match[2])) if match else None


def label_path(image: str) -> str:
    """Returns the path of the label file that Ultralytics reads for an image of the set."""
    return image.replace("images/", "labels/", 1).removesuffix(".jpg") + ".txt"


def yolo_line(box: Box, class_id: int, frame_wh: tuple[int, int]) -> str:
    """Returns one label line for Ultralytics detection training.

    Args:
        box: source pixels, already inside the frame.
        class_id: 0-based position in the training set, not ``Label.id``.
        frame_wh: (width, height) in pixels, both positive.
    Returns: ``"class cx cy w h"``, fractions of the frame, six decimals.
    Raises: InvalidInput if the box is empty or leaves the frame.
    Source: docs.ultralytics.com/datasets/detect
    """
    width, height = frame_wh
    if not (0 <= box.x1 < box.x2 <= width and 0 <= box.y1 < box.y2 <= height):
        raise InvalidInput(f"The box {box.xyxy} is empty or leaves its {width}x{height} frame.")
    center_x, center_y = box.center
    return (
        f"{class_id} {center_x / width:.6f} {center_y / height:.6f}"
        f" {box.width / width:.6f} {box.height / height:.6f}"
    )


def read_yolo_line(line: str, frame_wh: tuple[int, int]) -> tuple[int, Box]:
    """Parses a ``yolo_line`` into the class id and the box in pixels."""
    width, height = frame_wh
    class_id, *fractions = line.split()
    center_x, center_y, box_w, box_h = (float(fraction) for fraction in fractions)
    left, top = (center_x - box_w / 2) * width, (center_y - box_h / 2) * height
    return int(class_id), Box(left, top, left + box_w * width, top + box_h * height)


def read_label_file(directory: Path, frame: ManifestFrame) -> tuple[tuple[int, Box], ...]:
    """Returns the class ids and boxes of one picture of a set, in pixels, clipped to it."""
    frame_wh = frame.width, frame.height
    lines = (directory / frame.label_file).read_text(encoding="ascii").splitlines()
    boxes = (read_yolo_line(line, frame_wh) for line in lines)
    # Rounded to six decimals, a box may end slightly outside.
    return tuple((class_id, clip(box, frame_wh)) for class_id, box in boxes)


def data_yaml(classes: tuple[str, ...]) -> str:
    """Returns the data set file of a downloaded set.

    Without ``path``, Ultralytics resolves folders from the file's own directory. ``download``
    is left out because Ultralytics executes it. A JSON string is a YAML string, so any
    printable name is safe.
    """
    names = "".join(
        f"  {class_id}: {json.dumps(name, ensure_ascii=False)}\n"
        for class_id, name in enumerate(classes)
    )
    return f"train: images/train\nval: images/val\nnames:\n{names}"


def write_manifest(directory: Path, manifest: Manifest) -> None:
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(directory: Path) -> Manifest:
    """Reads the manifest of the training set in ``directory``. Raises: FileNotFoundError."""
    raw = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    return Manifest(
        classes=tuple(raw["classes"]),
        content_hash=raw["content_hash"],
        frames=tuple(_manifest_frame(**frame) for frame in raw["frames"]),
        videos=tuple(ManifestVideo(**video) for video in raw["videos"]),
        choice=raw["choice"],
    )


def _manifest_frame(
    crop: list[int] | None = None, shown: Sequence[list[int]] = (), **rest: Any
) -> ManifestFrame:
    parts = tuple(_left_top_width_height(part) for part in shown)
    return ManifestFrame(crop=_left_top_width_height(crop) if crop else None, shown=parts, **rest)


def _left_top_width_height(numbers: list[int]) -> tuple[int, int, int, int]:
    left, top, width, height = numbers
    return left, top, width, height
