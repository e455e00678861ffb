"""Detections as evidence on derived boxes: where a detector found nothing, a box is less sure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.annotations.document import KeyframeDoc, TrackState
from tpod_core.models import KeyframeSource
from tpod_core.propagation.class_detections import ClassDetections
from tpod_core.propagation.gap_results import GapResult

FOUND_IOU = 0.5
"""From this IoU on, a detection counts as the box that a person drew."""
_DETECTOR = 0.5
"""The uncertainty of a box where a detector found nothing: detectors miss more than they invent."""


def apply_detector_evidence(
    results: Mapping[int, Sequence[GapResult]],
    tracks: Mapping[int, TrackState],
    detections: Mapping[int, ClassDetections],
) -> dict[int, Sequence[GapResult]]:
    """Returns ``results``, less sure where a detector that knows a track's label found nothing.

    Args:
        results: the filled gaps of some tracks, by track.
        tracks: all tracks of the video: what people drew tells how much a detector finds.
        detections: by ``label_id``; labels that no detector knows are left out.
    """
    answer = dict(results)
    for label_id, found in detections.items():
        of_label = {n: of for n, of in results.items() if tracks[n].label_id == label_id}
        drawn = _drawn(state for state in tracks.values() if state.label_id == label_id)
        answer |= _less_sure(of_label, found, detector_recall(found, drawn))
    return answer


def detector_recall(detections: ClassDetections, drawn: Sequence[KeyframeDoc]) -> float:
    """The share of the boxes drawn by people that the detector found, where it looked.

    A detector that never finds what people draw says nothing by finding nothing. One that was
    not put to the test yet counts in full.
    """
    frames = np.array([each.frame for each in drawn], np.int64)
    boxes = np.array([each.box.xyxy for each in drawn], np.float64).reshape(-1, 4)
    overlaps = detections.overlaps(frames, boxes)
    tested = overlaps[~np.isnan(overlaps)]
    return float((tested >= FOUND_IOU).mean()) if len(tested) else 1.0


def raise_uncertainty(
    stretches: Sequence[DerivedBoxes], detections: ClassDetections, recall: float = 1.0
) -> list[DerivedBoxes]:
    """Returns ``stretches`` of one label, less sure where the detector looked and found nothing.

    Args:
        seen: what it found of that label.
        credibility: 0..1, how much its word counts; at best half of the whole doubt.
    """
    if not stretches or not recall:
        return list(stretches)
    ends = np.cumsum([len(each) for each in stretches])
    offsets = np.array([each.start for each in stretches]) - np.append(0, ends[:-1])
    frames = np.arange(ends[-1]) + np.repeat(offsets, np.diff(ends, prepend=0))
    boxes = np.concatenate([each.boxes_xyxy for each in stretches])
    missed = 1 - detections.overlaps(frames, boxes)
    # Frames at which the detector did not look are NaN here; ``fmax`` leaves them as they are.
    known = np.concatenate([each.uncertainty for each in stretches])
    doubt = np.fmax(known, np.float32(recall * _DETECTOR) * missed)
    return [
        DerivedBoxes(each.start, each.boxes_xyxy, doubt[end - len(each) : end])
        for each, end in zip(stretches, ends.tolist(), strict=True)
    ]


def _drawn(tracks: Iterable[TrackState]) -> list[KeyframeDoc]:
    return [
        each
        for state in tracks
        for each in state.keyframes.values()
        if each.source is KeyframeSource.MANUAL and not each.outside
    ]


def _less_sure(
    results: Mapping[int, Sequence[GapResult]], detections: ClassDetections, recall: float
) -> dict[int, Sequence[GapResult]]:
    stretches = [each.boxes for of_track in results.values() for each in of_track]
    less_sure = iter(raise_uncertainty(stretches, detections, recall))
    return {
        track_id: [replace(each, boxes=next(less_sure)) for each in of_track]
        for track_id, of_track in results.items()
    }
