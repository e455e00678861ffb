"""Checks a set as a whole: too few boxes or videos of a class, missing labels, leakage."""

from collections.abc import Iterator, Sequence

import numpy as np

from tpod_core.training_sets.box_table import BoxTable
from tpod_core.training_sets.boxes import still_missed
from tpod_core.training_sets.findings import Kind, PreflightFinding, Severity
from tpod_core.training_sets.frames import labelled_frames, mask_of, runs_of
from tpod_core.training_sets.leakage import leakage_distance, leaky_frames
from tpod_core.training_sets.plan import Plan, PlannedVideo
from tpod_core.training_sets.split import Split

_FEW_BOXES = 20
_UNLABELLED_S = 1.0
"""Shorter unlabelled stretches are not reported."""


def rare_classes(plan: Plan, tables: Sequence[BoxTable]) -> Iterator[PreflightFinding]:
    """Finds classes with few boxes, or with boxes in one video only."""
    for class_id, label in enumerate(plan.classes):
        showing = [table for table in tables if (table.class_ids == class_id).any()]
        if not showing:
            continue
        boxes = sum(int((table.class_ids == class_id).sum()) for table in showing)
        source = showing[0].video.source
        first = int(np.argmax(showing[0].class_ids == class_id))
        position = (
            source.video_id,
            int(showing[0].frames[first]),
            int(showing[0].track_ids[first]),
        )
        if boxes < _FEW_BOXES:
            count = "1 box" if boxes == 1 else f"{boxes} boxes"
            sentence = f"“{label.name}” has only {count}. Label it in more frames."
            yield PreflightFinding(Kind.FEW_BOXES, Severity.WARNING, sentence, *position)
        if len(showing) == 1:
            sentence = (
                f"“{label.name}” is only in “{source.name}”. A detector then knows it from that "
                "place alone: label it in another video too."
            )
            yield PreflightFinding(Kind.ONE_VIDEO, Severity.WARNING, sentence, *position)


def leaks(plan: Plan) -> Iterator[PreflightFinding]:
    """Finds videos with validation frames that probably equal training frames nearly."""
    for video, leaky in zip(plan.videos, leaky_frames(plan.videos, None), strict=True):
        if len(leaky):
            held = len(video.frames_of(Split.VAL))
            sentence = (
                f"{len(leaky)} of {held} validation frames of “{video.source.name}” lie within "
                f"{leakage_distance(video, compared=False)} frames of a training frame of the same "
                "file. They are probably nearly the same pictures: the score will be too good. "
                "Use a larger gap, or hold out whole videos."
            )
            yield PreflightFinding(
                Kind.LEAKAGE, Severity.PROBLEM, sentence, video.source.video_id, int(leaky[0])
            )


def unlabelled_stretches(plan: Plan, number: int) -> Iterator[PreflightFinding]:
    """Finds stretches with neither boxes nor the mark "fully labelled"; longest first.

    Args:
        number: the video's position in the plan.
    """
    video, ranges = plan.videos[number], plan.spec.videos[number].ranges
    source = video.source
    unlabelled = ~labelled_frames(source, plan.class_ids)
    if ranges is not None:
        unlabelled &= mask_of(ranges, source.frame_count)
    for start, stop in sorted(runs_of(unlabelled), key=lambda run: run[0] - run[1]):
        if source.times.between(start, stop) > _UNLABELLED_S:
            sentence = (
                f"Frames {start} to {stop - 1} of “{source.name}” are not labelled and are left "
                "out. Label them, or mark them as fully labelled if nothing is there."
            )
            yield PreflightFinding(Kind.UNLABELLED, Severity.NOTE, sentence, source.video_id, start)


def missed_labels(video: PlannedVideo) -> Iterator[PreflightFinding]:
    """Finds detections marked as missed labels where there still is no box."""
    source = video.source
    for missed in still_missed(source):
        sentence = (
            f"A “{missed.label}” at frame {missed.frame} of “{source.name}” was found by a "
            "detector and called a missed label, but has no box yet."
        )
        yield PreflightFinding(
            Kind.MISSED_LABEL, Severity.WARNING, sentence, source.video_id, missed.frame
        )
