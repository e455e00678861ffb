"""Training or validation: whole videos, or a contiguous block of each with a guard gap.

Neighbouring frames of a video are nearly the same picture. Random frames held out would be
known to the detector by heart, and its score a lie; so frames are never drawn at random.
Among the candidates that the seed yields, the one is taken that leaves every class in both
parts, as far as the videos allow it.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from random import Random

import numpy as np
from numpy.typing import NDArray

from tpod_core.training_sets.frames import FrameChoice, Indices

Parts = NDArray[np.int8]
_CANDIDATES = 64
_BLOCK_STARTS = 16


class Part(IntEnum):
    """Where a frame goes. ``GUARD``: nowhere, it is too near to the validation block."""

    TRAIN = 0
    VAL = 1
    GUARD = 2


def by_locked_videos(videos: Sequence[FrameChoice], val_videos: Iterable[int]) -> list[Parts]:
    """Exactly ``val_videos`` are held out."""
    held_out = set(val_videos)
    return [_all(video, Part(video.source.video_id in held_out)) for video in videos]


def by_video(videos: Sequence[FrameChoice], val_fraction: float, seed: int) -> list[Parts]:
    """Whole videos are held out, so that validation has about ``val_fraction`` of the frames.

    One of the videos with frames always stays in training.
    """
    sizes = [len(video.frames) for video in videos]
    filled = [number for number, size in enumerate(sizes) if size]
    goal = val_fraction * sum(sizes)
    random = Random(f"{seed}/by_video")

    def candidate() -> list[Parts]:
        order = random.sample(filled, len(filled))
        held_out: set[int] = set()
        for number in order[:-1]:
            held = sum(sizes[other] for other in held_out)
            if not held_out or abs(held + sizes[number] - goal) < abs(held - goal):
                held_out.add(number)
        return [_all(video, Part(i in held_out)) for i, video in enumerate(videos)]

    def cost(parts: list[Parts]) -> tuple[int, float]:
        held = sum(int((part == Part.VAL).sum()) for part in parts)
        return _missing(videos, parts), abs(held - goal)

    return min((candidate() for _ in range(_CANDIDATES)), key=cost)


def by_block(video: FrameChoice, val_fraction: float, guard_frames: int | None, seed: int) -> Parts:
    """One run of a video's frames is held out; training keeps ``guard_frames`` away from it.

    A video of one frame goes to training whole.
    """
    count = len(video.frames)
    if count < 2:
        return _all(video, Part.TRAIN)
    size = min(max(round(count * val_fraction), 1), count - 1)
    starts = {round(i * (count - size) / (_BLOCK_STARTS - 1)) for i in range(_BLOCK_STARTS)}
    order = Random(f"{seed}/by_block/{video.source.video_id}").sample(sorted(starts), len(starts))
    guard = guard_of(video, guard_frames)

    def cost(parts: Parts) -> tuple[int, int]:
        return _missing([video], [parts]), int((parts == Part.GUARD).sum())

    return min((_block(video.frames, start, size, guard) for start in order), key=cost)


def guard_of(video: FrameChoice, guard_frames: int | None) -> int:
    """The gap in frames: as asked for, else a second, at most a tenth of the stretch."""
    if guard_frames is not None or not len(video.frames):
        return guard_frames or 0
    stretch = int(video.frames[-1] - video.frames[0]) + 1
    return min(round(video.source.fps), stretch // 10)


def _block(frames: Indices, start: int, size: int, guard: int) -> Parts:
    first, last = frames[start], frames[start + size - 1]
    parts = np.full(len(frames), Part.TRAIN, dtype=np.int8)
    parts[(frames >= first - guard) & (frames <= last + guard)] = Part.GUARD
    parts[start : start + size] = Part.VAL
    return parts


def _missing(videos: Sequence[FrameChoice], parts: Sequence[Parts]) -> int:
    """How many times a class that has boxes has none in training or in validation."""
    counts = np.concatenate([video.counts for video in videos])
    part = np.concatenate(parts)
    present = counts.any(axis=0)
    return sum(
        int((present & ~counts[part == wanted].any(axis=0)).sum())
        for wanted in (Part.TRAIN, Part.VAL)
    )


def _all(video: FrameChoice, part: Part) -> Parts:
    return np.full(len(video.frames), part, dtype=np.int8)
