"""Computes the statistics of a plan: by split, by class, and by video."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from tpod_core.training_sets.box_table import BoxTable
from tpod_core.training_sets.frames import Indices
from tpod_core.training_sets.leakage import leakage_distance, leaky_frames
from tpod_core.training_sets.likeness import AlikeFrames
from tpod_core.training_sets.plan import Plan, PlannedVideo
from tpod_core.training_sets.shapes import Shapes, shapes_of
from tpod_core.training_sets.split import Split, Splits

_BAD_SHARE = 0.1


@dataclass(frozen=True)
class TrainValCounts:
    """A number for training and one for validation."""

    train: int
    val: int

    @classmethod
    def of(cls, count: Callable[[Split], int]) -> "TrainValCounts":
        return cls(count(Split.TRAIN), count(Split.VAL))

    @property
    def total(self) -> int:
        return self.train + self.val


@dataclass(frozen=True)
class ClassCounts:
    """The number of boxes of a class, and of frames that have one."""

    name: str
    boxes: TrainValCounts
    frames: TrainValCounts


@dataclass(frozen=True)
class VideoCounts:
    """The statistics of one video.

    ``val_spans`` are the held-out ranges, ``start <= frame < stop``. Training keeps
    ``guard_frames`` away from them, which drops ``dropped`` frames. ``class_boxes`` are the
    numbers of boxes by ``class_id``. ``leaky`` is the number of its validation frames that leak,
    see ``Leakage``. A ``held_out`` video is locked as validation.
    """

    video_id: int
    name: str
    basis: str
    revision: int
    frames: TrainValCounts
    boxes: TrainValCounts
    negatives: TrainValCounts
    guard_frames: int
    dropped: int
    val_spans: tuple[tuple[int, int], ...]
    class_boxes: tuple[int, ...] = ()
    leaky: int = 0
    held_out: bool = False


@dataclass(frozen=True)
class Leakage:
    """The validation frames that leak, because they nearly equal training frames.

    ``share`` and ``frames`` count those near a training frame of the same file and those that
    look alike. ``within_frames`` is the distance that counts as near, the largest of all videos.
    ``alike`` is the number that look like a training picture of any file; ``None`` before the
    pictures are compared, and in sets of earlier versions: then only the distance counts.
    """

    share: float
    frames: int
    within_frames: int
    alike: int | None = None

    @property
    def is_bad(self) -> bool:
        """Whether so many leak that the score says little."""
        return self.share > _BAD_SHARE


@dataclass(frozen=True)
class SplitCounts:
    """How the split was made; ``val_fraction`` is the share of frames in validation."""

    method: str
    val_fraction: float
    dropped: int
    seed: int
    leakage: Leakage | None = None


@dataclass(frozen=True)
class Statistics:
    """The statistics of a training set; the API returns their ``dataclasses.asdict``.

    ``near_duplicates`` is the number of frames dropped as near-duplicates; ``None`` before the
    pictures have been compared, when all counts are upper bounds. ``background_crops`` are
    pictures in addition to ``frames``, and so are ``masked_frames``, of which only the detections
    that a person refused are shown. ``shapes`` is missing in old sets.
    """

    frames: TrainValCounts
    boxes: TrainValCounts
    negatives: TrainValCounts
    classes: tuple[ClassCounts, ...]
    videos: tuple[VideoCounts, ...]
    split: SplitCounts
    near_duplicates: int | None = 0
    background_crops: int = 0
    masked_frames: int = 0
    shapes: Shapes | None = None

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Statistics":
        """Inverts ``dataclasses.asdict``."""
        return _reader().validate_python(raw)


@cache
def _reader() -> TypeAdapter[Statistics]:
    return TypeAdapter(Statistics)


def statistics_of(
    plan: Plan, tables: Sequence[BoxTable], alike: AlikeFrames | None = None
) -> Statistics:
    """Returns the statistics of the set that ``plan`` describes.

    Args:
        tables: the boxes of each of its videos.
        alike: what the comparison of the pictures found, which has dropped near-duplicates from
            the plan; ``None`` before it.
    """
    leaky = [len(frames) for frames in leaky_frames(plan.videos, alike)]
    videos = tuple(_video(video, near) for video, near in zip(plan.videos, leaky, strict=True))
    frames, boxes, negatives = (
        TrainValCounts(
            sum(getattr(video, name).train for video in videos),
            sum(getattr(video, name).val for video in videos),
        )
        for name in ("frames", "boxes", "negatives")
    )
    duplicates = sum(len(video.frames_of(Split.DUPLICATE)) for video in plan.videos)
    unknown = plan.spec.sampling.drop_near_duplicates and alike is None
    return Statistics(
        frames,
        boxes,
        negatives,
        _classes(plan),
        videos,
        _split(plan, frames, videos, alike),
        near_duplicates=None if unknown else duplicates,
        background_crops=sum(len(video.crops) for video in plan.videos),
        masked_frames=sum(len(video.masked) for video in plan.videos),
        shapes=shapes_of(tables, plan.spec.image_size),
    )


def _split(
    plan: Plan,
    frames: TrainValCounts,
    videos: Sequence[VideoCounts],
    alike: AlikeFrames | None,
) -> SplitCounts:
    leaky = sum(video.leaky for video in videos)
    held = [video for video in plan.videos if len(video.frames_of(Split.VAL))]
    return SplitCounts(
        plan.method.value,
        val_fraction=round(frames.val / frames.total, 4),
        dropped=sum(video.dropped for video in videos),
        seed=plan.spec.seed,
        leakage=Leakage(
            # Rounded up, so that one frame of a million is still shown.
            share=ceil(10_000 * leaky / frames.val) / 10_000,
            frames=leaky,
            within_frames=max(leakage_distance(v, compared=alike is not None) for v in held),
            alike=None if alike is None else sum(map(len, alike.values())),
        ),
    )


def _classes(plan: Plan) -> tuple[ClassCounts, ...]:
    boxes = {split: sum(_counts(v, split).sum(axis=0) for v in plan.videos) for split in Split}
    frames = {
        split: sum((_counts(v, split) > 0).sum(axis=0) for v in plan.videos) for split in Split
    }
    return tuple(
        ClassCounts(
            label.name,
            TrainValCounts(int(boxes[Split.TRAIN][class_id]), int(boxes[Split.VAL][class_id])),
            TrainValCounts(int(frames[Split.TRAIN][class_id]), int(frames[Split.VAL][class_id])),
        )
        for class_id, label in enumerate(plan.classes)
    )


def _video(video: PlannedVideo, leaky: int) -> VideoCounts:
    source = video.source
    return VideoCounts(
        video_id=source.video_id,
        name=source.name,
        basis=video.chosen.basis.value,
        revision=source.revision,
        frames=TrainValCounts.of(lambda split: len(video.frames_of(split))),
        boxes=TrainValCounts.of(lambda split: int(_counts(video, split).sum())),
        negatives=TrainValCounts.of(lambda split: int((~_counts(video, split).any(axis=1)).sum())),
        guard_frames=video.guard,
        dropped=len(video.frames_of(Split.GUARD)),
        val_spans=_spans(video.chosen.frames, video.splits),
        class_boxes=tuple(video.chosen.counts[video.splits <= Split.VAL].sum(axis=0).tolist()),
        leaky=leaky,
        held_out=source.held_out,
    )


def _counts(video: PlannedVideo, split: Split) -> NDArray[np.int32]:
    counts: NDArray[np.int32] = video.chosen.counts[video.splits == split]
    return counts


def _spans(all_frames: Indices, splits: Splits) -> tuple[tuple[int, int], ...]:
    """Returns the runs of validation frames as ranges; near-duplicates do not end a run."""
    is_kept = splits != Split.DUPLICATE
    frames, inside = all_frames[is_kept], splits[is_kept] == Split.VAL
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(np.int8), [0]])))
    runs = edges.reshape(-1, 2)
    return tuple((int(frames[first]), int(frames[end - 1]) + 1) for first, end in runs)
