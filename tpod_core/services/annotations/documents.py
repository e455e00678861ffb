"""Reads a video's annotations: the whole document, changes to it, and the boxes of any frame."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from tpod_core.annotations import log, reading
from tpod_core.annotations.document import AnnotationDoc, FrameBox, LabelDoc, TrackDoc, TrackState
from tpod_core.annotations.edits import Annotations
from tpod_core.annotations.interpolation import derive
from tpod_core.annotations.ranges import Range
from tpod_core.models import Video, saved_id
from tpod_core.propagation.store import with_derived

_FRAMES_AT_ONCE = 1000
"""Limits the memory for the boxes of a long video."""


@dataclass(frozen=True)
class AnnotationChanges:
    """The changes of a video's annotations up to ``revision``.

    ``tracks`` are the new and changed tracks, whole; ``deleted`` are the ids of deleted ones.
    ``ranges`` and ``labels`` are the current ones, or ``None`` if they did not change.
    """

    revision: int
    tracks: tuple[TrackDoc, ...]
    deleted: tuple[int, ...]
    ranges: tuple[Range, ...] | None
    labels: tuple[LabelDoc, ...] | None


def get_document(session: Session, video: Video) -> AnnotationDoc:
    """Returns all annotations of ``video``, its tracks in the order of their ids."""
    return document_of(session, video, load(session, video))


def get_changes(session: Session, video: Video, base_revision: int) -> AnnotationChanges:
    """Returns the changes since a revision. Raises: TooOld if the log does not reach it."""
    steps = log.steps_since(session, video, base_revision)
    touched = {int(track_id) for step in steps for track_id in step.after.get("tracks", {})}
    changed_parts = {name for step in steps for name in step.after}
    video_id = saved_id(video)
    tracks = reading.load_tracks(session, video_id, touched) if touched else {}
    return AnnotationChanges(
        video.revision,
        _track_docs(session, tracks),
        tuple(sorted(touched - tracks.keys())),
        reading.load_ranges(session, video_id) if "ranges" in changed_parts else None,
        reading.load_labels(session, video_id) if "labels" in changed_parts else None,
    )


def boxes_in(
    session: Session,
    video: Video,
    start: int,
    stop: int,
    track_ids: Collection[int] | None = None,
) -> dict[int, list[FrameBox]]:
    """Returns the boxes on each frame ``start <= n < stop``, as ``boxes_on``."""
    return boxes_on(session, video, range(start, stop), track_ids)


def boxes_on(
    session: Session,
    video: Video,
    frames: Sequence[int],
    track_ids: Collection[int] | None = None,
) -> dict[int, list[FrameBox]]:
    """Returns the boxes on each of ``frames``, derived ones included.

    Each list is in the order of track ids, and empty where a frame has no box.

    Args:
        frames: ascending frame indices, gaps allowed.
        track_ids: the tracks to include; without it, all.
    """
    boxes: dict[int, list[FrameBox]] = {frame: [] for frame in frames}
    if not boxes:
        return boxes
    names = reading.load_catalogue(session)
    span = frames[0], frames[-1] + 1
    around = reading.load_tracks_around(session, saved_id(video), *span, track_ids)
    for track_id, state in with_derived(session, video, around, span).items():
        label = names[state.label_id]
        for shown, derived in derive(state.ordered(), frames, state.derived):
            boxes[shown.frame].append(
                FrameBox(
                    track_id,
                    label,
                    shown.box,
                    derived.source if derived else shown.source.value,
                    shown.occluded,
                    keyframe=derived is None,
                    uncertainty=derived.uncertainty if derived else None,
                    proposed=state.proposed,
                    lost=derived is not None and derived.lost,
                )
            )
    return boxes


def each_boxes_on(
    session: Session, video: Video, frames: Sequence[int]
) -> Iterator[tuple[int, list[FrameBox]]]:
    """Yields each of ``frames`` with its boxes, as ``boxes_on``; reads them part by part."""
    for first in range(0, len(frames), _FRAMES_AT_ONCE):
        yield from boxes_on(session, video, frames[first : first + _FRAMES_AT_ONCE]).items()


def load(session: Session, video: Video, track_ids: Collection[int] | None = None) -> Annotations:
    """Returns tracks and ranges; without ``track_ids``, every track."""
    return Annotations(
        reading.load_tracks(session, saved_id(video), track_ids),
        reading.load_ranges(session, saved_id(video)),
    )


def document_of(session: Session, video: Video, annotations: Annotations) -> AnnotationDoc:
    return AnnotationDoc(
        revision=video.revision,
        labels=reading.load_labels(session, saved_id(video)),
        tracks=_track_docs(session, annotations.tracks),
        ranges=annotations.ranges,
    )


def _track_docs(session: Session, tracks: dict[int, TrackState]) -> tuple[TrackDoc, ...]:
    names = reading.load_catalogue(session)
    return tuple(
        TrackDoc(
            track_id, names[state.label_id], tuple(state.ordered()), state.proposed, state.score
        )
        for track_id, state in sorted(tracks.items())
    )
