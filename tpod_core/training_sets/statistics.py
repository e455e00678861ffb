"""What a plan holds, in numbers: by part, by class, by video, and the split itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tpod_core.training_sets.frames import Indices
from tpod_core.training_sets.plan import Plan, PlannedVideo
from tpod_core.training_sets.split import Part


@dataclass(frozen=True)
class PartCounts:
    """One number for training, one for validation."""

    train: int
    val: int

    @classmethod
    def of(cls, count: Callable[[Part], int]) -> "PartCounts":
        return cls(count(Part.TRAIN), count(Part.VAL))

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


@dataclass(frozen=True)
class SplitCounts:
    """How the validation part came about; ``val_fraction`` is the share that it got."""

    method: str
    val_fraction: float
    dropped: int
    seed: int


@dataclass(frozen=True)
class Statistics:
    """A training set in numbers; ``dataclasses.asdict`` of it is what the API answers."""

    frames: PartCounts
    boxes: PartCounts
    negatives: PartCounts
    classes: tuple[ClassCounts, ...]
    videos: tuple[VideoCounts, ...]
    split: SplitCounts

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Statistics":
        """``asdict`` backwards."""

        def parts(row: dict[str, Any], *names: str) -> dict[str, Any]:
            return row | {name: PartCounts(**row[name]) for name in names}

        every = ("frames", "boxes", "negatives")
        videos = (
            row | {"val_spans": tuple((start, stop) for start, stop in row["val_spans"])}
            for row in raw["videos"]
        )
        return cls(
            **{name: PartCounts(**raw[name]) for name in every},
            classes=tuple(ClassCounts(**parts(row, *every[:2])) for row in raw["classes"]),
            videos=tuple(VideoCounts(**parts(row, *every)) for row in videos),
            split=SplitCounts(**raw["split"]),
        )


def statistics_of(plan: Plan) -> Statistics:
    """The numbers of ``plan``: those of the set that is built from it."""
    videos = tuple(_video(video) for video in plan.videos)
    frames, boxes, negatives = (
        PartCounts(
            sum(getattr(video, name).train for video in videos),
            sum(getattr(video, name).val for video in videos),
        )
        for name in ("frames", "boxes", "negatives")
    )
    dropped = sum(video.dropped for video in videos)
    fraction = round(frames.val / frames.total, 4)
    split = SplitCounts(plan.method.value, fraction, dropped, plan.choice.seed)
    return Statistics(frames, boxes, negatives, _classes(plan), videos, split)


def _classes(plan: Plan) -> tuple[ClassCounts, ...]:
    boxes = {part: sum(_counts(v, part).sum(axis=0) for v in plan.videos) for part in Part}
    frames = {part: sum((_counts(v, part) > 0).sum(axis=0) for v in plan.videos) for part in Part}
    return tuple(
        ClassCounts(
            label.name,
            PartCounts(int(boxes[Part.TRAIN][class_id]), int(boxes[Part.VAL][class_id])),
            PartCounts(int(frames[Part.TRAIN][class_id]), int(frames[Part.VAL][class_id])),
        )
        for class_id, label in enumerate(plan.classes)
    )


def _video(video: PlannedVideo) -> VideoCounts:
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
        dropped=len(video.frames_of(Part.GUARD)),
        val_spans=_spans(video.chosen.frames, video.parts == Part.VAL),
    )


def _counts(video: PlannedVideo, part: Part) -> NDArray[np.int32]:
    counts: NDArray[np.int32] = video.chosen.counts[video.parts == part]
    return counts


def _spans(frames: Indices, inside: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """The runs of chosen frames that are ``inside``, as frame ranges."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], inside.astype(np.int8), [0]])))
    runs = edges.reshape(-1, 2)
    return tuple((int(frames[first]), int(frames[end - 1]) + 1) for first, end in runs)
