"""Turns a detector's tracks on a video into proposed annotations. Uses no database."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tpod_core.annotations.detected import detected_keyframes
from tpod_core.annotations.document import AnnotationDoc, FrameBox, KeyframeDoc, TrackDoc
from tpod_core.annotations.operations import AddTrack, DeleteTrack, EditOp
from tpod_core.annotations.thinning import Observation
from tpod_core.geometry import MIN_SIDE_PX, Box, iou
from tpod_core.inference.association import DetectedTrack
from tpod_core.models import KeyframeSource

MAX_SAMPLES_PER_S = 30
"""Frames processed per second of faster videos. A lower rate loses objects that move or turn
quickly."""

MIN_DETECTIONS, MIN_DURATION_S = 3, 0.3
"""A track with fewer detections is taken for an error of the detector."""

PATIENCE_S = 1.0
"""An object that disappears for longer gets a new track when it returns."""

MAX_GAP_S = 0.5
"""Shorter gaps between the detections of an object are filled by linear interpolation."""

SAME_OBJECT_IOU = 0.5
SAME_OBJECT_SHARE = 0.5


@dataclass(frozen=True)
class FrameSampling:
    """Which frames of a video are processed: every ``step``-th, ``samples_per_s`` of them.

    In a video of variable rate, ``samples_per_s`` is their mean number.
    """

    step: int
    samples_per_s: float

    @classmethod
    def for_fps(cls, fps: float) -> "FrameSampling":
        step = max(1, round(fps / MAX_SAMPLES_PER_S))
        return cls(step, max(fps, 1.0) / step)

    @property
    def patience_samples(self) -> int:
        return max(2, round(self.samples_per_s * PATIENCE_S))

    @property
    def min_detections(self) -> int:
        return max(MIN_DETECTIONS, round(self.samples_per_s * MIN_DURATION_S))

    @property
    def longest_gap_frames(self) -> int:
        return max(2, round(self.samples_per_s * MAX_GAP_S)) * self.step


@dataclass(frozen=True)
class Candidate:
    """A detected object that may be proposed: ``score`` is the mean score of its detections."""

    label: str
    score: float
    observations: tuple[Observation, ...]


def candidates(
    tracks: Sequence[DetectedTrack],
    labels: Sequence[str],
    confidence: float,
    sampling: FrameSampling,
) -> list[Candidate]:
    """Returns the ``tracks`` that are long and confident enough to be proposed.

    Args:
        labels: the detector's, by ``class_id``.
        confidence: the lowest mean score, 0..1.
    """
    return [
        Candidate(
            labels[track.class_id],
            track.score,
            tuple(Observation(frame, found.box) for frame, found in track.detections),
        )
        for track in tracks
        if len(track.detections) >= sampling.min_detections and track.score >= confidence
    ]


@dataclass(frozen=True)
class Proposal:
    """The edits that replace a detector's open proposals, and the labels that they need."""

    edits: tuple[EditOp, ...]
    labels: tuple[str, ...]
    replaced: int


def observed_frames(found: Sequence[Candidate]) -> list[int]:
    """Returns the frames on which any candidate was seen, ascending."""
    return sorted({each.frame for candidate in found for each in candidate.observations})


def propose(
    found: Sequence[Candidate],
    document: AnnotationDoc,
    boxes: Iterable[tuple[int, Sequence[FrameBox]]],
    earlier: Collection[int],
    sampling: FrameSampling,
    frame_count: int,
) -> Proposal:
    """Propose tracks for unlabelled objects, replacing this detector's open proposals.

    Args:
        boxes: the boxes of ``document`` on each of ``observed_frames(found)``.
        earlier: the tracks that this detector proposed before.
    """
    replaced = {track.id for track in document.tracks if track.proposed and track.id in earlier}
    known = {
        frame: [
            _LabelledBox(each.label, each.box)
            for each in shown
            if each.track_id not in replaced and not each.lost
        ]
        for frame, shown in boxes
    }
    new = _unlabelled(found, known)
    added = [AddTrack(_track(each, frame_count, sampling)) for each in new]
    dropped = [DeleteTrack(track_id) for track_id in sorted(filter(None, replaced))]
    labels = tuple(dict.fromkeys(each.label for each in new))
    return Proposal((*dropped, *added), labels, len(dropped))


@dataclass(frozen=True)
class _LabelledBox:
    """A box with its label on some frame."""

    label: str
    box: Box


def _unlabelled(
    found: Sequence[Candidate], known: Mapping[int, list[_LabelledBox]]
) -> list[Candidate]:
    """Returns the candidates that no box in ``known`` covers yet, by their first frame.

    A detector may find one object twice with slightly different boxes. The accepted candidates
    are added to ``known``, strongest first, so the weaker duplicate is left out.
    """
    new = []
    for candidate in sorted(found, key=lambda each: -each.score):
        hits = sum(
            _is_covered(candidate.label, each.box, known[each.frame])
            for each in candidate.observations
        )
        if hits <= SAME_OBJECT_SHARE * len(candidate.observations):
            new.append(candidate)
            for each in candidate.observations:
                known[each.frame].append(_LabelledBox(candidate.label, each.box))
    return sorted(new, key=lambda each: each.observations[0].frame)


@dataclass(frozen=True)
class TakenBox:
    """A detector's box that a user accepts as a label; ``by_hand`` if they drew or changed it."""

    label: str
    box: Box
    by_hand: bool = False


def boxes_as_labels(
    taken: Sequence[TakenBox], frame: int, shown: Sequence[FrameBox], frame_count: int
) -> list[AddTrack]:
    """Returns edits that add the accepted boxes as labels on this one frame.

    A box that ``shown`` already covers, or that is too small for a label, is left out. Boxes
    whose object is lost cover nothing.
    """
    sure = [each for each in shown if not each.lost]
    return [
        AddTrack(TrackDoc(None, each.label, _on_one_frame(each, frame, frame_count)))
        for each in taken
        if is_large_enough(each.box) and not _is_covered(each.label, each.box, sure)
    ]


def is_large_enough(box: Box) -> bool:
    """Whether ``box`` is large enough to be a label."""
    return min(box.width, box.height) >= MIN_SIDE_PX


def _is_covered(label: str, box: Box, shown: Sequence[_LabelledBox | FrameBox]) -> bool:
    return any(each.label == label and iou(each.box, box) > SAME_OBJECT_IOU for each in shown)


def _track(candidate: Candidate, frame_count: int, sampling: FrameSampling) -> TrackDoc:
    keyframes = detected_keyframes(
        candidate.observations,
        step=sampling.step,
        longest_gap=sampling.longest_gap_frames,
        frame_count=frame_count,
    )
    return TrackDoc(None, candidate.label, keyframes, True, round(candidate.score, 4))


def _on_one_frame(taken: TakenBox, frame: int, frame_count: int) -> tuple[KeyframeDoc, ...]:
    once = (Observation(frame, taken.box),)
    keyframes = detected_keyframes(once, step=1, longest_gap=1, frame_count=frame_count)
    if not taken.by_hand:
        return keyframes
    return tuple(replace(each, source=KeyframeSource.MANUAL) for each in keyframes)
