"""How leaky a split is: validation frames that nearly are training frames."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from tpod_core.training_sets.frames import Indices
from tpod_core.training_sets.plan import PlannedVideo
from tpod_core.training_sets.split import Split, guard_of


def leaky_frames(videos: Sequence[PlannedVideo]) -> list[Indices]:
    """For each video its validation frames that lie near a training frame of the same file.

    Near means within ``reach_of`` frames, whatever gap was asked for; two videos are the same
    file if their sha256 is.
    """
    training: dict[str, list[Indices]] = defaultdict(list)
    for video in videos:
        training[_file(video)].append(video.frames_of(Split.TRAIN))
    trained = {file: np.unique(np.concatenate(frames)) for file, frames in training.items()}
    return [
        _near(video.frames_of(Split.VAL), trained[_file(video)], reach_of(video))
        for video in videos
    ]


def reach_of(video: PlannedVideo) -> int:
    """Within so many frames a validation frame is known from training: our default gap."""
    return guard_of(video.chosen, None)


def _file(video: PlannedVideo) -> str:
    return video.source.sha256 or f"video {video.source.video_id}"


def _near(frames: Indices, trained: Indices, reach: int) -> Indices:
    first = np.searchsorted(trained, frames - reach, side="left")
    end = np.searchsorted(trained, frames + reach, side="right")
    return frames[end > first]
