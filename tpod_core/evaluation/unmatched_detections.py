"""Detections that no label explains: perhaps mistakes of the detector, perhaps missing labels.

The same object seen again on the frames beside it is one finding.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tpod_core.evaluation import matching
from tpod_core.evaluation.matching import Objects
from tpod_core.evaluation.scoring import Gathered
from tpod_core.geometry import Box, iou

REACH_FRAMES = 30
_REACH_STEPS = 3
_SAME_OBJECT_IOU = 0.5


@dataclass(frozen=True)
class UnmatchedDetection:
    """A detection without a label of its class; ``box`` in upright pixels of the frame.

    ``frames``: on how many of the frames looked at it was seen, this one included.
    """

    video_id: int
    frame_index: int
    label: str
    box: Box
    score: float
    frames: int = 1


def unmatched_on(
    place: tuple[int, int], classes: Sequence[str], labels: Objects, found: Objects
) -> Iterator[UnmatchedDetection]:
    """What ``found``, best first, holds on one frame; ``place`` is (video id, frame index).

    A second box on a labelled object is wrong, but is no matter for a person: its label is there.
    """
    for number in np.flatnonzero(matching.match(labels, found).unmatched).tolist():
        name, score = classes[found.class_ids[number]], float(found.scores[number])
        yield UnmatchedDetection(*place, name, found.box(number), score)


def unmatched_in(gathered: Gathered, confidence: float) -> list[UnmatchedDetection]:
    """The findings of a whole validation part, worst first."""
    single: list[UnmatchedDetection] = []
    frames: dict[int, list[int]] = defaultdict(list)
    for image in gathered.images:
        if image.source is None:
            continue
        frames[image.source[0]].append(image.source[1])
        found = image.found.at_least(confidence)
        single += unmatched_on(image.source, gathered.classes, image.labels, found)
    reach = max(map(reach_of, frames.values()), default=REACH_FRAMES)
    return group(single, reach)


def reach_of(frames: Sequence[int]) -> int:
    """Within how many frames an object seen again is the same one, if ``frames`` are looked at."""
    steps = np.diff(np.sort(frames))
    return max(REACH_FRAMES, _REACH_STEPS * int(np.median(steps))) if len(steps) else REACH_FRAMES


def group(detections: Iterable[UnmatchedDetection], reach: int) -> list[UnmatchedDetection]:
    """One for each object, its surest detection; worst first, that is with the highest score.

    Args:
        reach: for so many frames an object may be out of sight.
    """
    groups: list[DetectionGroup] = []
    near: dict[tuple[int, str], list[DetectionGroup]] = defaultdict(list)
    for seen in sorted(detections, key=lambda one: (one.frame_index, -one.score)):
        kind = seen.video_id, seen.label
        near[kind] = [one for one in near[kind] if one.is_near(seen, reach)]
        known = next((one for one in near[kind] if one.is_seen_in(seen, reach)), None)
        if known:
            known.add(seen)
        else:
            near[kind].append(DetectionGroup(seen))
            groups.append(near[kind][-1])
    best = (each.finding() for each in groups)
    return sorted(best, key=lambda one: (-one.score, one.video_id, one.frame_index))


def is_same_object(a: UnmatchedDetection, b: UnmatchedDetection, reach: int) -> bool:
    return (
        (a.video_id, a.label) == (b.video_id, b.label)
        and abs(a.frame_index - b.frame_index) <= reach
        and iou(a.box, b.box) >= _SAME_OBJECT_IOU
    )


class DetectionGroup:
    """What is perhaps one object, followed through the frames."""

    def __init__(self, first: UnmatchedDetection) -> None:
        self._best = self._last = first
        self._frames = {first.frame_index}

    def is_near(self, seen: UnmatchedDetection, reach: int) -> bool:
        return seen.frame_index - self._last.frame_index <= reach

    def is_seen_in(self, seen: UnmatchedDetection, reach: int) -> bool:
        return seen.frame_index not in self._frames and is_same_object(self._last, seen, reach)

    def add(self, seen: UnmatchedDetection) -> None:
        self._last = seen
        self._frames.add(seen.frame_index)
        if seen.score > self._best.score:
            self._best = seen

    def finding(self) -> UnmatchedDetection:
        return replace(self._best, frames=len(self._frames))
