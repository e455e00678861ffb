"""Detections that no label explains: perhaps mistakes of the detector, perhaps missing labels.

The same thing seen again on the frames beside it is one finding.
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
_SAME_THING_IOU = 0.5


@dataclass(frozen=True)
class Unexplained:
    """A detection without a label of its class; ``box`` in upright pixels of the frame.

    ``frames``: on how many of the frames looked at it was seen, this one included.
    """

    video_id: int
    frame_index: int
    label: str
    box: Box
    score: float
    frames: int = 1


def unexplained_on(
    place: tuple[int, int], classes: Sequence[str], labels: Objects, found: Objects
) -> Iterator[Unexplained]:
    """What ``found`` holds on one frame, ``place`` being (video id, frame index)."""
    for number in np.flatnonzero(~matching.is_explained(labels, found)).tolist():
        name, score = classes[found.class_ids[number]], float(found.scores[number])
        yield Unexplained(*place, name, found.box(number), score)


def unexplained_in(gathered: Gathered, confidence: float) -> list[Unexplained]:
    """The findings of a whole validation part, worst first."""
    single: list[Unexplained] = []
    frames: dict[int, list[int]] = defaultdict(list)
    for image in gathered.images:
        if image.source is None:
            continue
        frames[image.source[0]].append(image.source[1])
        found = image.found.at_least(confidence)
        single += unexplained_on(image.source, gathered.classes, image.labels, found)
    reach = max(map(reach_of, frames.values()), default=REACH_FRAMES)
    return group(single, reach)


def reach_of(frames: Sequence[int]) -> int:
    """Over how many frames a thing seen again is the same one, where ``frames`` are looked at."""
    steps = np.diff(np.sort(frames))
    return max(REACH_FRAMES, _REACH_STEPS * int(np.median(steps))) if len(steps) else REACH_FRAMES


def group(detections: Iterable[Unexplained], reach: int) -> list[Unexplained]:
    """One for each thing, its surest sight; worst first, that is with the highest score.

    Args:
        reach: over so many frames a thing may be lost from sight.
    """
    things: list[_Thing] = []
    near: dict[tuple[int, str], list[_Thing]] = defaultdict(list)
    for seen in sorted(detections, key=lambda one: (one.frame_index, -one.score)):
        kind = seen.video_id, seen.label
        near[kind] = [thing for thing in near[kind] if thing.is_near(seen, reach)]
        known = next((thing for thing in near[kind] if thing.is_seen_in(seen, reach)), None)
        if known:
            known.add(seen)
        else:
            near[kind].append(_Thing(seen))
            things.append(near[kind][-1])
    best = (thing.finding() for thing in things)
    return sorted(best, key=lambda one: (-one.score, one.video_id, one.frame_index))


def is_same_thing(a: Unexplained, b: Unexplained, reach: int) -> bool:
    return (
        (a.video_id, a.label) == (b.video_id, b.label)
        and abs(a.frame_index - b.frame_index) <= reach
        and iou(a.box, b.box) >= _SAME_THING_IOU
    )


class _Thing:
    """What is perhaps one object, followed through the frames."""

    def __init__(self, first: Unexplained) -> None:
        self._best = self._last = first
        self._frames = {first.frame_index}

    def is_near(self, seen: Unexplained, reach: int) -> bool:
        return seen.frame_index - self._last.frame_index <= reach

    def is_seen_in(self, seen: Unexplained, reach: int) -> bool:
        return seen.frame_index not in self._frames and is_same_thing(self._last, seen, reach)

    def add(self, seen: Unexplained) -> None:
        self._last = seen
        self._frames.add(seen.frame_index)
        if seen.score > self._best.score:
            self._best = seen

    def finding(self) -> Unexplained:
        return replace(self._best, frames=len(self._frames))
