"""Merges and splits tracks as plain values."""

from dataclasses import replace

from tpod_core.annotations.document import KeyframeDoc, TrackState
from tpod_core.errors import InvalidInput

_NAMED_FRAMES = 5


def merge(state: TrackState, other: TrackState, field: str) -> TrackState:
    """Returns ``state`` with the key frames of ``other``; label and score stay.

    As in CVAT: if the earlier track has ended, there is no box until the later one begins;
    else its box is interpolated to the later one. A visible box replaces an end.

    Raises: InvalidInput if both have a visible key frame on the same frame.
    Source: ``mergeInternal`` of CVAT (cvat-core/src/annotations-collection.ts).
    """
    both = sorted(_visible(state) & _visible(other))
    if both:
        raise InvalidInput(
            f"Both tracks have a key frame on {_frames_in_words(both)}: one object has one box. "
            "Remove one of the two there first.",
            field,
        )
    merged = _without_ends_inside(other, state) | _without_ends_inside(state, other)
    merged |= {f: k for each in (state, other) for f, k in each.keyframes.items() if not k.outside}
    return replace(state, keyframes=merged, proposed=state.proposed and other.proposed, derived={})


def split(state: TrackState, shown: KeyframeDoc, field: str) -> tuple[TrackState, TrackState]:
    """Splits a track into one that ends at ``shown.frame`` and one that starts there.

    Args:
        shown: the track's box on the frame of the split.
    Raises: InvalidInput if the track has no box before that frame.
    """
    earlier = {f: kept for f, kept in state.keyframes.items() if f < shown.frame}
    if all(kept.outside for kept in earlier.values()):
        raise InvalidInput(
            f"The track has no box before frame {shown.frame}: nothing is left to split off.",
            field,
        )
    later = {f: kept for f, kept in state.keyframes.items() if f > shown.frame}
    return (
        replace(state, keyframes=earlier | {shown.frame: replace(shown, outside=True)}, derived={}),
        replace(state, keyframes={shown.frame: shown} | later, derived={}),
    )


def _visible(state: TrackState) -> set[int]:
    return {frame for frame, keyframe in state.keyframes.items() if not keyframe.outside}


def _without_ends_inside(state: TrackState, other: TrackState) -> dict[int, KeyframeDoc]:
    """Drops the ends of ``state`` on frames where ``other`` moves to its next key frame."""
    return {
        frame: keyframe
        for frame, keyframe in state.keyframes.items()
        if not (keyframe.outside and _is_between_keyframes(other, frame))
    }


def _is_between_keyframes(state: TrackState, frame: int) -> bool:
    """Whether a track has a box on ``frame`` and a later key frame; a held box does not count."""
    before = [keyframe for keyframe in state.ordered() if keyframe.frame <= frame]
    has_later = len(before) < len(state.keyframes)
    return has_later and bool(before) and not before[-1].outside


def _frames_in_words(frames: list[int]) -> str:
    named = ", ".join(str(frame) for frame in frames[:_NAMED_FRAMES])
    more = len(frames) - _NAMED_FRAMES
    word = "frame" if len(frames) == 1 else "frames"
    return f"{word} {named}" + (f" and {more} more" if more > 0 else "")
