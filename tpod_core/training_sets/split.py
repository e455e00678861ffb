"""Training or validation: whole videos, or a contiguous block of each with a guard gap.

Neighbouring frames of a video are nearly the same picture. Random frames held out would be
known to the detector by heart, and its score a lie; so frames are never drawn at random.
Among the candidates that the seed yields, the one is taken that leaves every class in both
parts, as far as the videos allow it.
"""

from collections.abc import Collection, Iterator, Sequence
from enum import IntEnum
from random import Random

import numpy as np
from numpy.typing import NDArray

from tpod_core.errors import InvalidInput
from tpod_core.training_sets.frames import FrameSelection, Indices
from tpod_core.training_sets.spec import SplitMethod, SplitSpec

Splits = NDArray[np.int8]
_CANDIDATES = 64
_BLOCK_STARTS = 16


class Split(IntEnum):
    """Where a frame goes. ``GUARD``: nowhere, it is too near to the validation block.
    ``DUPLICATE``: nowhere, it looks like the frame kept before it."""

    TRAIN = 0
    VAL = 1
    GUARD = 2
    DUPLICATE = 3


def divide(
    frames: Sequence[FrameSelection], wanted: SplitSpec, seed: int
) -> tuple[SplitMethod, list[Splits]]:
    """The part of each frame, and the method by which it was found.

    Videos locked as held out are validation. Where they have no box, or blocks are asked for,
    so is a share of the others.
    Raises: InvalidInput if one video is to be split by video.
    """
    locked = {video.source.video_id for video in frames if video.source.held_out}
    locked.update(wanted.val_videos)
    free = [video for video in frames if video.source.video_id not in locked]
    shows_objects = any(v.counts.any() for v in frames if v.source.video_id in locked)
    if wanted.val_videos or (shows_objects and wanted.method is not SplitMethod.BY_BLOCK):
        return SplitMethod.BY_VIDEO, by_locked_videos(frames, locked)
    method, of_free = _split_free(free, wanted, seed)
    parts = iter(of_free)
    return method, [
        whole(video, Split.VAL) if video.source.video_id in locked else next(parts)
        for video in frames
    ]


def _split_free(
    frames: Sequence[FrameSelection], wanted: SplitSpec, seed: int
) -> tuple[SplitMethod, list[Splits]]:
    """Split videos of which none is locked."""
    filled = sum(len(video.frames) > 0 for video in frames)
    method = wanted.method or (SplitMethod.BY_VIDEO if filled > 1 else SplitMethod.BY_BLOCK)
    if method is SplitMethod.BY_BLOCK:
        blocks = [
            by_block(video, wanted.val_fraction, wanted.guard_frames, seed) for video in frames
        ]
        return method, blocks
    if filled < 2:
        raise InvalidInput(
            "One video with boxes cannot be split by video. Split by block, or add a video.",
            "split.method",
        )
    return method, by_video(frames, wanted.val_fraction, seed)


def by_locked_videos(videos: Sequence[FrameSelection], locked: Collection[int]) -> list[Splits]:
    """Exactly the videos ``locked`` are held out."""
    return [whole(video, Split(video.source.video_id in locked)) for video in videos]


def by_video(videos: Sequence[FrameSelection], val_fraction: float, seed: int) -> list[Splits]:
    """Whole videos are held out, so that validation has about ``val_fraction`` of the frames.

    To hold every class it may take up to twice that. One video with frames at least goes to
    each part; two must have some.
    """
    goal = val_fraction * sum(len(video.frames) for video in videos)

    has_class = np.array([video.counts.any(axis=0) for video in videos])

    def cost(held_out: Collection[int]) -> tuple[int, float]:
        held = sum(len(videos[number].frames) for number in held_out)
        is_held = np.isin(np.arange(len(videos)), list(held_out))
        return _missing(has_class, is_held), abs(held - goal)

    best = min(_groups(videos, 2 * goal, Random(f"{seed}/by_video")), key=cost)
    return [whole(video, Split(number in best)) for number, video in enumerate(videos)]


def _groups(videos: Sequence[FrameSelection], most: float, random: Random) -> Iterator[list[int]]:
    """Candidates for validation: the starts of random orders, of ``most`` frames or one video."""
    filled = [number for number, video in enumerate(videos) if len(video.frames)]
    for _ in range(_CANDIDATES):
        order = random.sample(filled, len(filled))
        held = 0
        for end, number in enumerate(order[:-1], start=1):
            held += len(videos[number].frames)
            if end > 1 and held > most:
                break
            yield order[:end]


def by_block(
    video: FrameSelection, val_fraction: float, guard_frames: int | None, seed: int
) -> Splits:
    """One run of a video's frames is held out; training keeps ``guard_frames`` away from it.

    A video of one frame goes to training whole.
    """
    count = len(video.frames)
    if count < 2:
        return whole(video, Split.TRAIN)
    size = min(max(round(count * val_fraction), 1), count - 1)
    starts = {round(i * (count - size) / (_BLOCK_STARTS - 1)) for i in range(_BLOCK_STARTS)}
    order = Random(f"{seed}/by_block/{video.source.video_id}").sample(sorted(starts), len(starts))
    guard = guard_of(video, guard_frames)

    def cost(parts: Splits) -> tuple[int, int]:
        kept = parts != Split.GUARD
        missing = _missing(video.counts[kept] > 0, parts[kept] == Split.VAL)
        return missing, int((~kept).sum())

    return min((_block(video.frames, start, size, guard) for start in order), key=cost)


def guard_of(video: FrameSelection, guard_frames: int | None) -> int:
    """The gap in frames: as asked for, else a second, at most a tenth of the stretch."""
    if guard_frames is not None or not len(video.frames):
        return guard_frames or 0
    stretch = int(video.frames[-1] - video.frames[0]) + 1
    return min(round(video.source.fps), stretch // 10)


def _block(frames: Indices, start: int, size: int, guard: int) -> Splits:
    first, last = frames[start], frames[start + size - 1]
    parts = np.full(len(frames), Split.TRAIN, dtype=np.int8)
    parts[(frames >= first - guard) & (frames <= last + guard)] = Split.GUARD
    parts[start : start + size] = Split.VAL
    return parts


def _missing(has_class: NDArray[np.bool_], is_held: NDArray[np.bool_]) -> int:
    """How many classes there are too few of: once for each part that one is absent from.

    Args:
        has_class: a row for each video or frame, telling which classes it shows.
        is_held: which of the rows are validation.
    """
    return sum(int((~has_class[rows].any(axis=0)).sum()) for rows in (is_held, ~is_held))


def whole(video: FrameSelection, part: Split) -> Splits:
    """All frames of a video in one part."""
    return np.full(len(video.frames), part, dtype=np.int8)
