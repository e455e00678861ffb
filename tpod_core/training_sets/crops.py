"""Draws background crops: random pieces of training frames that touch no box.

They show a detector what its objects' surroundings look like without objects, as in OpenTPOD.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tpod_core.geometry import Box
from tpod_core.training_sets.boxes import boxes_of_every_label
from tpod_core.training_sets.frames import FrameSelection, mask_of
from tpod_core.training_sets.labelled_videos import LabelledVideo
from tpod_core.training_sets.split import Split, Splits

_SIDES = (0.2, 0.6)
"""The least and the greatest side of a crop, as a share of the frame's."""
_MIN_SIDE_PX = 32
_TRIES = 8
"""The number of positions tried for each requested crop."""


@dataclass(frozen=True, order=True)
class Crop:
    """A piece of a frame, in whole pixels inside the frame."""

    frame: int
    left: int
    top: int
    width: int
    height: int

    @property
    def xywh(self) -> tuple[int, int, int, int]:
        return self.left, self.top, self.width, self.height


def draw_crops(
    videos: Sequence[tuple[FrameSelection, Splits]], count: int, seed: int
) -> list[tuple[Crop, ...]]:
    """Returns the crops of each video, up to ``count`` in total.

    They come from training frames in fully labelled ranges, where every object has its box, and
    they touch no box of any label and no missed one. Frames full of boxes give fewer crops.
    """
    candidates = [
        (number, frame)
        for number, (chosen, splits) in enumerate(videos)
        for frame in _training_frames(chosen, splits)
    ]
    if not candidates or not count:
        return [()] * len(videos)
    random = Random(f"{seed}/crops")
    tried = [
        (number, _draw(frame, videos[number][0].source.frame_wh, random))
        for number, frame in random.choices(candidates, k=_TRIES * count)
    ]
    boxes = [
        _known_objects(chosen.source, {crop.frame for video, crop in tried if video == number})
        for number, (chosen, _) in enumerate(videos)
    ]
    free = [
        (number, crop)
        for number, crop in tried
        if not any(_touch(crop, box) for box in boxes[number][crop.frame])
    ][:count]
    return [tuple(sorted({c for video, c in free if video == n})) for n in range(len(videos))]


def _training_frames(chosen: FrameSelection, splits: Splits) -> Iterator[int]:
    frames = chosen.frames[splits == Split.TRAIN]
    labelled = mask_of(chosen.source.ranges, chosen.source.frame_count)
    yield from frames[labelled[frames]].tolist()


def _known_objects(source: LabelledVideo, frames: set[int]) -> dict[int, list[Box]]:
    """Returns the boxes on each of ``frames``, and those that a person said are missing."""
    known = boxes_of_every_label(source, frames)
    for missed in source.missed:
        if missed.frame in frames:
            known[missed.frame].append(missed.box)
    return known


def _draw(frame: int, frame_wh: tuple[int, int], random: Random) -> Crop:
    """Returns a random crop; a side of the frame below the minimum is taken whole."""
    width, height = (
        min(side, max(_MIN_SIDE_PX, round(side * random.uniform(*_SIDES)))) for side in frame_wh
    )
    left = random.randint(0, frame_wh[0] - width)
    top = random.randint(0, frame_wh[1] - height)
    return Crop(frame, left, top, width, height)


def _touch(crop: Crop, box: Box) -> bool:
    return (
        box.x1 < crop.left + crop.width
        and crop.left < box.x2
        and box.y1 < crop.top + crop.height
        and crop.top < box.y2
    )
