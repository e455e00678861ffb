"""Changing what is labelled: by operations, or the whole document."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from sqlmodel import Session

from tpod_core.annotations import batches, label_list, log, reading, writing
from tpod_core.annotations.conflicts import conflicting
from tpod_core.annotations.document import AnnotationDoc
from tpod_core.annotations.document_checks import check_document
from tpod_core.annotations.edits import Annotations, Edited, apply, looked_at
from tpod_core.annotations.history import Part, difference
from tpod_core.annotations.label_names import clean_label_name
from tpod_core.annotations.operations import AddLabel, EditOp
from tpod_core.annotations.palette import clean_color
from tpod_core.annotations.track_names import named_tracks, with_rows
from tpod_core.annotations.validator import AnnotationValidator
from tpod_core.errors import Conflict, EditConflict
from tpod_core.models import User, Video, saved_id
from tpod_core.propagation.store import with_derived
from tpod_core.services.annotations.documents import document_of, load
from tpod_core.services.annotations.saving import save_step

_KIND = "edit"


@dataclass(frozen=True)
class EditResult:
    """The video's revision after an edit, and the tracks it created.

    ``track_ids`` has all of them, in order; ``tracks`` those that their author had named.
    """

    revision: int
    track_ids: tuple[int, ...] = ()
    tracks: dict[str, int] = field(default_factory=dict)


def replace_document(
    session: Session, user: User, video: Video, document: AnnotationDoc, seen: int
) -> AnnotationDoc:
    """Put ``document`` in the place of all that was labelled; the new document.

    Tracks without an id are new. The document's revision and labels are not looked at.
    Raises: EditConflict if ``seen`` is not current, InvalidInput naming the wrong field.
    """
    require_current(session, video, seen)
    before = load(session, video)
    checked = check_document(document, _door(session, video), before.tracks)
    new_ids = iter(writing.insert_tracks(session, saved_id(video), user.id, checked.new_tracks))
    tracks = {
        next(new_ids) if track_id is None else track_id: state for track_id, state in checked.tracks
    }
    after = Annotations(tracks, checked.ranges)
    save_step(session, user, video, difference(before, after))
    return document_of(session, video, after)


def require_current(session: Session, video: Video, seen: int) -> None:
    """From here to the commit nobody else edits ``video``.

    Raises: EditConflict, saying what changed, if anything did since revision ``seen``.
    """
    log.lock(session, video)
    log.require_current(session, video, seen)


def apply_edits(
    session: Session,
    user: User,
    video: Video,
    edits: Sequence[EditOp],
    seen: int,
    batch: str | None = None,
) -> EditResult:
    """Do ``edits`` in order, all or none, as one step of the video's log.

    Args:
        seen: the revision that their author saw.
        batch: the author's name for these edits. Given again, nothing is done, and the answer
            is the same.
    Raises: EditConflict if somebody else changed what ``edits`` touch since then,
        InvalidInput naming the wrong edit.
    """
    log.lock(session, video)
    if batch and (answer := batches.find_answer(session, user, video, batch, _KIND)):
        return EditResult(answer["revision"], tuple(answer["track_ids"]), answer["tracks"])
    resolved = _with_rows(session, video, edits)
    _require_no_conflict(session, user, video, resolved, seen)
    result = _apply(session, user, video, resolved)
    batches.keep_rows(session, video, result.tracks)
    if batch:
        batches.keep_answer(session, user, video, batch, _KIND, asdict(result))
    return result


def _with_rows(session: Session, video: Video, edits: Sequence[EditOp]) -> list[EditOp]:
    names = [track for track in named_tracks(edits) if isinstance(track, str)]
    rows = batches.find_rows(session, video, names)
    return [with_rows(edit, rows, f"ops[{number}]") for number, edit in enumerate(edits)]


def _require_no_conflict(
    session: Session, user: User, video: Video, edits: Sequence[EditOp], seen: int
) -> None:
    if seen == video.revision:
        return
    steps = log.steps_since(session, video, seen, but_of=user)
    if in_the_way := conflicting(edits, steps):
        raise EditConflict(log.what_changed(seen, in_the_way))


def _apply(session: Session, user: User, video: Video, edits: Sequence[EditOp]) -> EditResult:
    labels = _add_labels(session, video, edits)
    rows = {track for track in named_tracks(edits) if isinstance(track, int)}
    before = load(session, video, rows)
    if frames := looked_at(edits):
        before = replace(before, tracks=with_derived(session, video, before.tracks, frames))
    edited = apply(before, edits, _door(session, video))
    track_ids = _insert(session, user, video, edited)
    old, new = difference(before, edited.numbered(track_ids))
    save_step(session, user, video, (labels[0] | old, labels[1] | new))
    return EditResult(video.revision, tuple(track_ids), edited.named(track_ids))


def _insert(session: Session, user: User, video: Video, edited: Edited) -> list[int]:
    new = list(edited.new_tracks.values())
    return writing.insert_tracks(session, saved_id(video), user.id, new)


def _add_labels(session: Session, video: Video, edits: Sequence[EditOp]) -> tuple[Part, Part]:
    """Add the labels that ``edits`` ask for; the list before and after, if it changed."""
    added = [
        _clean(edit, f"ops[{number}]")
        for number, edit in enumerate(edits)
        if isinstance(edit, AddLabel)
    ]
    if not added:
        return {}, {}
    before = label_list.label_part(session, video)
    label_list.append(session, video, added)
    after = label_list.label_part(session, video)
    return ({}, {}) if before == after else (before, after)


def _clean(edit: AddLabel, field: str) -> label_list.LabelSpec:
    name = clean_label_name(edit.name, f"{field}.name")
    return name, clean_color(edit.color, f"{field}.color") if edit.color else None


def _door(session: Session, video: Video) -> AnnotationValidator:
    if not video.frame_count:
        raise Conflict("This video has no frames to label yet. Wait until its import has begun.")
    return AnnotationValidator(
        video.frame_count,
        video.frame_wh,
        {label.name: label.id for label in reading.load_labels(session, saved_id(video))},
        frozenset(reading.load_catalogue(session).values()),
    )
