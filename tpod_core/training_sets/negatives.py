"""Selects the frames without objects that go into a set."""

from collections.abc import Sequence
from random import Random

import numpy as np

from tpod_core.training_sets.frames import FrameSelection


def thin_negatives(
    frames: Sequence[FrameSelection], ratio: float, seed: int
) -> list[FrameSelection]:
    """Keeps ``ratio`` frames without a box for each frame with one, sampled over all videos.

    All hard negatives are kept, and count.
    """
    kept = [video.positive for video in frames]
    count = round(ratio * sum(int(mask.sum()) for mask in kept))
    hard = [~mask & video.is_hard_negative for video, mask in zip(frames, kept, strict=True)]
    count = max(0, count - sum(int(mask.sum()) for mask in hard))
    kept = [mask | also for mask, also in zip(kept, hard, strict=True)]
    candidates = [
        (number, position)
        for number, mask in enumerate(kept)
        for position in np.flatnonzero(~mask).tolist()
    ]
    for number, position in Random(f"{seed}/negatives").sample(
        candidates, min(count, len(candidates))
    ):
        kept[number][position] = True
    return [video.filtered(mask) for video, mask in zip(frames, kept, strict=True)]
