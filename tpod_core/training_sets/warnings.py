"""Warnings about a plan that do not stop the build."""

from collections.abc import Iterator

from tpod_core.annotations.interpolation import lost_spans
from tpod_core.annotations.ranges import overlap
from tpod_core.training_sets.doubts import (
    few_pictures,
    pictures_text,
    rare_in_a_split,
    training_pictures,
)
from tpod_core.training_sets.frames import Basis, labelled_frames
from tpod_core.training_sets.plan import Plan, PlannedVideo
from tpod_core.training_sets.split import Split
from tpod_core.training_sets.statistics import Statistics

_HELD_TOLERANCE_S = 2.0


def warnings_of(plan: Plan, statistics: Statistics, batch: int) -> list[str]:
    """Returns warnings as sentences, the most important first.

    Args:
        batch: the images per step that will be suggested for a training on this set.
    """
    return [
        *rare_in_a_split(statistics),
        *_left_out(plan),
        *few_pictures(statistics),
        *_unfilled_step(statistics, batch),
        *_same_file_twice(plan),
        *(sentence for video in plan.videos for sentence in _frames(plan, video)),
    ]


def _left_out(plan: Plan) -> Iterator[str]:
    for name in plan.left_out:
        yield f'"{name}" has no box in the chosen frames and is left out.'


def _unfilled_step(statistics: Statistics, batch: int) -> Iterator[str]:
    count = training_pictures(statistics)
    if count < batch:
        yield (
            f"Training has only {pictures_text(count)}, fewer than the {batch} of one training "
            "step: a detector cannot learn much from so little. Label more frames, or use more of "
            "them."
        )


def _same_file_twice(plan: Plan) -> Iterator[str]:
    """Warns about a file uploaded twice, once in each split: the score is then worthless."""
    train = {v.source.sha256: v.source.name for v in plan.videos if len(v.trained_frames())}
    val = {v.source.sha256: v.source.name for v in plan.videos if len(v.frames_of(Split.VAL))}
    for sha256 in sorted(train.keys() & val.keys() - {""}):
        if train[sha256] != val[sha256]:
            yield (
                f'"{train[sha256]}" and "{val[sha256]}" are the same file, one in training and '
                "one in validation. Hold both out or neither."
            )


def _frames(plan: Plan, video: PlannedVideo) -> Iterator[str]:
    name = video.source.name
    if video.masked and not len(video.chosen.frames):
        yield f'"{name}" gives only refused detections: nothing is labelled where it was chosen.'
    elif not len(video.chosen.frames):
        yield f'"{name}" gives no frames: nothing is labelled where it was chosen.'
    elif video.chosen.basis is Basis.BOXES:
        yield (
            f'"{name}" has no fully labelled range: only its frames with boxes are used, '
            "and none without objects."
        )
    elif video.chosen.basis is Basis.LABELLED and (outside := _outside(plan, video)):
        yield (
            f'{outside} frames of "{name}" have boxes but lie outside its fully labelled ranges, '
            "and are left out. Take them too if nothing is missing there."
        )
    if lost := _lost_from(plan, video):
        tracks = "1 track is" if len(lost) == 1 else f"{len(lost)} tracks are"
        yield (
            f'In "{name}", {tracks} lost before the end (first at frame {min(lost)}), and the '
            "boxes from there on are left out. End a track where its object leaves, or correct "
            "its box where the object still is."
        )
    held = _held_boxes(video)
    if held:
        boxes = "1 box is" if len(held) == 1 else f"{len(held)} boxes are"
        yield (
            f'In "{name}", {boxes} held still from the last key frame on (first at frame '
            f"{min(held)}), to the end of the video. End a track where its object leaves."
        )


def _outside(plan: Plan, video: PlannedVideo) -> int:
    """Counts the frames of a video that have a box, but are not fully labelled."""
    source = video.source
    return int(labelled_frames(source, plan.class_ids).sum()) - sum(b - a for a, b in source.ranges)


def _lost_from(plan: Plan, video: PlannedVideo) -> list[int]:
    """Returns the first lost frame of each track of the set that is lost where it was chosen."""
    source = video.source
    (chosen,) = (each.ranges for each in plan.spec.videos if each.video_id == source.video_id)
    ranges = chosen or [(0, source.frame_count)]
    lost = (
        list(lost_spans(state.ordered(), source.frame_count, state.derived))
        for state in source.tracks.values()
        if state.label_id in plan.class_ids
    )
    return [of_track[0][0] for of_track in lost if overlap(of_track, ranges)]


def _held_boxes(video: PlannedVideo) -> list[int]:
    """Returns the last key frames of straight tracks that hold their box for long in the set."""
    source, frames = video.source, video.chosen.frames
    if not len(frames):
        return []
    last = [(state.ordered()[-1], state.derived) for state in source.tracks.values()]
    held = [key for key, derived in last if not key.outside and key.frame not in derived]
    end = int(frames[-1])
    return [
        key.frame
        for key in held
        if key.frame < end and source.times.between(key.frame, end) > _HELD_TOLERANCE_S
    ]
