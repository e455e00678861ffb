"""Derives a track's box on any frame from its key frames and propagated boxes.

Between two key frames the box is the propagated one, or else interpolated linearly, as in
CVAT. After the last key frame the box stays where it is, to the end of the video; where tracking
from that key frame has ended, it stays where the object was seen last, and counts as lost. There
is no box before the first key frame, nor from an outside key frame to the next.

Source: ``TrackManager.get_interpolated_shapes`` of CVAT (cvat/apps/dataset_manager).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tpod_core.annotations.derived_boxes import DerivedBoxes
from tpod_core.annotations.document import KeyframeDoc
from tpod_core.geometry import Box, interpolate
from tpod_core.models import KeyframeSource


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a box was derived, ``"linear"`` or ``"visual"``; a linear one has no uncertainty.

    A ``lost`` box lies beyond the frame where tracking ended, so it is probably wrong: it shows
    people where to look, and is not used until one of them makes it a key frame.
    """

    source: str
    uncertainty: float | None = None
    lost: bool = False


LINEAR = Derivation("linear")
LOST = Derivation("linear", 1.0, lost=True)
_NO_BOXES: Mapping[int, bytes] = MappingProxyType({})


def derive(
    keyframes: Sequence[KeyframeDoc],
    frames: Iterable[int],
    derived: Mapping[int, bytes] = _NO_BOXES,
) -> Iterator[tuple[KeyframeDoc, Derivation | None]]:
    """Yields a track's box on each of ``frames`` that has one.

    Args:
        keyframes: of one track, sorted by frame.
        frames: ascending frame indices, gaps allowed.
        derived: propagated boxes as in ``TrackState``; without them, boxes are interpolated.
    Yields: the box as a key frame of its frame, and its derivation; ``None`` on key frames.
    """
    frame_numbers = [keyframe.frame for keyframe in keyframes]
    index = -1
    propagated: DerivedBoxes | None = None
    for frame in frames:
        if index + 1 < len(frame_numbers) and frame_numbers[index + 1] <= frame:
            index = bisect_right(frame_numbers, frame, lo=index + 1) - 1
            payload = derived.get(frame_numbers[index])
            propagated = DerivedBoxes.from_bytes(payload) if payload else None
        if index < 0 or keyframes[index].outside:
            continue
        left = keyframes[index]
        if left.frame == frame:
            yield left, None
        else:
            right = keyframes[index + 1] if index + 1 < len(frame_numbers) else None
            yield _between(left, right, frame, propagated)


def _between(
    left: KeyframeDoc, right: KeyframeDoc | None, frame: int, propagated: DerivedBoxes | None
) -> tuple[KeyframeDoc, Derivation]:
    """Returns the box on ``frame``, between key frames ``left`` and ``right``.

    It has the flags of ``left``; the source of a propagated box is ``tracked``.
    """
    if propagated is None:
        return KeyframeDoc(frame, _linear(left, right, frame), *_flags(left)), LINEAR
    box = propagated.box_at(frame)
    if box is None:
        box = propagated.box_at(propagated.stop - 1) or left.box
        return KeyframeDoc(frame, box, *_flags(left)), LOST
    shown = KeyframeDoc(frame, box, left.outside, left.occluded, KeyframeSource.TRACKED)
    return shown, Derivation("visual", propagated.uncertainty_at(frame))


def _linear(left: KeyframeDoc, right: KeyframeDoc | None, frame: int) -> Box:
    if right is None:
        return left.box
    return interpolate(left.box, right.box, (frame - left.frame) / (right.frame - left.frame))


def _flags(keyframe: KeyframeDoc) -> tuple[bool, bool, KeyframeSource]:
    return keyframe.outside, keyframe.occluded, keyframe.source


def derive_at(
    keyframes: Sequence[KeyframeDoc], frame: int, derived: Mapping[int, bytes] = _NO_BOXES
) -> KeyframeDoc | None:
    """Returns a track's box on one frame; ``None`` where it has none."""
    return next((keyframe for keyframe, _ in derive(keyframes, [frame], derived)), None)


def spans(
    keyframes: Sequence[KeyframeDoc],
    frame_count: int,
    derived: Mapping[int, bytes] = _NO_BOXES,
) -> Iterator[tuple[int, int]]:
    """Yields the ranges ``start <= frame < stop`` on which a track has a box, in order.

    There is one for each key frame that is not outside, so adjacent ranges are not merged. Lost
    boxes are left out.

    Args:
        derived: as ``derive`` has it.
    """
    for start, _, lost_from in _spans(keyframes, frame_count, derived):
        yield start, lost_from


def lost_spans(
    keyframes: Sequence[KeyframeDoc], frame_count: int, derived: Mapping[int, bytes]
) -> Iterator[tuple[int, int]]:
    """Yields the ranges ``start <= frame < stop`` on which a track's box is lost, in order."""
    for _, stop, lost_from in _spans(keyframes, frame_count, derived):
        if lost_from < stop:
            yield lost_from, stop


def _spans(
    keyframes: Sequence[KeyframeDoc], frame_count: int, derived: Mapping[int, bytes]
) -> Iterator[tuple[int, int, int]]:
    """Yields start and stop of the boxes, and where they are lost from, ``stop`` if nowhere."""
    for number, keyframe in enumerate(keyframes):
        last = number + 1 == len(keyframes)
        stop = frame_count if last else keyframes[number + 1].frame
        if keyframe.outside or keyframe.frame >= stop:
            continue
        payload = derived.get(keyframe.frame)
        tracked_to = (
            max(keyframe.frame + 1, DerivedBoxes.from_bytes(payload).stop) if payload else stop
        )
        yield keyframe.frame, stop, min(tracked_to, stop)
