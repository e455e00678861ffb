"""Detections of single frames joined to tracks: which of them are the same object.

Ultralytics' ``BYTETracker`` decides; its own boxes are smoothed by a Kalman filter and lag
behind what turns, so the raw detections are kept. One tracker per class: an object does not
change its class.

Source: Zhang et al., "ByteTrack: Multi-Object Tracking by Associating Every Detection Box"
(2022).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

from tpod_core.detectors.protocol import Detection

LOW_SHARE = 0.5
"""Detections down to this share of the confidence keep a track alive, but begin none."""

_MATCH_COST = 0.8
"""Largest 1 - IoU between where a track is expected and a detection."""


@dataclass(frozen=True)
class DetectedTrack:
    """One object through a video: what was detected of it, by ascending frame."""

    class_id: int
    seen: tuple[tuple[int, Detection], ...]

    @property
    def score(self) -> float:
        """The mean of its detections' scores."""
        return sum(found.score for _, found in self.seen) / len(self.seen)


@dataclass
class Association:
    """Takes the detections of one frame after the other.

    Attributes:
        confidence: from this score on a detection may begin a track.
        patience: looks after which an object that is seen no more is given up.
    """

    confidence: float
    patience: int
    _trackers: dict[int, Any] = field(default_factory=dict)
    _seen: dict[tuple[int, int], list[tuple[int, Detection]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, frame_index: int, detections: Sequence[Detection]) -> None:
        """The detections of a frame, later than all before."""
        for class_id in {found.class_id for found in detections} - self._trackers.keys():
            self._trackers[class_id] = _new_tracker(self.confidence, self.patience)
        for class_id, tracker in self._trackers.items():
            own = [found for found in detections if found.class_id == class_id]
            tracker.update(_boxes(own))
            for track in tracker.tracked_stracks:
                if track.frame_id == tracker.frame_id:
                    found = own[int(track.idx)]
                    self._seen[class_id, track.track_id].append((frame_index, found))

    def tracks(self) -> list[DetectedTrack]:
        """All tracks so far, by their first frame."""
        made = [DetectedTrack(class_id, tuple(seen)) for (class_id, _), seen in self._seen.items()]
        return sorted(made, key=lambda track: track.seen[0][0])


def _new_tracker(confidence: float, patience: int) -> Any:
    from tpod_core.detectors.ultralytics_setup import configure  # noqa: PLC0415

    configure()  # before the first import: Ultralytics reads its environment once
    from ultralytics.trackers.byte_tracker import BYTETracker  # noqa: PLC0415

    return BYTETracker(
        SimpleNamespace(
            track_high_thresh=confidence,
            track_low_thresh=confidence * LOW_SHARE,
            new_track_thresh=confidence,
            track_buffer=patience,
            match_thresh=_MATCH_COST,
            fuse_score=False,
        )
    )


def _boxes(detections: Sequence[Detection]) -> Any:
    from ultralytics.engine.results import Boxes  # noqa: PLC0415

    rows = [[*found.box.xyxy, found.score, found.class_id] for found in detections]
    frame_hw = (1, 1)  # asked for relative coordinates only
    return Boxes(np.array(rows, np.float32).reshape(-1, 6), frame_hw)
