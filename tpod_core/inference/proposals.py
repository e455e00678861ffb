"""From what a detector saw in a video to the tracks that it proposes. No database here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tpod_core.annotations.detected import detected_keyframes
from tpod_core.annotations.document import AnnotationDoc, FrameBox, KeyframeDoc, TrackDoc
from tpod_core.annotations.operations import AddTrack, DeleteTrack, EditOp
from tpod_core.annotations.thinning import Observation
from tpod_core.geometry import MIN_SIDE_PX, Box, iou
from tpod_core.inference.association import DetectedTrack
from tpod_core.models import KeyframeSource

LOOKS_PER_S = 30
"""Faster videos are looked at so often; slower looks lose objects that move or turn quickly."""

SHORTEST_LOOKS, SHORTEST_S = 3, 0.3
"""A track that was seen less is taken for a mistake of the detector."""

PATIENCE_S = 1.0
"""An object that was away for longer is another when it comes back."""

BRIDGED_S = 0.5
"""Shorter gaps in what was seen of an object are filled by the straight line."""

SAME_OBJECT_IOU = 0.5
SAME_OBJECT_SHARE = 0.5


@dataclass(frozen=True)
class Rhythm:
    """How often a video is looked at, in frames and looks."""

    step: int
    looks_per_s: float

    @classmethod
    def of(cls, fps: float) -> "Rhythm":
        step = max(1, round(fps / LOOKS_PER_S))
        return cls(step, max(fps, 1.0) / step)

    @property
    def patience_looks(self) -> int:
        return max(2, round(self.looks_per_s * PATIENCE_S))

    @property
    def shortest_looks(self) -> int:
        return max(SHORTEST_LOOKS, round(self.looks_per_s * SHORTEST_S))

    @property
    def longest_gap_frames(self) -> int:
        return max(2, round(self.looks_per_s * BRIDGED_S)) * self.step


@dataclass(frozen=True)
class Candidate:
    """An object as a detector saw it: ``score`` is the mean of ``seen``'s scores."""

    label: str
    score: float
    seen: tuple[Observation, ...]


def candidates(
    tracks: Sequence[DetectedTrack], labels: Sequence[str], confidence: float, rhythm: Rhythm
) -> list[Candidate]:
    """Those of a detector's ``tracks`` that are long and sure enough to be shown to a person.

    Args:
        labels: the detector's, by ``class_id``.
        confidence: the least mean score, 0..1.
    """
    return [
        Candidate(
            labels[track.class_id],
            track.score,
            tuple(Observation(frame, found.box) for frame, found in track.seen),
        )
        for track in tracks
        if len(track.seen) >= rhythm.shortest_looks and track.score >= confidence
    ]


@dataclass(frozen=True)
class Proposal:
    """The edits of one run: earlier proposals out, new ones in; and which labels they need."""

    edits: tuple[EditOp, ...]
    labels: tuple[str, ...]
    replaced: int


def propose(
    found: Sequence[Candidate],
    document: AnnotationDoc,
    boxes: Mapping[int, Sequence[FrameBox]],
    earlier: Collection[int],
    rhythm: Rhythm,
) -> Proposal:
    """Tracks for what is not labelled yet, in the place of this detector's open proposals.

    Args:
        boxes: what ``document`` shows on every frame of the video.
        earlier: the tracks that this detector proposed before.
    """
    replaced = {track.id for track in document.tracks if track.proposed and track.id in earlier}
    known = {
        frame: [_Named(each.label, each.box) for each in shown if each.track_id not in replaced]
        for frame, shown in boxes.items()
    }
    new = _unknown(found, known)
    added = [AddTrack(_track(each, len(boxes), rhythm)) for each in new]
    dropped = [DeleteTrack(track_id) for track_id in sorted(filter(None, replaced))]
    labels = tuple(dict.fromkeys(each.label for each in new))
    return Proposal((*dropped, *added), labels, len(dropped))


@dataclass(frozen=True)
class _Named:
    """A box of a label on some frame."""

    label: str
    box: Box


def _unknown(found: Sequence[Candidate], known: Mapping[int, list[_Named]]) -> list[Candidate]:
    """Those of ``found`` that nothing shows yet, by their first frame.

    A detector may see one object twice, a little apart: the weaker track is left out, for the
    stronger ones are added to ``known`` on the way.
    """
    new = []
    for candidate in sorted(found, key=lambda each: -each.score):
        hits = sum(
            _is_shown(candidate.label, each.box, known[each.frame]) for each in candidate.seen
        )
        if hits <= SAME_OBJECT_SHARE * len(candidate.seen):
            new.append(candidate)
            for each in candidate.seen:
                known[each.frame].append(_Named(candidate.label, each.box))
    return sorted(new, key=lambda each: each.seen[0].frame)


@dataclass(frozen=True)
class TakenBox:
    """A box that a person takes over from a detector; ``by_hand`` if they drew or changed it."""

    label: str
    box: Box
    by_hand: bool = False


def boxes_as_labels(
    taken: Sequence[TakenBox], frame: int, shown: Sequence[FrameBox], frame_count: int
) -> list[AddTrack]:
    """Boxes that a person took over on one frame: labels at once, and on this frame alone.

    A box that is there already (``shown``), or too small to be one, is left out.
    """
    return [
        AddTrack(TrackDoc(None, each.label, _on_one_frame(each, frame, frame_count)))
        for each in taken
        if is_large_enough(each.box) and not _is_shown(each.label, each.box, shown)
    ]


def is_large_enough(box: Box) -> bool:
    """Whether it may be a label at all."""
    return min(box.width, box.height) >= MIN_SIDE_PX


def _is_shown(label: str, box: Box, shown: Sequence[_Named | FrameBox]) -> bool:
    return any(each.label == label and iou(each.box, box) > SAME_OBJECT_IOU for each in shown)


def _track(candidate: Candidate, frame_count: int, rhythm: Rhythm) -> TrackDoc:
    keyframes = detected_keyframes(
        candidate.seen,
        step=rhythm.step,
        longest_gap=rhythm.longest_gap_frames,
        frame_count=frame_count,
    )
    return TrackDoc(None, candidate.label, keyframes, True, round(candidate.score, 4))


def _on_one_frame(taken: TakenBox, frame: int, frame_count: int) -> tuple[KeyframeDoc, ...]:
    once = (Observation(frame, taken.box),)
    keyframes = detected_keyframes(once, step=1, longest_gap=1, frame_count=frame_count)
    if not taken.by_hand:
        return keyframes
    return tuple(replace(each, source=KeyframeSource.MANUAL) for each in keyframes)
