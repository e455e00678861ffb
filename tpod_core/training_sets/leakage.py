"""Measures the leakage of a split: validation frames that nearly equal training frames.

Before the pictures are decoded, only the distance in time is known, so all frames within a second
of training are presumed to leak. When the set is built, likeness decides about most of them.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from tpod_core.training_sets.frames import Indices
from tpod_core.training_sets.likeness import AlikeFrames
from tpod_core.training_sets.plan import PlannedVideo
from tpod_core.training_sets.split import Split, guard_of

_NEAR_S = 1.0
_NEAR_FRAMES = 2
"""However low the rate, frames this close are presumed to be neighbours in time."""
_ALWAYS_NEAR_S = 0.1
"""Frames this close nearly equal each other, even if an object moves fast."""


def leaky_frames(videos: Sequence[PlannedVideo], alike: AlikeFrames | None) -> list[Indices]:
    """Returns for each video its validation frames that leak, ascending.

    Those are the frames within ``leakage_distance`` of a training frame of the same file, even if
    a smaller guard gap was requested, and the ``alike`` ones. Two videos are the same file if
    their sha256 is equal.

    Args:
        alike: what the comparison of the pictures found; ``None`` before it.
    """
    training: dict[str, list[Indices]] = defaultdict(list)
    for video in videos:
        training[_file(video)].append(video.trained_frames())
    trained = {file: np.unique(np.concatenate(frames)) for file, frames in training.items()}
    near = [
        _near(
            video.frames_of(Split.VAL),
            trained[_file(video)],
            leakage_distance(video, compared=alike is not None),
        )
        for video in videos
    ]
    if alike is None:
        return near
    return [
        np.union1d(frames, np.array(alike.get(video.source.video_id, ()), dtype=np.int64))
        for video, frames in zip(videos, near, strict=True)
    ]


def leakage_distance(video: PlannedVideo, *, compared: bool) -> int:
    """Returns the distance in frames within which frames leak by their distance alone.

    Before the pictures are compared, that is a second, and at least two frames. Afterwards it is
    the default guard gap, and at least a tenth of a second: likeness decides about the rest.
    """
    fps = video.source.fps
    if compared:
        return max(guard_of(video.chosen, None), round(_ALWAYS_NEAR_S * fps))
    return max(round(_NEAR_S * fps), _NEAR_FRAMES)


def _file(video: PlannedVideo) -> str:
    return video.source.sha256 or f"video {video.source.video_id}"


def _near(frames: Indices, trained: Indices, distance: int) -> Indices:
    first = np.searchsorted(trained, frames - distance, side="left")
    end = np.searchsorted(trained, frames + distance, side="right")
    return frames[end > first]
