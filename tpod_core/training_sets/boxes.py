"""The boxes on a video's frames, derived ones included."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from tpod_core.annotations.interpolation import derive
from tpod_core.geometry import Box, clip, iou
from tpod_core.training_sets.labelled_videos import LabelledVideo, MissedLabel

_CHUNK = 1000
"""The number of frames derived at a time, which bounds the memory for a long video."""
_FOUND_IOU = 0.3
"""The least IoU with a box at which a missed object counts as labelled."""


@dataclass(frozen=True, slots=True)
class TrackBox:
    """The box of a track on one frame, in pixels and clipped to the frame."""

    track_id: int
    class_id: int
    box: Box


def boxes_on(
    source: LabelledVideo, class_ids: Mapping[int, int], frames: Iterable[int]
) -> Iterator[list[TrackBox]]:
    """Yields the boxes on each of ``frames`` (ascending), in the order of track ids.

    Lost boxes are left out: nobody knows where their objects are.

    Args:
        class_ids: ``class_id`` by ``Label.id``; tracks of other labels are left out.
    """
    tracks = [
        (track_id, class_ids[state.label_id], state)
        for track_id, state in sorted(source.tracks.items())
        if state.label_id in class_ids
    ]
    rest = iter(frames)
    while chunk := list(islice(rest, _CHUNK)):
        by_frame: dict[int, list[TrackBox]] = {frame: [] for frame in chunk}
        for track_id, class_id, state in tracks:
            for shown, derived in derive(state.ordered(), chunk, state.derived):
                if derived is not None and derived.lost:
                    continue
                # A derived box may leave the frame: by rounding, or with its object.
                box = clip(shown.box, source.frame_wh)
                if box.area > 0:
                    by_frame[shown.frame].append(TrackBox(track_id, class_id, box))
        yield from by_frame.values()


def boxes_of_every_label(source: LabelledVideo, frames: Collection[int]) -> dict[int, list[Box]]:
    """Returns the boxes on each of ``frames``, those of labels outside the set too."""
    ordered = sorted(frames)
    every_label = dict.fromkeys((state.label_id for state in source.tracks.values()), 0)
    shown = boxes_on(source, every_label, ordered)
    return {frame: [each.box for each in on] for frame, on in zip(ordered, shown, strict=True)}


def still_missed(source: LabelledVideo) -> list[MissedLabel]:
    """Returns the missed labels where there is no box of any label yet."""
    labelled = boxes_of_every_label(source, {missed.frame for missed in source.missed})
    return [
        missed
        for missed in source.missed
        if all(iou(box, missed.box) < _FOUND_IOU for box in labelled[missed.frame])
    ]
