"""Objects with a box on every frame, and how well boxes made from a few of them fit."""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._videos import required_data
from tests.unwatched import Unwatched
from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.box_arrays import iou
from tpod_core.geometry import Box, interpolate
from tpod_core.tracking.segment_tracking import track_segments
from tpod_core.tracking.segments import Anchor, Segment
from tpod_core.tracking.uncertainty import Correction, best_correction
from tpod_core.video.grey import GreyReader
from tpod_core.video.importing import scan_and_check
from tpod_core.video.probe import probe
from tpod_core.video.reader import VideoReader

Boxes = NDArray[np.float64]


@dataclass(frozen=True)
class Filmed:
    """A video, all of it in memory, and its objects."""

    name: str
    images: NDArray[np.uint8]
    objects: tuple["Object", ...]

    @property
    def frame_wh(self) -> tuple[int, int]:
        return self.images.shape[2], self.images.shape[1]

    def read(self, start: int, stop: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        yield from ((frame, self.images[frame]) for frame in range(start, stop))


@dataclass(frozen=True)
class Object:
    """``truth`` (n, 4) on the frames from ``first``, cut at the frame's edge as people do."""

    first: int
    truth: Boxes

    def anchor(self, place: int) -> Anchor:
        return Anchor(self.first + place, Box(*(float(edge) for edge in self.truth[place])))


def sequences() -> list[Filmed]:
    folders = sorted((required_data() / "dev" / "video_gt").iterdir())
    return [sequence(folder) for folder in folders if (folder / "boxes.csv").exists()]


def sequence(folder: Path) -> Filmed:
    path = next(folder.glob("*.mp4"))
    index = scan_and_check(path, probe(path), Unwatched()).index
    with VideoReader(path, index) as reader:
        images = np.stack([image for _, image in GreyReader(reader).read(0, len(index))])
    return Filmed(folder.name, images, tuple(objects_of(folder, index.upright_wh)))


def objects_of(folder: Path, frame_wh: tuple[int, int]) -> Iterator[Object]:
    """What ``boxes.csv`` in a folder of the real data tells."""
    width, height = frame_wh
    rows = defaultdict(list)
    with (folder / "boxes.csv").open() as file:
        for row in csv.DictReader(file):
            x, y, w, h = (float(row[key]) for key in "xywh")
            rows[row["track"]].append((int(row["frame0"]), x, y, x + w, y + h))
    for boxes in rows.values():
        table = np.array(sorted(boxes))
        edges = np.clip(table[:, 1:], 0, [width, height, width, height])
        yield Object(int(table[0, 0]), edges)


def evenly(length: int, count: int) -> tuple[int, ...]:
    """``count`` places of 0 … length - 1, both ends included."""
    return tuple(int(place) for place in np.linspace(0, length - 1, count).round())


def linear(truth: Boxes, places: Sequence[int]) -> Boxes:
    """The straight lines between the boxes at ``places``, which include both ends."""
    boxes = truth.copy()
    for left, right in pairwise(places):
        ends = Box(*truth[left]), Box(*truth[right])
        for place in range(left + 1, right):
            boxes[place] = interpolate(*ends, (place - left) / (right - left)).xyxy
    return boxes


class Propagated:
    """Visual propagation of one object; each gap is worked on once."""

    def __init__(self, video: Filmed, wanted: Object) -> None:
        self._video, self._object = video, wanted
        self._known: dict[Segment, DerivedBoxes] = {}

    def boxes(self, places: Sequence[int]) -> Boxes:
        """(n, 4), from the truth at ``places``."""
        truth, first = self._object.truth, self._object.first
        boxes = truth.copy()
        for derived in self.stretches(places):
            inside = slice(derived.start - first, derived.start - first + len(derived))
            boxes[inside] = derived.boxes_xyxy
        return boxes

    def proposed_place(self, places: Sequence[int]) -> int:
        """The place of the frame that is proposed to be drawn next."""
        return self.place_of(heaviest(self.stretches(places)), places)

    def place_of(self, best: Correction | None, places: Sequence[int]) -> int:
        """In the longest gap where nothing is proposed, as all are sure."""
        return best.frame - self._object.first if best else middle_of_longest(places)

    def stretches(self, places: Sequence[int]) -> list[DerivedBoxes]:
        segments = self._segments(places)
        missing = [segment for segment in segments if segment not in self._known]
        self._known |= dict(track_segments(self._video, missing, Unwatched()))
        return [self._known[segment] for segment in segments]

    def _segments(self, places: Sequence[int]) -> list[Segment]:
        anchors = [self._object.anchor(place) for place in places]
        segments = []
        for number, (left, right) in enumerate(pairwise(anchors)):
            context = (*anchors[max(0, number - 1) : number], *anchors[number + 2 : number + 3])
            segments.append(Segment(left, right, right.frame, context))
        return segments


def middle_of_longest(places: Sequence[int]) -> int:
    """Of the gaps between them."""
    left, right = max(pairwise(places), key=lambda gap: gap[1] - gap[0])
    return (left + right) // 2


def heaviest(stretches: Sequence[DerivedBoxes]) -> Correction | None:
    """The best correction of a track; ``None`` if no box is derived or all are sure."""
    known = filter(None, map(best_correction, stretches))
    return max(known, key=lambda each: each.weight, default=None)


def fit(boxes: Boxes, truth: Boxes) -> NDArray[np.float64]:
    return iou(boxes, truth)


@cache
def spaced(length: int, period: int) -> tuple[int, ...]:
    """Every ``period``-th place, and the last."""
    places = list(range(0, length, period))
    return tuple(places if places[-1] == length - 1 else [*places, length - 1])
