"""A detected track as the key frames of a track: thinned, and ``outside`` where it was not seen."""

from collections.abc import Sequence
from itertools import pairwise

from tpod_core.annotations.document import KeyframeDoc
from tpod_core.annotations.thinning import TOLERANCE, Observation, thin
from tpod_core.models import KeyframeSource


def detected_keyframes(
    observed: Sequence[Observation],
    *,
    step: int,
    longest_gap: int,
    frame_count: int,
    tolerance: float = TOLERANCE,
) -> tuple[KeyframeDoc, ...]:
    """The fewest key frames that are true to ``observed``, each of source ``detected``.

    Args:
        observed: at least one, by ascending frame.
        step: frames between two looks: after its last one an object is gone half of it later.
        longest_gap: over so many frames between two observations the line is drawn.
    """
    keyframes: list[KeyframeDoc] = []
    for stretch in _stretches(observed, longest_gap):
        kept = [stretch[place] for place in thin(stretch, tolerance)]
        keyframes += [
            KeyframeDoc(each.frame, each.box, source=KeyframeSource.DETECTED) for each in kept
        ]
        gone = stretch[-1].frame + step // 2 + 1
        if gone < frame_count:
            box = stretch[-1].box
            keyframes.append(KeyframeDoc(gone, box, outside=True, source=KeyframeSource.DETECTED))
    return tuple(keyframes)


def _stretches(observed: Sequence[Observation], longest_gap: int) -> list[list[Observation]]:
    stretches = [[observed[0]]]
    for before, each in pairwise(observed):
        if each.frame - before.frame > longest_gap:
            stretches.append([])
        stretches[-1].append(each)
    return stretches
