"""Measures the leakage of a split: validation frames that nearly equal training frames."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from tpod_core.training_sets.frames import Indices
from tpod_core.training_sets.plan import PlannedVideo
from tpod_core.training_sets.split import Split, guard_of


def leaky_frames(videos: Sequence[PlannedVideo]) -> list[Indices]:
    """Returns for each video its validation frames near a training frame of the same file.

    Near means within ``leakage_distance`` frames, even if a smaller guard gap was requested. Two
    videos are the same file if their sha256 is equal.
    """
    training: dict[str, list[Indices]] = defaultdict(list)
    for video in videos:
        training[_file(video)].append(video.trained_frames())
    trained = {file: np.unique(np.concatenate(frames)) for file, frames in training.items()}
    return [
        _near(video.frames_of(Split.VAL), trained[_file(video)], leakage_distance(video))
        for video in videos
    ]


def leakage_distance(video: PlannedVideo) -> int:
    """Returns the distance in frames below which frames leak: the default guard gap."""
    return guard_of(video.chosen, None)


def _file(video: PlannedVideo) -> str:
    return video.source.sha256 or f"video {video.source.video_id}"


def _near(frames: Indices, trained: Indices, distance: int) -> Indices:
    first = np.searchsorted(trained, frames - distance, side="left")
    end = np.searchsorted(trained, frames + distance, side="right")
    return frames[end > first]
