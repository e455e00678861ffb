"""Joins the detections of single frames to tracks, one per object.

Ultralytics' ``BYTETracker`` associates them. Its own boxes are smoothed by a Kalman filter and
lag behind turning objects, so the raw detections are kept. Each class has its own tracker,
because an object does not change its class.

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
"""Detections down to this share of the confidence continue a track but do not start one."""

_MATCH_COST = 0.8
"""Largest 1 - IoU between the predicted box of a track and a detection."""


@dataclass(frozen=True)
class DetectedTrack:
    """One object through a video: its detections by ascending frame."""

    class_id: int
    detections: tuple[tuple[int, Detection], ...]

    @property
    def score(self) -> float:
        """The mean of its detections' scores."""
        return sum(found.score for _, found in self.detections) / len(self.detections)


@dataclass
class Association:
    """Builds tracks from the detections of one frame after the other.

    Attributes:
        confidence: the lowest score with which a detection starts a track.
        patience: processed frames without a detection after which a track ends.
    """

    confidence: float
    patience: int
    _trackers: dict[int, Any] = field(default_factory=dict)
    _found: dict[tuple[int, int], list[tuple[int, Detection]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, frame_index: int, detections: Sequence[Detection]) -> None:
        """Add the detections of a frame later than all before."""
        for class_id in {found.class_id for found in detections} - self._trackers.keys():
            self._trackers[class_id] = _new_tracker(self.confidence, self.patience)
        for class_id, tracker in self._trackers.items():
            own = [found for found in detections if found.class_id == class_id]
            tracker.update(_boxes(own))
            for track in tracker.tracked_stracks:
                if track.frame_id == tracker.frame_id:
                    found = own[int(track.idx)]
                    self._found[class_id, track.track_id].append((frame_index, found))

    def tracks(self) -> list[DetectedTrack]:
        """Returns all tracks so far, by their first frame."""
        tracks = [
            DetectedTrack(class_id, tuple(found)) for (class_id, _), found in self._found.items()
        ]
        return sorted(tracks, key=lambda track: track.detections[0][0])


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
    frame_hw = (1, 1)  # used for relative coordinates only
    return Boxes(np.array(rows, np.float32).reshape(-1, 6), frame_hw)
