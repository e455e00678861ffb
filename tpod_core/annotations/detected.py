"""Turns the detections of one object into key frames: thinned, ``outside`` in detection gaps."""

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
    """Returns the fewest key frames that represent ``observed``, each of source ``detected``.

    Args:
        observed: at least one, by ascending frame.
        step: frames between two detector runs; a track ends half a step after its last box.
        longest_gap: boxes are interpolated over gaps of up to this many frames.
    """
    keyframes: list[KeyframeDoc] = []
    for stretch in _stretches(observed, longest_gap):
        kept = [stretch[index] for index in thin(stretch, tolerance)]
        keyframes += [
            KeyframeDoc(each.frame, each.box, source=KeyframeSource.DETECTED) for each in kept
        ]
        end_frame = stretch[-1].frame + step // 2 + 1
        if end_frame < frame_count:
            box = stretch[-1].box
            keyframes.append(
                KeyframeDoc(end_frame, box, outside=True, source=KeyframeSource.DETECTED)
            )
    return tuple(keyframes)


def _stretches(observed: Sequence[Observation], longest_gap: int) -> list[list[Observation]]:
    stretches = [[observed[0]]]
    for before, each in pairwise(observed):
        if each.frame - before.frame > longest_gap:
            stretches.append([])
        stretches[-1].append(each)
    return stretches
