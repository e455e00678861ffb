"""Writes Pascal VOC's format: one XML file for each picture, and a list for each split.

Folders: ``JPEGImages``, ``Annotations`` and ``ImageSets/Main``. Edges are fractional pixels
counted from 0, as labelImg, CVAT and Datumaro write them. The challenge itself uses whole
numbers from 1, which would move the boxes.

Source: host.robots.ox.ac.uk/pascal/VOC/voc2012/devkit_doc.pdf
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from tpod_core.archive import Entry
from tpod_core.formats.pictures import SPLITS, Picture, pictures_of
from tpod_core.formats.yolo import Manifest
from tpod_core.geometry import Box

_FOLDER = "JPEGImages"


def entries(directory: Path, manifest: Manifest) -> Iterator[Entry]:
    """Yields the files of a training set in this format; pictures by their path."""
    for split in SPLITS:
        stems = []
        for picture in pictures_of(directory, manifest, split):
            stems.append(picture.path.stem)
            yield f"{_FOLDER}/{picture.path.name}", picture.path
            yield f"Annotations/{picture.path.stem}.xml", document(manifest.classes, picture)
        yield f"ImageSets/Main/{split}.txt", "".join(f"{stem}\n" for stem in stems).encode()
    yield "labels.txt", "".join(f"{name}\n" for name in manifest.classes).encode()


def document(classes: Sequence[str], picture: Picture) -> bytes:
    """Returns the annotation file of one picture."""
    root = ElementTree.Element("annotation")
    _add(root, "folder", _FOLDER)
    _add(root, "filename", picture.path.name)
    _add(_add(root, "source"), "database", "TPOD")
    size = _add(root, "size")
    for name, pixels in (("width", picture.width), ("height", picture.height), ("depth", 3)):
        _add(size, name, str(pixels))
    _add(root, "segmented", "0")
    for class_id, box in picture.boxes:
        _add_object(root, classes[class_id], box)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _add_object(root: ElementTree.Element, name: str, box: Box) -> None:
    entry = _add(root, "object")
    _add(entry, "name", name)
    _add(entry, "pose", "Unspecified")
    _add(entry, "truncated", "0")
    _add(entry, "difficult", "0")
    corners = _add(entry, "bndbox")
    for edge, value in zip(("xmin", "ymin", "xmax", "ymax"), box.xyxy, strict=True):
        _add(corners, edge, f"{value:.3f}")


def _add(parent: ElementTree.Element, tag: str, text: str | None = None) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag)
    child.text = text
    return child
