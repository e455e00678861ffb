"""What a plan holds, in numbers: by part, by class, by video, and the split itself."""

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
from tpod_core.training_sets.leakage import leaky_frames, reach_of
from tpod_core.training_sets.plan import Plan, PlannedVideo
from tpod_core.training_sets.shapes import Shapes, shapes_of
from tpod_core.training_sets.split import Split, Splits


@dataclass(frozen=True)
class PartCounts:
    """One number for training, one for validation."""

    train: int
    val: int

    @classmethod
    def of(cls, count: Callable[[Split], int]) -> "PartCounts":
        return cls(count(Split.TRAIN), count(Split.VAL))

    @property
    def total(self) -> int:
        return self.train + self.val


@dataclass(frozen=True)
class ClassCounts:
    """Boxes of a class, and frames that have one."""

    name: str
    boxes: PartCounts
    frames: PartCounts


@dataclass(frozen=True)
class VideoCounts:
    """What one video gives.

    ``val_spans`` are the stretches held out, first frame and the one after the last. Training
    keeps ``guard_frames`` away from them, which ``dropped`` frames had to leave.
    ``class_boxes`` are the boxes of each class, in the set's order. ``leaky`` validation frames
    lie near a training frame of the same file. A ``held_out`` video is locked as validation.
    """

    video_id: int
    name: str
    basis: str
    revision: int
    frames: PartCounts
    boxes: PartCounts
    negatives: PartCounts
    guard_frames: int
    dropped: int
    val_spans: tuple[tuple[int, int], ...]
    class_boxes: tuple[int, ...] = ()
    leaky: int = 0
    held_out: bool = False


@dataclass(frozen=True)
class Leakage:
    """``share`` (0..1) of the validation frames, ``frames`` of them, lie near a training frame
    of the same file: within ``within_frames`` frames, the most of all videos."""

    share: float
    frames: int
    within_frames: int


@dataclass(frozen=True)
class SplitCounts:
    """How the validation part came about; ``val_fraction`` is the share that it got."""

    method: str
    val_fraction: float
    dropped: int
    seed: int
    leakage: Leakage | None = None


@dataclass(frozen=True)
class Statistics:
    """A training set in numbers; ``dataclasses.asdict`` of it is what the API answers.

    ``near_duplicates`` is the number of frames that were left out because they looked like
    others; ``None`` before the pictures have been compared: then all counts are upper bounds.
    ``background_crops`` are pictures beside the ``frames``. ``shapes`` is missing in old sets.
    """

    frames: PartCounts
    boxes: PartCounts
    negatives: PartCounts
    classes: tuple[ClassCounts, ...]
    videos: tuple[VideoCounts, ...]
    split: SplitCounts
    near_duplicates: int | None = 0
    background_crops: int = 0
    shapes: Shapes | None = None

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Statistics":
        """``asdict`` backwards."""
        return _reader().validate_python(raw)


@cache
def _reader() -> TypeAdapter[Statistics]:
    return TypeAdapter(Statistics)


def statistics_of(plan: Plan, tables: Sequence[BoxTable], *, compared: bool) -> Statistics:
    """The numbers of ``plan``: those of the set that is built from it.

    Args:
        tables: the boxes of each of its videos.
        compared: whether near-duplicates have been looked for and left out.
    """
    leaky = [len(frames) for frames in leaky_frames(plan.videos)]
    videos = tuple(_video(video, near) for video, near in zip(plan.videos, leaky, strict=True))
    frames, boxes, negatives = (
        PartCounts(
            sum(getattr(video, name).train for video in videos),
            sum(getattr(video, name).val for video in videos),
        )
        for name in ("frames", "boxes", "negatives")
    )
    duplicates = sum(len(video.frames_of(Split.DUPLICATE)) for video in plan.videos)
    unknown = plan.spec.sampling.drop_near_duplicates and not compared
    return Statistics(
        frames,
        boxes,
        negatives,
        _classes(plan),
        videos,
        _split(plan, frames, videos),
        near_duplicates=None if unknown else duplicates,
        background_crops=sum(len(video.crops) for video in plan.videos),
        shapes=shapes_of(tables, plan.spec.image_size),
    )


def _split(plan: Plan, frames: PartCounts, videos: Sequence[VideoCounts]) -> SplitCounts:
    leaky = sum(video.leaky for video in videos)
    held = [video for video in plan.videos if len(video.frames_of(Split.VAL))]
    return SplitCounts(
        plan.method.value,
        val_fraction=round(frames.val / frames.total, 4),
        dropped=sum(video.dropped for video in videos),
        seed=plan.spec.seed,
        leakage=Leakage(
            # Rounded up, so that one frame of a million still shows.
            share=ceil(10_000 * leaky / frames.val) / 10_000,
            frames=leaky,
            within_frames=max(reach_of(video) for video in held),
        ),
    )


def _classes(plan: Plan) -> tuple[ClassCounts, ...]:
    boxes = {part: sum(_counts(v, part).sum(axis=0) for v in plan.videos) for part in Split}
    frames = {part: sum((_counts(v, part) > 0).sum(axis=0) for v in plan.videos) for part in Split}
    return tuple(
        ClassCounts(
            label.name,
            PartCounts(int(boxes[Split.TRAIN][class_id]), int(boxes[Split.VAL][class_id])),
            PartCounts(int(frames[Split.TRAIN][class_id]), int(frames[Split.VAL][class_id])),
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
        frames=PartCounts.of(lambda part: len(video.frames_of(part))),
        boxes=PartCounts.of(lambda part: int(_counts(video, part).sum())),
        negatives=PartCounts.of(lambda part: int((~_counts(video, part).any(axis=1)).sum())),
        guard_frames=video.guard,
        dropped=len(video.frames_of(Split.GUARD)),
        val_spans=_spans(video.chosen.frames, video.parts),
        class_boxes=tuple(video.chosen.counts[video.parts <= Split.VAL].sum(axis=0).tolist()),
        leaky=leaky,
        held_out=source.held_out,
    )


def _counts(video: PlannedVideo, part: Split) -> NDArray[np.int32]:
    counts: NDArray[np.int32] = video.chosen.counts[video.parts == part]
    return counts


def _spans(all_frames: Indices, parts: Splits) -> tuple[tuple[int, int], ...]:
    """The runs of validation frames, as frame ranges; near-duplicates do not end one."""
    looked_at = parts != Split.DUPLICATE
    frames, inside = all_frames[looked_at], parts[looked_at] == Split.VAL
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(np.int8), [0]])))
    runs = edges.reshape(-1, 2)
    return tuple((int(frames[first]), int(frames[end - 1]) + 1) for first, end in runs)
