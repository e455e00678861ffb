"""The straight line between key frames, as CVAT draws it.

Between two key frames each edge of the box moves evenly; from an outside key frame to the
next there is no box; after the last key frame the box is held where it is, to the end of the
video. Before the first there is none.

Source: ``TrackManager.get_interpolated_shapes`` of CVAT (cvat/apps/dataset_manager).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from tpod_core.geometry import interpolate
from tpod_core.tracks.documents import KeyframeDoc


def derive(
    keyframes: Sequence[KeyframeDoc], frames: Iterable[int]
) -> Iterator[tuple[KeyframeDoc, bool]]:
    """The box of a track on each of ``frames`` that has one.

    Args:
        keyframes: of one track, sorted by frame.
        frames: ascending frame indices, gaps allowed.
    Yields: the key frame as it stands on that frame, and whether it was derived.
    """
    times = [keyframe.frame for keyframe in keyframes]
    position = -1
    for frame in frames:
        if position + 1 < len(times) and times[position + 1] <= frame:
            position = bisect_right(times, frame, lo=position + 1) - 1
        if position < 0 or keyframes[position].outside:
            continue
        left = keyframes[position]
        if left.frame == frame:
            yield left, False
        else:
            right = keyframes[position + 1] if position + 1 < len(times) else left
            yield between(left, right, frame), True


def between(left: KeyframeDoc, right: KeyframeDoc, frame: int) -> KeyframeDoc:
    """What a track shows on ``frame``, after key frame ``left`` and before ``right``.

    With ``left`` twice the box is held. All but the place is that of ``left``.
    """
    span = right.frame - left.frame
    share = (frame - left.frame) / span if span else 0.0
    box = interpolate(left.box, right.box, share)
    return KeyframeDoc(frame, box, left.outside, left.occluded, left.source)


def derive_at(keyframes: Sequence[KeyframeDoc], frame: int) -> KeyframeDoc | None:
    """The box of a track on one frame, or ``None`` where it has none."""
    return next((keyframe for keyframe, _ in derive(keyframes, [frame])), None)


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
