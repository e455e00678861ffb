"""Splits frames into training and validation: by uniform videos, or by one block of each video.

Neighbouring frames of a video are nearly equal. Randomly held-out frames would nearly be in the
training split, and the score would be too high, so frames are never held out at random. Of
several candidates drawn with the seed, the best one keeps every class in both splits, as far
as the videos allow it. A guard gap surrounds a validation block.
"""

from collections.abc import Collection, Iterator, Sequence
from enum import IntEnum
from random import Random

import numpy as np
from numpy.typing import NDArray

from tpod_core.errors import InvalidInput
from tpod_core.training_sets.frames import FrameSelection, Indices, Mask
from tpod_core.training_sets.spec import SplitMethod, SplitSpec

Splits = NDArray[np.int8]
_NUM_CANDIDATES = 64
_BLOCK_STARTS = 16


class Split(IntEnum):
    """The split of a frame. ``GUARD`` and ``DUPLICATE`` frames are not used.

    ``GUARD``: too near to the validation block. ``DUPLICATE``: looks like the last kept frame.
    """

    TRAIN = 0
    VAL = 1
    GUARD = 2
    DUPLICATE = 3


def assign_splits(
    frames: Sequence[FrameSelection], spec: SplitSpec, seed: int
) -> tuple[SplitMethod, list[Splits]]:
    """Returns the method used, and the splits of each video's frames.

    Videos locked as held out are validation. If they have no box, or the spec asks for blocks, a
    share of the other videos is validation too.

    Raises: InvalidInput if there is only one video to split by video.
    """
    locked = {video.source.video_id for video in frames if video.source.held_out}
    locked.update(spec.val_videos)
    unlocked = [video for video in frames if video.source.video_id not in locked]
    shows_objects = any(v.counts.any() for v in frames if v.source.video_id in locked)
    if spec.val_videos or (shows_objects and spec.method is not SplitMethod.BY_BLOCK):
        return SplitMethod.BY_VIDEO, by_locked_videos(frames, locked)
    method, of_unlocked = _split_unlocked(unlocked, spec, seed)
    remaining = iter(of_unlocked)
    return method, [
        uniform(video, Split.VAL) if video.source.video_id in locked else next(remaining)
        for video in frames
    ]


def _split_unlocked(
    frames: Sequence[FrameSelection], spec: SplitSpec, seed: int
) -> tuple[SplitMethod, list[Splits]]:
    filled = sum(len(video.frames) > 0 for video in frames)
    method = spec.method or (SplitMethod.BY_VIDEO if filled > 1 else SplitMethod.BY_BLOCK)
    if method is SplitMethod.BY_BLOCK:
        blocks = [by_block(video, spec.val_fraction, spec.guard_frames, seed) for video in frames]
        return method, blocks
    if filled < 2:
        raise InvalidInput(
            "One video with boxes cannot be split by video. Split by block, or add a video.",
            "split.method",
        )
    return method, by_video(frames, spec.val_fraction, seed)


def by_locked_videos(videos: Sequence[FrameSelection], locked: Collection[int]) -> list[Splits]:
    """Holds out exactly the videos ``locked``."""
    return [uniform(video, Split(video.source.video_id in locked)) for video in videos]


def by_video(videos: Sequence[FrameSelection], val_fraction: float, seed: int) -> list[Splits]:
    """Holds out uniform videos with about ``val_fraction`` of the frames.

    To include every class, validation may take up to twice that. Each split gets at least one
    video with frames, so at least two videos must have frames.
    """
    target = val_fraction * sum(len(video.frames) for video in videos)

    has_class = np.array([video.counts.any(axis=0) for video in videos])

    def cost(held_out: Collection[int]) -> tuple[int, float]:
        held = sum(len(videos[number].frames) for number in held_out)
        is_held = np.isin(np.arange(len(videos)), list(held_out))
        return _missing_classes(has_class, is_held), abs(held - target)

    candidates = _candidates(videos, 2 * target, Random(f"{seed}/by_video"))
    best = min(candidates, key=cost)
    return [uniform(video, Split(number in best)) for number, video in enumerate(videos)]


def _candidates(
    videos: Sequence[FrameSelection], max_frames: float, random: Random
) -> Iterator[list[int]]:
    """Yields candidates for validation: one video, or several with up to ``max_frames``."""
    filled = [number for number, video in enumerate(videos) if len(video.frames)]
    for _ in range(_NUM_CANDIDATES):
        order = random.sample(filled, len(filled))
        held = 0
        for end, number in enumerate(order[:-1], start=1):
            held += len(videos[number].frames)
            if end > 1 and held > max_frames:
                break
            yield order[:end]


def by_block(
    video: FrameSelection, val_fraction: float, guard_frames: int | None, seed: int
) -> Splits:
    """Holds out one run of a video's frames; training keeps ``guard_frames`` away from it.

    A video of one frame is used for training.
    """
    count = len(video.frames)
    if count < 2:
        return uniform(video, Split.TRAIN)
    size = min(max(round(count * val_fraction), 1), count - 1)
    starts = {round(i * (count - size) / (_BLOCK_STARTS - 1)) for i in range(_BLOCK_STARTS)}
    order = Random(f"{seed}/by_block/{video.source.video_id}").sample(sorted(starts), len(starts))
    guard = guard_of(video, guard_frames)

    def cost(splits: Splits) -> tuple[int, int]:
        kept = splits != Split.GUARD
        missing = _missing_classes(video.counts[kept] > 0, splits[kept] == Split.VAL)
        return missing, int((~kept).sum())

    return min((_block(video.frames, start, size, guard) for start in order), key=cost)


def training_side(
    video: FrameSelection, splits: Splits, spec: SplitSpec, method: SplitMethod, guard: int
) -> Mask:
    """Returns the mask of a video's frames, selected or not, that may be shown in training.

    That is none of a video that is validation as a whole, else all but the validation block and
    the ``guard`` frames on each of its sides.
    """
    source = video.source
    held = video.frames[splits == Split.VAL]
    is_locked = source.held_out or source.video_id in spec.val_videos
    if is_locked or (len(held) and method is SplitMethod.BY_VIDEO):
        return np.zeros(source.frame_count, dtype=bool)
    allowed = np.ones(source.frame_count, dtype=bool)
    if len(held):
        allowed[max(0, int(held[0]) - guard) : int(held[-1]) + guard + 1] = False
    return allowed


def guard_of(video: FrameSelection, guard_frames: int | None) -> int:
    """Returns the guard gap in frames: as given, or a second, up to a tenth of the stretch.

    If the frame rate varies, it is a second where the frames are closest.
    """
    if guard_frames is not None or not len(video.frames):
        return guard_frames or 0
    stretch = int(video.frames[-1] - video.frames[0]) + 1
    return min(video.source.times.most_in_a_second, stretch // 10)


def _block(frames: Indices, start: int, size: int, guard: int) -> Splits:
    first, last = frames[start], frames[start + size - 1]
    splits = np.full(len(frames), Split.TRAIN, dtype=np.int8)
    splits[(frames >= first - guard) & (frames <= last + guard)] = Split.GUARD
    splits[start : start + size] = Split.VAL
    return splits


def _missing_classes(has_class: NDArray[np.bool_], is_held: NDArray[np.bool_]) -> int:
    """Counts the classes that training lacks, plus those that validation lacks.

    Args:
        has_class: (n, classes) which classes each video or frame shows.
        is_held: (n,) which of the rows are validation.
    """
    return sum(int((~has_class[rows].any(axis=0)).sum()) for rows in (is_held, ~is_held))


def uniform(video: FrameSelection, split: Split) -> Splits:
    """Returns the splits of a video whose frames are all in one split."""
    return np.full(len(video.frames), split, dtype=np.int8)
