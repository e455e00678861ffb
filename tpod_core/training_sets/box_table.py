"""The boxes of a planned set as arrays, for statistics and checks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tpod_core.training_sets.boxes import boxes_on
from tpod_core.training_sets.frames import Indices
from tpod_core.training_sets.plan import Plan, PlannedVideo
from tpod_core.training_sets.split import Splits

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BoxTable:
    """The boxes of one video in the set, one row each, by frame and then track id.

    ``xyxy`` is (n, 4) in pixels; ``frames``, ``splits``, ``track_ids`` and ``class_ids`` are
    (n,).
    """

    video: PlannedVideo
    frames: Indices
    splits: Splits
    track_ids: Indices
    class_ids: Indices
    xyxy: Floats

    def widths(self) -> Floats:
        widths: Floats = self.xyxy[:, 2] - self.xyxy[:, 0]
        return widths

    def heights(self) -> Floats:
        heights: Floats = self.xyxy[:, 3] - self.xyxy[:, 1]
        return heights


def box_table(plan: Plan, video: PlannedVideo) -> BoxTable:
    """Returns the boxes of ``video`` on the frames that the set uses."""
    used = video.used()
    boxes = boxes_on(video.source, plan.class_ids, [frame for frame, _ in used])
    rows = [
        (frame, split, each.track_id, each.class_id, *each.box.xyxy)
        for (frame, split), on_frame in zip(used, boxes, strict=True)
        for each in on_frame
    ]
    numbers = np.array(rows, dtype=np.float64).reshape(len(rows), 8)
    frames, splits, track_ids, class_ids = numbers[:, :4].T.astype(np.int64)
    return BoxTable(video, frames, splits.astype(np.int8), track_ids, class_ids, numbers[:, 4:])
