"""Detections that match no label: mistakes of the detector, or missing labels.

Detections of the same object on nearby frames are one finding.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tpod_core.evaluation import matching
from tpod_core.evaluation.matching import Objects
from tpod_core.evaluation.scoring import Gathered
from tpod_core.geometry import Box, iou

MAX_GAP_FRAMES = 30
_MAX_GAP_STEPS = 3
_SAME_OBJECT_IOU = 0.5


@dataclass(frozen=True)
class UnmatchedDetection:
    """A detection that matches no label of its class; ``box`` in upright pixels of the frame.

    ``frames`` is the number of processed frames on which the object was detected.
    """

    video_id: int
    frame_index: int
    label: str
    box: Box
    score: float
    frames: int = 1


def unmatched_on(
    frame: tuple[int, int], classes: Sequence[str], labels: Objects, found: Objects
) -> Iterator[UnmatchedDetection]:
    """Yields the unmatched ones of ``found``, best first; ``frame`` is (video id, frame index).

    A second box on a labelled object is wrong, but left out: there is nothing to label.
    """
    for number in np.flatnonzero(matching.match(labels, found).unmatched).tolist():
        name, score = classes[found.class_ids[number]], float(found.scores[number])
        yield UnmatchedDetection(*frame, name, found.box(number), score)


def unmatched_in(gathered: Gathered, confidence: float) -> list[UnmatchedDetection]:
    """Returns the findings on all validation images, highest score first."""
    single: list[UnmatchedDetection] = []
    frames: dict[int, list[int]] = defaultdict(list)
    for image in gathered.images:
        if image.source is None:
            continue
        frames[image.source[0]].append(image.source[1])
        found = image.found.at_least(confidence)
        single += unmatched_on(image.source, gathered.classes, image.labels, found)
    max_gap = max(map(max_gap_of, frames.values()), default=MAX_GAP_FRAMES)
    return group(single, max_gap)


def max_gap_of(frames: Sequence[int]) -> int:
    """Returns the ``max_gap`` of ``group`` for a detector that ran on ``frames``."""
    steps = np.diff(np.sort(frames))
    if not len(steps):
        return MAX_GAP_FRAMES
    return max(MAX_GAP_FRAMES, _MAX_GAP_STEPS * int(np.median(steps)))


def group(detections: Iterable[UnmatchedDetection], max_gap: int) -> list[UnmatchedDetection]:
    """Returns the detection with the highest score of each object, highest score first.

    Args:
        max_gap: detections further apart, in frames, are of two objects.
    """
    groups: list[DetectionGroup] = []
    near: dict[tuple[int, str], list[DetectionGroup]] = defaultdict(list)
    for detection in sorted(detections, key=lambda one: (one.frame_index, -one.score)):
        key = detection.video_id, detection.label
        near[key] = [one for one in near[key] if one.is_near(detection, max_gap)]
        known = next((one for one in near[key] if one.accepts(detection, max_gap)), None)
        if known:
            known.add(detection)
        else:
            near[key].append(DetectionGroup(detection))
            groups.append(near[key][-1])
    best = (each.finding() for each in groups)
    return sorted(best, key=lambda one: (-one.score, one.video_id, one.frame_index))


def is_same_object(a: UnmatchedDetection, b: UnmatchedDetection, max_gap: int) -> bool:
    return (
        (a.video_id, a.label) == (b.video_id, b.label)
        and abs(a.frame_index - b.frame_index) <= max_gap
        and iou(a.box, b.box) >= _SAME_OBJECT_IOU
    )


class DetectionGroup:
    """Detections of what is probably one object, in frame order."""

    def __init__(self, first: UnmatchedDetection) -> None:
        self._best = self._last = first
        self._frames = {first.frame_index}

    def is_near(self, detection: UnmatchedDetection, max_gap: int) -> bool:
        return detection.frame_index - self._last.frame_index <= max_gap

    def accepts(self, detection: UnmatchedDetection, max_gap: int) -> bool:
        is_new_frame = detection.frame_index not in self._frames
        return is_new_frame and is_same_object(self._last, detection, max_gap)

    def add(self, detection: UnmatchedDetection) -> None:
        self._last = detection
        self._frames.add(detection.frame_index)
        if detection.score > self._best.score:
            self._best = detection

    def finding(self) -> UnmatchedDetection:
        return replace(self._best, frames=len(self._frames))
