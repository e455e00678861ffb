"""Two tracks that are one object, and one track that is two, as values."""

from dataclasses import replace

from tpod_core.annotations.document import KeyframeDoc, TrackState
from tpod_core.errors import InvalidInput

_NAMED_FRAMES = 5


def merge(state: TrackState, other: TrackState, field: str) -> TrackState:
    """``state`` with the key frames of ``other``; label and score stay.

    As in CVAT: where the earlier one had ended, the object stays away until the later one
    begins; where it had not, its box goes on to the later one. A visible box wins over an end.

    Raises: InvalidInput if both fix a box on one frame.
    Source: ``mergeInternal`` of CVAT (cvat-core/src/annotations-collection.ts).
    """
    both = sorted(_visible(state) & _visible(other))
    if both:
        raise InvalidInput(
            f"Both tracks have a key frame on {_listed(both)}: one object has one box. "
            "Remove one of the two there first.",
            field,
        )
    joined = _without_ends_inside(other, state) | _without_ends_inside(state, other)
    joined |= {f: k for each in (state, other) for f, k in each.keyframes.items() if not k.outside}
    return replace(state, keyframes=joined, proposed=state.proposed and other.proposed, derived={})


def split(state: TrackState, shown: KeyframeDoc, field: str) -> tuple[TrackState, TrackState]:
    """The part before ``shown.frame``, ended there, and the part from there on.

    Args:
        shown: what the track shows on the frame of the split.
    Raises: InvalidInput if no box lies before that frame.
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
    """The key frames of ``state``, less the ends on frames where ``other`` is on its way."""
    return {
        frame: keyframe
        for frame, keyframe in state.keyframes.items()
        if not (keyframe.outside and _on_its_way(other, frame))
    }


def _on_its_way(state: TrackState, frame: int) -> bool:
    """Whether a box moves over ``frame`` to a later key frame; one merely held does not."""
    before = [keyframe for keyframe in state.ordered() if keyframe.frame <= frame]
    goes_on = len(before) < len(state.keyframes)
    return goes_on and bool(before) and not before[-1].outside


def _listed(frames: list[int]) -> str:
    named = ", ".join(str(frame) for frame in frames[:_NAMED_FRAMES])
    more = len(frames) - _NAMED_FRAMES
    word = "frame" if len(frames) == 1 else "frames"
    return f"{word} {named}" + (f" and {more} more" if more > 0 else "")
