"""What is labelled in a video: read it, edit it, undo it.

Every edit names the revision that its author saw. Whoever comes second gets an
``EditConflict`` that says what changed, and nothing is overwritten. Each edit is one step in
the video's log, so undo works after a reload and for everybody.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from tpod_core.errors import Conflict
from tpod_core.models import Edit, User, Video, saved_id
from tpod_core.propagation import requests
from tpod_core.propagation.linear import derive
from tpod_core.propagation.stored import with_derived
from tpod_core.tracks import log, reading, writing
from tpod_core.tracks.checking import check_document
from tpod_core.tracks.documents import (
    AnnotationDoc,
    FrameBox,
    KeyframeDoc,
    LabelDoc,
    TrackDoc,
)
from tpod_core.tracks.door import Door
from tpod_core.tracks.edits import Annotations, apply, existing_tracks, looked_at
from tpod_core.tracks.history import Part, difference, head_of
from tpod_core.tracks.operations import (
    AcceptTracks,
    AddTrack,
    ClearRange,
    DeleteTrack,
    EditOp,
    EndTrack,
    HideBox,
    MarkRange,
    MergeTracks,
    PutBox,
    RelabelTrack,
    RemoveKeyframe,
    SetOccluded,
    SplitTrack,
)

__all__ = [
    "AcceptTracks",
    "AddTrack",
    "AnnotationDoc",
    "ClearRange",
    "DeleteTrack",
    "EditOp",
    "EditResult",
    "EndTrack",
    "FrameBox",
    "HideBox",
    "KeyframeDoc",
    "LabelDoc",
    "MarkRange",
    "MergeTracks",
    "PutBox",
    "RelabelTrack",
    "RemoveKeyframe",
    "SetOccluded",
    "SplitTrack",
    "TrackDoc",
    "apply_edits",
    "boxes_in",
    "get_document",
    "redo",
    "replace_document",
    "undo",
]


@dataclass(frozen=True)
class EditResult:
    """The video's revision after an edit, and the ids of the tracks it created, in order."""

    revision: int
    track_ids: tuple[int, ...] = ()


def get_document(session: Session, video: Video) -> AnnotationDoc:
    """Everything labelled in ``video``, its tracks in the order of their ids."""
    return _document(session, video, _load(session, video, None))


def boxes_in(session: Session, video: Video, start: int, stop: int) -> dict[int, list[FrameBox]]:
    """The boxes on each frame ``start <= n < stop``, derived ones included, by track id.

    Every frame asked for is a key of the answer, with an empty list where it has no box.
    """
    names = reading.load_catalogue(session)
    boxes: dict[int, list[FrameBox]] = {frame: [] for frame in range(start, stop)}
    around = reading.load_tracks_around(session, saved_id(video), start, stop)
    for track_id, state in with_derived(session, video, around, (start, stop)).items():
        label = names[state.label_id]
        for shown, derived in derive(state.ordered(), range(start, stop), state.derived):
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
                )
            )
    return boxes


def replace_document(
    session: Session, user: User, video: Video, document: AnnotationDoc, seen: int
) -> AnnotationDoc:
    """Put ``document`` in the place of all that was labelled; the new document.

    Tracks without an id are new. The document's revision and labels are not looked at.
    Raises: EditConflict if ``seen`` is not current, InvalidInput naming the wrong field.
    """
    revision = log.take_revision(session, video, seen)
    before = _load(session, video, None)
    checked = check_document(document, _door(session, video), before.tracks)
    new_ids = iter(writing.insert_tracks(session, saved_id(video), user.id, checked.new_tracks))
    tracks = {
        next(new_ids) if track_id is None else track_id: state for track_id, state in checked.tracks
    }
    after = Annotations(tracks, checked.ranges)
    _save(session, user, video, revision, difference(before, after))
    return _document(session, video, after)


def apply_edits(
    session: Session, user: User, video: Video, edits: Sequence[EditOp], seen: int
) -> EditResult:
    """Do ``edits`` in order, all or none, as one step of the video's log.

    Raises: EditConflict if ``seen`` is not current, InvalidInput naming the wrong edit.
    """
    revision = log.take_revision(session, video, seen)
    before = _load(session, video, existing_tracks(edits))
    if frames := looked_at(edits):
        before = replace(before, tracks=with_derived(session, video, before.tracks, frames))
    after = apply(before, edits, _door(session, video))
    new = list(after.new_tracks().values())
    track_ids = writing.insert_tracks(session, saved_id(video), user.id, new)
    changes = difference(before, after.numbered(track_ids))
    revision = _save(session, user, video, revision, changes)
    return EditResult(revision, tuple(track_ids))


def undo(session: Session, user: User, video: Video, seen: int) -> EditResult:
    """Take the video's last step back, whoever made it; that is a step of its own.

    Raises: EditConflict if ``seen`` is not current, Conflict if nothing is left to undo.
    """
    revision = log.take_revision(session, video, seen)
    undoable, _ = log.find_undo_and_redo(session, saved_id(video))
    if undoable is None:
        raise Conflict("There is nothing left to undo.")
    return _take_back(session, user, video, undoable, revision)


def redo(session: Session, user: User, video: Video, seen: int) -> EditResult:
    """Do again what the last ``undo`` took back.

    Raises: EditConflict if ``seen`` is not current, Conflict if nothing is left to redo.
    """
    revision = log.take_revision(session, video, seen)
    _, redoable = log.find_undo_and_redo(session, saved_id(video))
    if redoable is None:
        raise Conflict("There is nothing to redo.")
    return _take_back(session, user, video, redoable, revision)


def _take_back(
    session: Session, user: User, video: Video, undone: int, revision: int
) -> EditResult:
    step = log.get_step(session, saved_id(video), undone)
    returning = {
        int(track_id): head_of(track)
        for track_id, track in step.before.get("tracks", {}).items()
        if track and step.after["tracks"][track_id] is None
    }
    _require_labels(session, video, step.before)
    track_ids = writing.insert_tracks(
        session, saved_id(video), user.id, list(returning.values()), list(returning)
    )
    _save(session, user, video, revision, (step.after, step.before), undoes=undone)
    return EditResult(revision, tuple(track_ids))


def _require_labels(session: Session, video: Video, part: Part) -> None:
    needed = {track["label_id"] for track in part.get("tracks", {}).values() if track}
    gone = needed - {label.id for label in reading.load_labels(session, saved_id(video))}
    if gone:
        names = reading.load_catalogue(session)
        missing = ", ".join(sorted(f'"{names.get(id_, "a deleted label")}"' for id_ in gone))
        raise Conflict(f"This needs the label {missing}. Add it to the video's list first.")


def _door(session: Session, video: Video) -> Door:
    if not video.frame_count:
        raise Conflict("This video has no frames to label yet. Wait until its import has begun.")
    return Door(
        video.frame_count,
        video.frame_wh,
        {label.name: label.id for label in reading.load_labels(session, saved_id(video))},
        frozenset(reading.load_catalogue(session).values()),
    )


def _load(session: Session, video: Video, track_ids: Collection[int] | None) -> Annotations:
    return Annotations(
        reading.load_tracks(session, saved_id(video), track_ids),
        reading.load_ranges(session, saved_id(video)),
    )


def _document(session: Session, video: Video, found: Annotations) -> AnnotationDoc:
    names = reading.load_catalogue(session)
    return AnnotationDoc(
        revision=video.revision,
        labels=reading.load_labels(session, saved_id(video)),
        tracks=tuple(
            TrackDoc(
                track_id,
                names[state.label_id],
                tuple(state.ordered()),
                state.proposed,
                state.score,
            )
            for track_id, state in sorted(found.tracks.items())
        ),
        ranges=found.ranges,
    )


def _save(
    session: Session,
    user: User,
    video: Video,
    revision: int,
    parts: tuple[Part, Part],
    undoes: int | None = None,
) -> int:
    """Write what changed, and log it; the video's revision, unmoved if nothing changed."""
    before, after = parts
    if before == after:
        return log.give_revision_back(session, video, revision)
    writing.write_parts(session, saved_id(video), user.id, before, after)
    log.write_step(
        session,
        Edit(
            video_id=saved_id(video),
            revision=revision,
            undoes=undoes,
            author_id=user.id,
            before=before,
            after=after,
        ),
    )
    requests.after_edit(session, video, user.id, after)
    return revision
