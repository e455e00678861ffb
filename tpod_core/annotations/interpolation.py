"""What a track shows on any frame: its key frames, and the boxes derived from them.

Between two key frames the box is the propagated one where there is one. Else each edge of the
box moves evenly, as CVAT draws it; from an outside key frame to the next there is no box;
after the last key frame the box is held where it is, to the end of the video. Before the
first there is none.

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
    """How a box was derived: ``"linear"`` or ``"visual"``, and how unsure a visual one is."""

    source: str
    uncertainty: float | None = None


LINEAR = Derivation("linear")
_NOTHING: Mapping[int, bytes] = MappingProxyType({})


def derive(
    keyframes: Sequence[KeyframeDoc],
    frames: Iterable[int],
    derived: Mapping[int, bytes] = _NOTHING,
) -> Iterator[tuple[KeyframeDoc, Derivation | None]]:
    """The box of a track on each of ``frames`` that has one.

    Args:
        keyframes: of one track, sorted by frame.
        frames: ascending frame indices, gaps allowed.
        derived: propagated boxes as in ``TrackState``; without them all lines are straight.
    Yields: the key frame as it stands on that frame, and how it was derived, if it was.
    """
    times = [keyframe.frame for keyframe in keyframes]
    position = -1
    found: DerivedBoxes | None = None
    for frame in frames:
        if position + 1 < len(times) and times[position + 1] <= frame:
            position = bisect_right(times, frame, lo=position + 1) - 1
            payload = derived.get(times[position])
            found = DerivedBoxes.from_bytes(payload) if payload else None
        if position < 0 or keyframes[position].outside:
            continue
        left = keyframes[position]
        if left.frame == frame:
            yield left, None
        else:
            right = keyframes[position + 1] if position + 1 < len(times) else None
            yield _between(left, right, frame, found)


def _between(
    left: KeyframeDoc, right: KeyframeDoc | None, frame: int, found: DerivedBoxes | None
) -> tuple[KeyframeDoc, Derivation]:
    """What a track shows on ``frame``, after ``left`` and before ``right``.

    All but the place is that of ``left``; a propagated box is known to be tracked.
    """
    if found is None:
        return KeyframeDoc(frame, _straight(left, right, frame), *_flags(left)), LINEAR
    box = found.box_at(frame)
    if box is None:
        # Tracking ended before: the object was here last, so here the box is held.
        box = found.box_at(found.start + len(found) - 1) or left.box
        return KeyframeDoc(frame, box, *_flags(left)), LINEAR
    shown = KeyframeDoc(frame, box, left.outside, left.occluded, KeyframeSource.TRACKED)
    return shown, Derivation("visual", found.uncertainty_at(frame))


def _straight(left: KeyframeDoc, right: KeyframeDoc | None, frame: int) -> Box:
    if right is None:
        return left.box
    return interpolate(left.box, right.box, (frame - left.frame) / (right.frame - left.frame))


def _flags(keyframe: KeyframeDoc) -> tuple[bool, bool, KeyframeSource]:
    return keyframe.outside, keyframe.occluded, keyframe.source


def derive_at(
    keyframes: Sequence[KeyframeDoc], frame: int, derived: Mapping[int, bytes] = _NOTHING
) -> KeyframeDoc | None:
    """The box of a track on one frame, or ``None`` where it has none."""
    return next((keyframe for keyframe, _ in derive(keyframes, [frame], derived)), None)


def spans(keyframes: Sequence[KeyframeDoc], frame_count: int) -> Iterator[tuple[int, int]]:
    """The stretches ``start <= frame < stop`` on which a track has a box, in order.

    One per key frame that is not outside, so a track seen without a break gives several
    that touch.
    """
    for number, keyframe in enumerate(keyframes):
        last = number + 1 == len(keyframes)
        stop = frame_count if last else keyframes[number + 1].frame
        if not keyframe.outside and keyframe.frame < stop:
            yield keyframe.frame, stop
