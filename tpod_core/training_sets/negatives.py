"""Frames without objects: how many of them, and which."""

from collections.abc import Sequence
from random import Random

import numpy as np

from tpod_core.training_sets.frames import FrameSelection


def thin_negatives(
    frames: Sequence[FrameSelection], ratio: float, seed: int
) -> list[FrameSelection]:
    """Keep ``ratio`` frames without a box for each frame with one, drawn over all videos.

    Hard negatives stay in any case and count.
    """
    kept = [video.positive for video in frames]
    wanted = round(ratio * sum(int(mask.sum()) for mask in kept))
    hard = [~mask & video.hard for video, mask in zip(frames, kept, strict=True)]
    wanted = max(0, wanted - sum(int(mask.sum()) for mask in hard))
    kept = [mask | also for mask, also in zip(kept, hard, strict=True)]
    candidates = [
        (number, position)
        for number, mask in enumerate(kept)
        for position in np.flatnonzero(~mask).tolist()
    ]
    for number, position in Random(f"{seed}/negatives").sample(
        candidates, min(wanted, len(candidates))
    ):
        kept[number][position] = True
    return [video.only(mask) for video, mask in zip(frames, kept, strict=True)]
