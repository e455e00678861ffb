"""Finds near-duplicates: frames that look like the last kept one, with the same boxes.

A frame is a near-duplicate if the perceptual hashes (pHash) of the two pictures differ in few
bits. With a static camera the hash reflects mostly background, so a frame is also kept if a
track starts or ends, or a box has moved.

Source: hackerfactor.com/blog/index.php?/archives/432-Looks-Like-It.html, as in ImageHash.
"""

from imagehash import ImageHash, phash
from PIL import Image as PillowImage

from tpod_core.geometry import Box, iou
from tpod_core.training_sets.boxes import TrackBox
from tpod_core.training_sets.signatures import subsampled_grey
from tpod_core.training_sets.split import Split
from tpod_core.video.orientation import Image

_MOVED_IOU = 0.8
"""A box has moved if its IoU with the box on the kept frame is lower."""


class NearDuplicates:
    """Finds the near-duplicates among the frames of one video, given in order.

    Args:
        distance: bits of 64 by which two hashes may differ and still be near-duplicates.
    """

    def __init__(self, distance: int) -> None:
        self._distance = distance
        self._kept: tuple[Split, ImageHash, dict[int, Box]] | None = None

    def is_duplicate(self, split: Split, image: Image, boxes: list[TrackBox]) -> bool:
        """Whether a frame is a near-duplicate; if not, the next frames are compared with it."""
        by_track = {each.track_id: each.box for each in boxes}
        picture_hash = _hash(image)
        if self._kept is not None:
            kept_split, kept_hash, kept_boxes = self._kept
            if (
                kept_split == split
                and _same_boxes(kept_boxes, by_track)
                and kept_hash - picture_hash <= self._distance
            ):
                return True
        self._kept = split, picture_hash, by_track
        return False


def _same_boxes(before: dict[int, Box], after: dict[int, Box]) -> bool:
    return before.keys() == after.keys() and all(
        iou(box, after[track_id]) >= _MOVED_IOU for track_id, box in before.items()
    )


def _hash(image: Image) -> ImageHash:
    """Hashes every n-th pixel, which is faster; the hash uses only the lowest frequencies."""
    return phash(PillowImage.fromarray(subsampled_grey(image)))
