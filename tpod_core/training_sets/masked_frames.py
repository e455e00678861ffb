"""Frames of which a set shows only the detections that a person refused; all else is grey.

A refusal says that there is no object in one box. Outside the fully labelled ranges, nobody has
said what the rest of the frame shows: as a whole, it would teach that unlabelled objects are
background. So the picture keeps the frame's size and every other pixel is grey.

The box is not cut out, because every family scales a picture to its input size: a mistake of
20 pixels would be learnt as one that fills the input, and a detector never makes that one. In
its frame it is learnt at the size and place at which it was made. The grey is the one with which
Ultralytics pads pictures, and near the mean that torchvision's families subtract, so the grey
itself is nothing new to learn. There is no margin: what a box's neighbourhood shows is unknown.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from tpod_core.geometry import Box, clip, iou
from tpod_core.training_sets.boxes import boxes_of_every_label
from tpod_core.training_sets.frames import FrameSelection, Mask
from tpod_core.video.orientation import Image

_GREY = 114

Xywh = tuple[int, int, int, int]
"""Left, top, width and height in whole pixels."""


@dataclass(frozen=True)
class MaskedFrame:
    """A frame with the parts of it that are ``shown``, each inside the frame and not empty."""

    frame: int
    shown: tuple[Xywh, ...]

    def drawn(self, image: Image) -> Image:
        """Returns a copy of the frame's picture that is grey outside of ``shown``."""
        picture = np.full_like(image, _GREY)
        for left, top, width, height in self.shown:
            part = slice(top, top + height), slice(left, left + width)
            picture[part] = image[part]
        return picture


def mask_frames(chosen: FrameSelection, allowed: Mask) -> tuple[MaskedFrame, ...]:
    """Returns the masked frames of a video, in frame order.

    A frame that is in the set as a whole shows its refused detections already. A box that touches
    a labelled one is left out, since it may show a part of that object.

    Args:
        allowed: (frame_count,) the frames that training may use.
    """
    source = chosen.source
    in_set = set(chosen.frames.tolist())
    refused: dict[int, list[Box]] = defaultdict(list)
    for each in source.refused:
        if allowed[each.frame] and each.frame not in in_set:
            refused[each.frame].append(each.box)
    labelled = boxes_of_every_label(source, refused)
    parts = _parts_shown(refused, labelled, source.frame_wh)
    return tuple(MaskedFrame(frame, shown) for frame, shown in sorted(parts.items()) if shown)


def _parts_shown(
    refused: Mapping[int, Sequence[Box]],
    labelled: Mapping[int, Sequence[Box]],
    frame_wh: tuple[int, int],
) -> dict[int, tuple[Xywh, ...]]:
    return {
        frame: tuple(
            sorted(
                {
                    part
                    for box in boxes
                    if not any(iou(box, other) > 0 for other in labelled[frame])
                    and (part := _whole_pixels(clip(box, frame_wh)))
                }
            )
        )
        for frame, boxes in refused.items()
    }


def _whole_pixels(box: Box) -> Xywh | None:
    """Returns the pixels that lie wholly in the box, or ``None`` if there is none."""
    left, top, right, bottom = ceil(box.x1), ceil(box.y1), floor(box.x2), floor(box.y2)
    return (left, top, right - left, bottom - top) if left < right and top < bottom else None
