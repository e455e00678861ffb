"""Plans a training set: its classes, frames and splits, before any picture is written."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tpod_core.annotations.document import LabelDoc
from tpod_core.annotations.ranges import Range
from tpod_core.errors import InvalidInput
from tpod_core.training_sets.classes import choose_classes
from tpod_core.training_sets.crops import Crop, draw_crops
from tpod_core.training_sets.frames import (
    FrameSelection,
    Indices,
    check_ranges,
    choose_frames,
    mask_of,
)
from tpod_core.training_sets.labelled_videos import LabelledVideo
from tpod_core.training_sets.masked_frames import MaskedFrame, mask_frames
from tpod_core.training_sets.negatives import thin_negatives
from tpod_core.training_sets.spec import SplitMethod, TrainingSetSpec, require_consistent
from tpod_core.training_sets.split import (
    Split,
    Splits,
    assign_splits,
    guard_of,
    training_side,
)


@dataclass(frozen=True)
class PlannedVideo:
    """The frames of one video and the split of each; ``guard`` is the guard gap in frames.

    ``crops`` are cut from its training frames. ``masked`` are further frames, for training, of
    which only refused detections are shown.
    """

    chosen: FrameSelection
    splits: Splits
    guard: int = 0
    crops: tuple[Crop, ...] = ()
    masked: tuple[MaskedFrame, ...] = ()

    @property
    def source(self) -> LabelledVideo:
        return self.chosen.source

    def frames_of(self, split: Split) -> Indices:
        frames: Indices = self.chosen.frames[self.splits == split]
        return frames

    def trained_frames(self) -> Indices:
        """Returns the frames of which training sees at least a part, ascending."""
        masked = np.array([each.frame for each in self.masked], dtype=np.int64)
        return np.union1d(self.frames_of(Split.TRAIN), masked)

    def used(self) -> list[tuple[int, Split]]:
        """Returns the frames that go into the set as a whole, ascending, with their split."""
        kept = self.splits <= Split.VAL
        pairs = zip(self.chosen.frames[kept].tolist(), self.splits[kept].tolist(), strict=True)
        return [(frame, Split(split)) for frame, split in pairs]

    def without(self, duplicates: Collection[int]) -> "PlannedVideo":
        """Returns the plan with these frames marked as duplicates."""
        splits = self.splits.copy()
        splits[np.isin(self.chosen.frames, list(duplicates))] = Split.DUPLICATE
        return replace(self, splits=splits)


@dataclass(frozen=True)
class Plan:
    """What a spec selects from the current annotations.

    ``left_out`` are labels of the videos that have no box in the selected frames.
    """

    spec: TrainingSetSpec
    classes: tuple[LabelDoc, ...]
    left_out: tuple[str, ...]
    method: SplitMethod
    videos: tuple[PlannedVideo, ...]

    @property
    def class_ids(self) -> dict[int, int]:
        """``class_id`` by ``Label.id``."""
        return {label.id: class_id for class_id, label in enumerate(self.classes)}

    def picture_count(self) -> int:
        """Returns the number of pictures, before near-duplicates are dropped."""
        return sum(
            int((v.splits <= Split.VAL).sum()) + len(v.crops) + len(v.masked) for v in self.videos
        )

    def without(self, duplicates: Mapping[int, Collection[int]]) -> "Plan":
        """Returns the plan without the near-duplicate frames, given by video id."""
        videos = (video.without(duplicates[video.source.video_id]) for video in self.videos)
        return replace(self, videos=tuple(videos))


def make_plan(spec: TrainingSetSpec, sources: Sequence[LabelledVideo]) -> Plan:
    """Returns the plan for ``spec``, which is deterministic for equal annotations.

    Args:
        sources: the videos of the spec, in its order.
    Raises: InvalidInput naming the cause and the field if there is nothing to train or
        validate on.
    """
    require_consistent(spec)
    ranges = [
        check_ranges(video.ranges, source, f"videos[{number}].ranges")
        for number, (video, source) in enumerate(zip(spec.videos, sources, strict=True))
    ]
    labels = choose_classes(spec.labels, sources)
    frames = [
        choose_frames(source, [label.id for label in labels], of_video, spec.sampling)
        for source, of_video in zip(sources, ranges, strict=True)
    ]
    classes, left_out, frames = _without_empty_classes(spec, labels, frames)
    frames = thin_negatives(frames, spec.negatives.ratio, spec.seed)
    method, splits = assign_splits(frames, spec.split, spec.seed)
    by_block = method is SplitMethod.BY_BLOCK
    guards = [guard_of(f, spec.split.guard_frames) if by_block else 0 for f in frames]
    crops = _draw_crops(spec, frames, splits)
    videos = tuple(PlannedVideo(*each) for each in zip(frames, splits, guards, crops, strict=True))
    plan = _with_masked_frames(Plan(spec, classes, left_out, method, videos), ranges)
    _require_both_splits(plan)
    return plan


def _without_empty_classes(
    spec: TrainingSetSpec, labels: Sequence[LabelDoc], frames: list[FrameSelection]
) -> tuple[tuple[LabelDoc, ...], tuple[str, ...], list[FrameSelection]]:
    """Drops labels without a box, unless the spec names the labels."""
    has_box = np.any([video.counts.any(axis=0) for video in frames], axis=0)
    if not has_box.any():
        raise InvalidInput(
            "There are no boxes in the chosen frames. Label some objects, or choose other "
            "videos, ranges or labels.",
            "videos",
        )
    if spec.labels is not None:
        return tuple(labels), (), frames
    kept = tuple(label for label, has in zip(labels, has_box, strict=True) if has)
    left_out = tuple(label.name for label, has in zip(labels, has_box, strict=True) if not has)
    narrowed = [
        FrameSelection(video.source, video.basis, video.frames, video.counts[:, has_box])
        for video in frames
    ]
    return kept, left_out, narrowed


def _draw_crops(
    spec: TrainingSetSpec, frames: Sequence[FrameSelection], splits: Sequence[Splits]
) -> list[tuple[Crop, ...]]:
    """Draws the number of crops that the spec requests per training frame with a box."""
    pairs = list(zip(frames, splits, strict=True))
    positive = sum(int((video.positive & (split == Split.TRAIN)).sum()) for video, split in pairs)
    return draw_crops(pairs, round(spec.negatives.background_crops * positive), spec.seed)


def _with_masked_frames(plan: Plan, ranges: Sequence[Sequence[Range] | None]) -> Plan:
    """Adds the masked frames on the training side of each video, within its chosen ranges."""
    videos = []
    for video, of_video in zip(plan.videos, ranges, strict=True):
        side = training_side(video.chosen, video.splits, plan.spec.split, plan.method, video.guard)
        if of_video is not None:
            side &= mask_of(of_video, video.source.frame_count)
        videos.append(replace(video, masked=mask_frames(video.chosen, side)))
    return replace(plan, videos=tuple(videos))


def _require_both_splits(plan: Plan) -> None:
    names = {Split.TRAIN: "training", Split.VAL: "validation"}
    field = "split.val_videos" if plan.spec.split.val_videos else "split"
    if all(video.source.held_out for video in plan.videos if video.chosen.positive.any()):
        raise InvalidInput(
            "Every chosen video with objects is locked as held out. Add one to train on, or "
            "unlock one on the Videos page.",
            "videos",
        )
    for split, name in names.items():
        boxes = sum(int(video.chosen.counts[video.splits == split].sum()) for video in plan.videos)
        if not boxes:
            raise InvalidInput(
                f"No box is left for {name}. Label more frames, "
                "or change the split, its share or its guard gap.",
                field,
            )
