"""Selects the frames of a video for a set, and counts their boxes by class."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from tpod_core.annotations.document import TrackState
from tpod_core.annotations.interpolation import spans
from tpod_core.annotations.ranges import Range, union
from tpod_core.errors import InvalidInput
from tpod_core.training_sets.boxes import still_missed
from tpod_core.training_sets.labelled_videos import LabelledVideo
from tpod_core.training_sets.spec import Sampling

Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]


class Basis(Enum):
    """The reason why these frames of a video were selected."""

    CHOSEN = "the ranges that were asked for"
    LABELLED = "its fully labelled ranges"
    BOTH = "its fully labelled ranges, and its other frames with boxes"
    BOXES = "only its frames with boxes, as it has no fully labelled range"


@dataclass(frozen=True)
class FrameSelection:
    """The frames of one video that may go into the set, ascending.

    ``counts`` (frames, classes) is the number of boxes of each class on each frame.
    """

    source: LabelledVideo
    basis: Basis
    frames: Indices
    counts: NDArray[np.int32]

    @property
    def positive(self) -> Mask:
        """Mask of the frames that have a box."""
        return np.asarray(self.counts.any(axis=1))

    @property
    def is_hard_negative(self) -> Mask:
        """Mask of the frames that are hard negatives."""
        return np.isin(self.frames, self.source.hard_negatives)

    def filtered(self, kept: Mask) -> "FrameSelection":
        """Returns the selection with only the ``kept`` frames."""
        return FrameSelection(self.source, self.basis, self.frames[kept], self.counts[kept])


def choose_frames(
    source: LabelledVideo,
    label_ids: Sequence[int],
    ranges: Sequence[Range] | None,
    sampling: Sampling,
) -> FrameSelection:
    """Selects frames by ``ranges`` and ``sampling``; those without boxes only if fully labelled.

    A frame without boxes on which a label is still missed is left out, since it shows an object
    all the same. Sampling never drops hard negatives.

    Args:
        label_ids: the classes, by ``class_id``.
        ranges: within the video. ``None`` takes the fully labelled ranges, and with
            ``outside_ranges`` the other frames with boxes; without fully labelled ranges, it
            takes the frames with boxes.
    """
    tracks = [
        [state for state in source.tracks.values() if state.label_id == label_id]
        for label_id in label_ids
    ]
    counts = [_count_boxes(of_class, source.frame_count) for of_class in tracks]
    has_box = np.any(counts, axis=0) if counts else np.zeros(source.frame_count, dtype=bool)
    basis, taken = _taken(source, has_box, ranges, sampling)
    without_objects = mask_of(source.ranges, source.frame_count)
    without_objects[[missed.frame for missed in still_missed(source)]] = False
    qualifying = has_box | without_objects
    if sampling.keyframes_only:
        qualifying &= _on_keyframes(tracks, source.frame_count)
    parts = [np.flatnonzero(qualifying[a:b])[:: sampling.stride] + a for a, b in taken]
    hard = [frame for frame in source.hard_negatives if not has_box[frame]]
    if ranges is not None:
        hard = [frame for frame in hard if any(a <= frame < b for a, b in taken)]
    frames = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *parts, hard]).astype(np.int64))
    by_class = np.array([count[frames] for count in counts], dtype=np.int32)
    return FrameSelection(source, basis, frames, by_class.reshape(len(counts), len(frames)).T)


def labelled_frames(source: LabelledVideo, label_ids: Collection[int]) -> Mask:
    """Returns the mask of frames with a box of these labels, or in a fully labelled range."""
    tracks = [state for state in source.tracks.values() if state.label_id in label_ids]
    has_box = _count_boxes(tracks, source.frame_count) > 0
    return has_box | mask_of(source.ranges, source.frame_count)


def check_ranges(
    ranges: Sequence[Range] | None, source: LabelledVideo, field: str
) -> tuple[Range, ...] | None:
    """Returns ``ranges`` sorted and disjoint. Raises: InvalidInput for the first invalid one."""
    for number, (start, stop) in enumerate(ranges or ()):
        if start == stop:
            raise InvalidInput(
                f"{source.name}: the range {start} to {stop} (not included) holds no frame.",
                f"{field}[{number}]",
            )
        if not 0 <= start < stop <= source.frame_count:
            raise InvalidInput(
                f"{source.name}: the range of frames {start} to {stop - 1} does not lie in a "
                f"video of {source.frame_count} frames. The last one is "
                f"{source.frame_count - 1}.",
                f"{field}[{number}]",
            )
    if ranges is not None and not ranges:
        raise InvalidInput("Give at least one range, or leave them out.", field)
    return None if ranges is None else union(ranges)


def _taken(
    source: LabelledVideo, has_box: Mask, ranges: Sequence[Range] | None, sampling: Sampling
) -> tuple[Basis, Sequence[Range]]:
    if ranges is not None:
        return Basis.CHOSEN, ranges
    if not source.ranges:
        return Basis.BOXES, runs_of(has_box)
    if sampling.outside_ranges:
        return Basis.BOTH, union([*source.ranges, *runs_of(has_box)])
    return Basis.LABELLED, source.ranges


def _count_boxes(tracks: Iterable[TrackState], frame_count: int) -> NDArray[np.int32]:
    """Counts boxes per frame, as the running sum of +1 at span starts and -1 at their stops."""
    steps = np.zeros(frame_count + 1, dtype=np.int32)
    for state in tracks:
        for start, stop in spans(state.ordered(), frame_count, state.derived):
            steps[start] += 1
            steps[stop] -= 1
    return np.cumsum(steps[:-1], dtype=np.int32)


def _on_keyframes(tracks: Iterable[Iterable[TrackState]], frame_count: int) -> Mask:
    fixed = np.zeros(frame_count, dtype=bool)
    for of_class in tracks:
        for state in of_class:
            keys = state.keyframes.values()
            fixed[[k.frame for k in keys if not k.outside and k.frame < frame_count]] = True
    return fixed


def mask_of(ranges: Iterable[Range], frame_count: int) -> Mask:
    """Returns the mask of a video's frames that lie in ``ranges``."""
    mask = np.zeros(frame_count, dtype=bool)
    for start, stop in ranges:
        mask[start:stop] = True
    return mask


def runs_of(mask: Mask) -> list[Range]:
    """Inverts ``mask_of``: returns the runs of frames in a mask."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
