"""Detectors as witnesses of derived boxes: where one saw nothing, a box is less sure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from sqlmodel import Session

from tpod_core.annotations.document import KeyframeDoc, TrackState
from tpod_core.annotations.reading import load_catalogue
from tpod_core.inference import detection_store
from tpod_core.models import KeyframeSource, Video
from tpod_core.propagation.class_detections import ClassDetections
from tpod_core.propagation.gap_results import GapResult
from tpod_core.tracking.uncertainty import disagreement

FOUND_IOU = 0.5
"""From here on a detection counts as the box that a person drew."""


def heard(
    session: Session,
    video: Video,
    tracks: Mapping[int, TrackState],
    filled: Mapping[int, Sequence[GapResult]],
) -> dict[int, Sequence[GapResult]]:
    """``filled``, less sure where a detector that knows a track's label saw nothing of it.

    Args:
        tracks: all of the video, by id: what people drew tells how good a witness it is.
        filled: gaps of some of them, by track.
    """
    names = load_catalogue(session)
    by_label: dict[str, list[int]] = {}
    for track_id in filled:
        by_label.setdefault(names[tracks[track_id].label_id], []).append(track_id)
    answer = dict(filled)
    for label, seen in detection_store.by_label(session, video, by_label.keys()).items():
        drawn = _drawn(state for state in tracks.values() if names[state.label_id] == label)
        credit = detector_recall(seen, drawn)
        answer |= _doubted({n: filled[n] for n in by_label[label]}, seen, credit)
    return answer


def detector_recall(seen: ClassDetections, drawn: Sequence[KeyframeDoc]) -> float:
    """The share of the boxes that people drew that the detector found, where it looked.

    A detector that never finds what people draw says nothing by finding nothing; one that was
    not put to the test yet is believed.
    """
    frames = np.array([each.frame for each in drawn], np.int64)
    boxes = np.array([each.box.xyxy for each in drawn], np.float64).reshape(-1, 4)
    overlaps = seen.overlaps(frames, boxes)
    tested = overlaps[~np.isnan(overlaps)]
    return float((tested >= FOUND_IOU).mean()) if len(tested) else 1.0


def _drawn(tracks: Iterable[TrackState]) -> list[KeyframeDoc]:
    return [
        each
        for state in tracks
        for each in state.keyframes.values()
        if each.source is KeyframeSource.MANUAL and not each.outside
    ]


def _doubted(
    filled: Mapping[int, Sequence[GapResult]], seen: ClassDetections, credit: float
) -> dict[int, Sequence[GapResult]]:
    stretches = [each.boxes for of_track in filled.values() for each in of_track]
    doubted = iter(disagreement(stretches, seen, credit))
    return {
        track_id: [replace(each, boxes=next(doubted)) for each in of_track]
        for track_id, of_track in filled.items()
    }
