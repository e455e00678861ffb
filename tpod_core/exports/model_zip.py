"""Writes the published directory of a trained detector and the zip of it.

Contents: ``model.pt`` (the family's checkpoint), ``model.onnx``, ``labels.txt``,
``label_map.pbtxt`` (as TensorFlow's Object Detection API and OpenTPOD write it, ids from 1),
``detector.json``, ``metrics.json``, ``README.md``; and ``predict.py`` with ``drawing.py`` and its
font.
"""

import json
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tpod_core import markdown

ZIP_NAME = "model.zip"
_ROOMS = Path(__file__).parents[1]
# By path, because importing `predict.py` would load onnxruntime.
_PROGRAM = (
    _ROOMS / "inference" / "predict.py",
    _ROOMS / "video" / "drawing.py",
    _ROOMS / "video" / "DejaVuSans-Bold.ttf",
    _ROOMS / "video" / "DejaVuSans-Bold-LICENSE.txt",
)
_UNCOMPRESSED = {
    ".pt",
    ".onnx",
    ".torchscript",
    ".bin",
    ".tflite",
}  # weights hardly shrink, and compressing them takes seconds


@dataclass(frozen=True)
class DetectorCard:
    """The contents of ``detector.json``: what a user of the model outside TPOD needs to know."""

    name: str
    family: str
    input_size: int
    recommended_confidence: float
    classes: tuple[str, ...]
    training_set: str
    training_set_hash: str
    parent: str | None
    train_config: dict[str, Any]
    versions: dict[str, str]
    created: str


def write_labels(directory: Path, classes: Sequence[str]) -> None:
    """Write ``labels.txt``, by ``class_id``, and ``label_map.pbtxt``, whose ids are one higher."""
    (directory / "labels.txt").write_text(
        "".join(f"{name}\n" for name in classes), encoding="utf-8"
    )
    items = (
        f'item {{\n  id: {class_id + 1}\n  name: "{_escaped(name)}"\n}}\n'
        for class_id, name in enumerate(classes)
    )
    (directory / "label_map.pbtxt").write_text("".join(items), encoding="utf-8")


def write_card(directory: Path, card: DetectorCard) -> None:
    text = json.dumps(asdict(card), indent=2, ensure_ascii=False)
    (directory / "detector.json").write_text(text, encoding="utf-8")


def read_card(directory: Path) -> DetectorCard:
    """Read the card of a published directory."""
    values = json.loads((directory / "detector.json").read_text(encoding="utf-8"))
    return DetectorCard(**values | {"classes": tuple(values["classes"])})


def write_companions(directory: Path, card: DetectorCard, metrics: dict[str, Any]) -> None:
    """Write ``metrics.json``, the program and ``README.md``."""
    text = json.dumps(metrics, indent=2, ensure_ascii=False)
    (directory / "metrics.json").write_text(text, encoding="utf-8")
    write_program(directory)
    (directory / "README.md").write_text(_readme(card, metrics), encoding="utf-8")


def write_program(directory: Path) -> None:
    """Write ``predict.py``, and ``drawing.py`` with its font for ``--annotated``."""
    for path in _PROGRAM:
        shutil.copyfile(path, directory / path.name)


def pack(directory: Path) -> Path:
    """Write a zip of all files in ``directory`` into the directory itself."""
    target = directory / ZIP_NAME
    with target.open("wb") as file:
        pack_into(file, directory, without=target)
    return target


def pack_into(file: BinaryIO, directory: Path, without: Path | None = None) -> None:
    """Write a zip of every file below ``directory`` except ``without``, by relative path."""
    members = sorted(path for path in directory.rglob("*") if path.is_file() and path != without)
    with zipfile.ZipFile(file, "w") as archive:
        for path in members:
            kind = zipfile.ZIP_STORED if path.suffix in _UNCOMPRESSED else zipfile.ZIP_DEFLATED
            archive.write(path, path.relative_to(directory), kind)


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _readme(card: DetectorCard, metrics: dict[str, Any]) -> str:
    classes = "\n".join(
        f"{class_id}. {markdown.escape(name)}" for class_id, name in enumerate(card.classes)
    )
    return f"""# {markdown.escape(card.name)}

An object detector ({card.family}) trained with TPOD on the training set \
“{markdown.escape(card.training_set)}”.

On its {metrics["images"]} validation images: mAP50 {metrics["mAP50"]:.3f}, \
mAP50-95 {metrics["mAP50-95"]:.3f}; at the recommended confidence of \
{card.recommended_confidence:.2f}, precision {metrics["precision"]:.3f} and \
recall {metrics["recall"]:.3f}.

## Try it

    pip install onnxruntime av pillow numpy
    python predict.py PICTURE_OR_VIDEO --json boxes.json
    python predict.py VIDEO --json boxes.json --annotated annotated.mp4 --confidence 0.5

It reads the frames of a video as TPOD does: every one, in order, upright, in the same colours.

## Files

- `model.onnx`: input `images`, 1×3×{card.input_size}×{card.input_size}, RGB, 0 to 1, the frame
  scaled into the middle of a square of grey 114; output 1×300×6, rows of
  x1, y1, x2, y2, score, class in input pixels, padded with zeros. Overlaps are already removed.
- `model.pt`: the checkpoint of the library that trained it ({_versions(card)}).
- `labels.txt`: one class per line, the first is class 0. `label_map.pbtxt`: the same for
  TensorFlow's Object Detection API, where the first is 1.
- `detector.json`, `metrics.json`: where the model comes from, and its scores in full.
- `predict.py`: the program above, free to copy from. `drawing.py` draws for `--annotated`, with
  the font `DejaVuSans-Bold.ttf` (licence: `DejaVuSans-Bold-LICENSE.txt`).

## Classes

{classes}
{_licence(card)}"""


def _licence(card: DetectorCard) -> str:
    if "ultralytics" not in card.versions:
        return ""
    return """
## Licence of the model

This family is trained with Ultralytics, which is AGPL-3.0: if you offer others a service or a
product with this model, read what that asks of you.
"""


def _versions(card: DetectorCard) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(card.versions.items()))
