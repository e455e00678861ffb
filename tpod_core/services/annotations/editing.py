"""Changes a video's annotations, by operations or by a whole document."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from sqlmodel import Session

from tpod_core.annotations import batches, label_list, log, reading, writing
from tpod_core.annotations.conflicts import conflicting
from tpod_core.annotations.document import AnnotationDoc
from tpod_core.annotations.document_checks import check_document
from tpod_core.annotations.edits import Annotations, Edited, apply, frames_to_derive
from tpod_core.annotations.history import Part, difference
from tpod_core.annotations.label_names import clean_label_name
from tpod_core.annotations.operations import AddLabel, EditOp
from tpod_core.annotations.palette import clean_color
from tpod_core.annotations.track_names import referenced_tracks, resolve_names
from tpod_core.annotations.validator import AnnotationValidator
from tpod_core.errors import Conflict, EditConflict
from tpod_core.models import User, Video, saved_id
from tpod_core.propagation import requests
from tpod_core.propagation.store import with_derived
from tpod_core.services.annotations.documents import document_of, load

_KIND = "edit"


@dataclass(frozen=True)
class EditResult:
    """The video's revision after an edit, and the tracks it created.

    ``track_ids`` has all of them, in order; ``tracks`` has those that the client named.
    """

    revision: int
    track_ids: tuple[int, ...] = ()
    tracks: dict[str, int] = field(default_factory=dict)


def replace_document(
    session: Session, user: User, video: Video, document: AnnotationDoc, base_revision: int
) -> AnnotationDoc:
    """Replace all annotations by ``document``, and return the new document.

    Tracks without an id are new. The document's own revision and labels are ignored.
    Raises: EditConflict if ``base_revision`` is not current; InvalidInput naming the invalid field.
    """
    require_current(session, video, base_revision)
    before = load(session, video)
    checked = check_document(document, _validator(session, video), before.tracks)
    new_ids = iter(writing.insert_tracks(session, saved_id(video), user.id, checked.new_tracks))
    tracks = {
        next(new_ids) if track_id is None else track_id: state for track_id, state in checked.tracks
    }
    after = Annotations(tracks, checked.ranges)
    save_step(session, user, video, difference(before, after))
    return document_of(session, video, after)


def require_current(session: Session, video: Video, base_revision: int) -> None:
    """Lock the annotations of ``video`` until the commit, if ``base_revision`` is current.

    Raises: EditConflict, saying what changed since.
    """
    log.lock(session, video)
    log.require_current(session, video, base_revision)


def apply_edits(
    session: Session,
    user: User,
    video: Video,
    edits: Sequence[EditOp],
    base_revision: int,
    batch: str | None = None,
) -> EditResult:
    """Apply ``edits`` in order, all or none, as one step of the video's log.

    Args:
        base_revision: the revision that the author of the edits saw.
        batch: the client's name for these edits. If the name was used before, nothing is
            changed, and the first result is returned.
    Raises: EditConflict if somebody else has since changed what ``edits`` touch; InvalidInput
        naming the invalid edit.
    """
    log.lock(session, video)
    if batch and (answer := batches.find_answer(session, user, video, batch, _KIND)):
        return EditResult(answer["revision"], tuple(answer["track_ids"]), answer["tracks"])
    resolved = _resolve_names(session, video, edits)
    _require_no_conflict(session, user, video, resolved, base_revision)
    result = _apply(session, user, video, resolved)
    batches.save_track_ids(session, video, result.tracks)
    if batch:
        batches.save_answer(session, user, video, batch, _KIND, asdict(result))
    return result


def _resolve_names(session: Session, video: Video, edits: Sequence[EditOp]) -> list[EditOp]:
    names = [track for track in referenced_tracks(edits) if isinstance(track, str)]
    track_ids = batches.find_track_ids(session, video, names)
    return [resolve_names(edit, track_ids, f"ops[{number}]") for number, edit in enumerate(edits)]


def _require_no_conflict(
    session: Session, user: User, video: Video, edits: Sequence[EditOp], base_revision: int
) -> None:
    if base_revision == video.revision:
        return
    steps = log.steps_since(session, video, base_revision, except_author=user)
    if conflicts := conflicting(edits, steps):
        raise EditConflict(log.conflict_message(base_revision, conflicts))


def _apply(session: Session, user: User, video: Video, edits: Sequence[EditOp]) -> EditResult:
    labels = _add_labels(session, video, edits)
    existing_ids = {track for track in referenced_tracks(edits) if isinstance(track, int)}
    before = load(session, video, existing_ids)
    if frames := frames_to_derive(edits):
        before = replace(before, tracks=with_derived(session, video, before.tracks, frames))
    edited = apply(before, edits, _validator(session, video))
    track_ids = _insert(session, user, video, edited)
    old, new = difference(before, edited.with_new_ids(track_ids))
    save_step(session, user, video, (labels[0] | old, labels[1] | new))
    return EditResult(video.revision, tuple(track_ids), edited.ids_by_name(track_ids))


def save_step(
    session: Session,
    user: User,
    video: Video,
    parts: tuple[Part, Part],
    undoes: int | None = None,
) -> None:
    """Write the change from the first part to the second, and log it.

    The caller holds the video's lock, and has inserted the rows of new tracks. A step without
    change is not logged, unless it undoes another one, which else stayed the next to undo.
    """
    before, after = parts
    if before == after and undoes is None:
        return
    writing.write_parts(session, saved_id(video), user.id, before, after)
    log.write_step(session, user, video, parts, undoes)
    requests.after_edit(session, video, saved_id(user), after)


def _insert(session: Session, user: User, video: Video, edited: Edited) -> list[int]:
    new = list(edited.new_tracks.values())
    return writing.insert_tracks(session, saved_id(video), user.id, new)


def _add_labels(session: Session, video: Video, edits: Sequence[EditOp]) -> tuple[Part, Part]:
    """Add the labels of ``edits``; returns the list before and after, if it changed."""
    added = [
        _label_spec(edit, f"ops[{number}]")
        for number, edit in enumerate(edits)
        if isinstance(edit, AddLabel)
    ]
    if not added:
        return {}, {}
    before = label_list.label_part(session, video)
    label_list.append(session, video, added)
    after = label_list.label_part(session, video)
    return ({}, {}) if before == after else (before, after)


def _label_spec(edit: AddLabel, field: str) -> label_list.LabelSpec:
    name = clean_label_name(edit.name, f"{field}.name")
    return name, clean_color(edit.color, f"{field}.color") if edit.color else None


def _validator(session: Session, video: Video) -> AnnotationValidator:
    if not video.frame_count:
        raise Conflict("This video has no frames to label yet. Wait until its import has begun.")
    return AnnotationValidator(
        video.frame_count,
        video.frame_wh,
        {label.name: label.id for label in reading.load_labels(session, saved_id(video))},
        frozenset(reading.load_catalogue(session).values()),
    )
