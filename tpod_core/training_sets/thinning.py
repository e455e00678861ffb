"""Which frames look like the one kept before them, and show the same boxes.

A frame is a near-duplicate if the perceptual hashes (pHash) of the two pictures differ in few
bits. Under a still camera these hashes see mostly background; so a frame also counts as new
where a track starts or ends, or where a box has moved.

Source: hackerfactor.com/blog/index.php?/archives/432-Looks-Like-It.html, as ImageHash has it.
"""

import cv2
from imagehash import ImageHash, phash
from PIL import Image as PillowImage

from tpod_core.geometry import Box, iou
from tpod_core.training_sets.boxes import TrackBox
from tpod_core.training_sets.split import Split
from tpod_core.video.orientation import Image

_MOVED_IOU = 0.8
"""A box has moved where it overlaps its place on the kept frame by less."""
_HASHED_SIDE_PX = 256
"""A hash sees 32 x 32 pixels; the shorter side is brought to about this length first."""


class NearDuplicates:
    """Tells for the frames of one video, in their order, which to leave out.

    Args:
        distance: bits of 64 by which two hashes may differ and still be near-duplicates.
    """

    def __init__(self, distance: int) -> None:
        self._distance = distance
        self._kept: tuple[Split, ImageHash, dict[int, Box]] | None = None

    def repeats(self, part: Split, image: Image, boxes: list[TrackBox]) -> bool:
        """Whether a frame says nothing new; if it does, the next ones are compared with it."""
        places = {each.track_id: each.box for each in boxes}
        seen = _hash(image)
        if self._kept is not None:
            kept_part, kept_hash, kept_places = self._kept
            if (
                kept_part == part
                and _same_places(kept_places, places)
                and kept_hash - seen <= self._distance
            ):
                return True
        self._kept = part, seen, places
        return False


def _same_places(before: dict[int, Box], after: dict[int, Box]) -> bool:
    return before.keys() == after.keys() and all(
        iou(box, after[track_id]) >= _MOVED_IOU for track_id, box in before.items()
    )


def _hash(image: Image) -> ImageHash:
    """Of every n-th pixel: the hash keeps the lowest frequencies alone, and this is quick."""
    step = max(1, min(image.shape[:2]) // _HASHED_SIDE_PX)
    grey = cv2.cvtColor(image[::step, ::step], cv2.COLOR_BGR2GRAY)
    return phash(PillowImage.fromarray(grey))
