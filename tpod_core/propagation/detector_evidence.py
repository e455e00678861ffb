"""Uses detections as evidence on derived boxes: a box without a detection is less certain."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.annotations.document import KeyframeDoc, TrackState
from tpod_core.models import KeyframeSource
from tpod_core.propagation.class_detections import ClassDetections
from tpod_core.propagation.gap_results import GapResult

FOUND_IOU = 0.5
"""The least IoU at which a detection counts as a match of an annotated box."""
_MISSED_UNCERTAINTY = 0.5
"""The uncertainty of an undetected box: detectors miss objects more often than they invent them."""


def apply_detector_evidence(
    results: Mapping[int, Sequence[GapResult]],
    tracks: Mapping[int, TrackState],
    detections: Mapping[int, ClassDetections],
) -> dict[int, Sequence[GapResult]]:
    """Returns ``results`` with more uncertainty where a detector of the label found nothing.

    Args:
        results: the filled gaps of some tracks, by track id.
        tracks: all tracks of the video; their manual boxes measure the detector's recall.
        detections: by ``label_id``; labels that no detector has are left out.
    """
    adjusted = dict(results)
    for label_id, found in detections.items():
        of_label = {n: of for n, of in results.items() if tracks[n].label_id == label_id}
        manual = _manual_boxes(state for state in tracks.values() if state.label_id == label_id)
        adjusted |= _with_evidence(of_label, found, detector_recall(found, manual))
    return adjusted


def detector_recall(detections: ClassDetections, manual: Sequence[KeyframeDoc]) -> float:
    """Returns the share of manual boxes that were detected, on frames that the detector ran on.

    It is 1 if there are no such boxes to measure it with.
    """
    frames = np.array([each.frame for each in manual], np.int64)
    boxes = np.array([each.box.xyxy for each in manual], np.float64).reshape(-1, 4)
    overlaps = detections.overlaps(frames, boxes)
    tested = overlaps[~np.isnan(overlaps)]
    return float((tested >= FOUND_IOU).mean()) if len(tested) else 1.0


def raise_uncertainty(
    stretches: Sequence[DerivedBoxes], detections: ClassDetections, recall: float = 1.0
) -> list[DerivedBoxes]:
    """Returns ``stretches`` of one label with more uncertainty where the detector found nothing.

    Args:
        detections: of that label.
        recall: 0..1, the weight of a missing detection; 1 raises the uncertainty to 0.5.
    """
    if not stretches or not recall:
        return list(stretches)
    ends = np.cumsum([len(each) for each in stretches])
    offsets = np.array([each.start for each in stretches]) - np.append(0, ends[:-1])
    frames = np.arange(ends[-1]) + np.repeat(offsets, np.diff(ends, prepend=0))
    boxes = np.concatenate([each.boxes_xyxy for each in stretches])
    missed = 1 - detections.overlaps(frames, boxes)
    # ``missed`` is NaN on frames that the detector did not run on, which ``fmax`` ignores.
    before = np.concatenate([each.uncertainty for each in stretches])
    uncertainty = np.fmax(before, np.float32(recall * _MISSED_UNCERTAINTY) * missed)
    return [
        DerivedBoxes(each.start, each.boxes_xyxy, uncertainty[end - len(each) : end])
        for each, end in zip(stretches, ends.tolist(), strict=True)
    ]


def _manual_boxes(tracks: Iterable[TrackState]) -> list[KeyframeDoc]:
    return [
        each
        for state in tracks
        for each in state.keyframes.values()
        if each.source is KeyframeSource.MANUAL and not each.outside
    ]


def _with_evidence(
    results: Mapping[int, Sequence[GapResult]], detections: ClassDetections, recall: float
) -> dict[int, Sequence[GapResult]]:
    stretches = [each.boxes for of_track in results.values() for each in of_track]
    adjusted = iter(raise_uncertainty(stretches, detections, recall))
    return {
        track_id: [replace(each, boxes=next(adjusted)) for each in of_track]
        for track_id, of_track in results.items()
    }
