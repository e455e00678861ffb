"""Frames of which a set shows only the detections that a person refused; all else is grey.

A refusal says that there is no object in one box. Outside the fully labelled ranges, nobody has
said what the rest of the frame shows: the whole frame would teach that unlabelled objects are
background. So the picture keeps the frame's size, and every pixel outside the box is grey.

The box is not cut out, because every family of detectors scales a picture to its input size: it
would learn a mistake of 20 pixels as one that fills the input, which it never makes. In its frame,
it learns the mistake at the size and the place at which it was made. Ultralytics pads pictures
with the same grey, and it is near the mean that torchvision's families subtract. There is no
margin, because nobody has said what lies around the box.
"""

from collections import defaultdict
from collections.abc import Sequence
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
    masked = (
        MaskedFrame(frame, _shown(boxes, labelled[frame], source.frame_wh))
        for frame, boxes in sorted(refused.items())
    )
    return tuple(each for each in masked if each.shown)


def _shown(
    refused: Sequence[Box], labelled: Sequence[Box], frame_wh: tuple[int, int]
) -> tuple[Xywh, ...]:
    """Returns the parts of a frame to show, each once, in the same order for the same boxes."""
    alone = [box for box in refused if not any(iou(box, other) > 0 for other in labelled)]
    parts = (_whole_pixels(clip(box, frame_wh)) for box in alone)
    return tuple(sorted({part for part in parts if part is not None}))


def _whole_pixels(box: Box) -> Xywh | None:
    """Returns the pixels that lie wholly in the box, or ``None`` if there is none."""
    left, top, right, bottom = ceil(box.x1), ceil(box.y1), floor(box.x2), floor(box.y2)
    return (left, top, right - left, bottom - top) if left < right and top < bottom else None
