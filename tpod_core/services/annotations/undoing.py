"""Undoes and redoes a person's own last step."""

from dataclasses import asdict, dataclass

from sqlmodel import Session

from tpod_core.annotations import batches, log, reading, writing
from tpod_core.annotations.describing import describe, first_changed_frame
from tpod_core.annotations.history import Part, head_of
from tpod_core.annotations.ranges import minus, union
from tpod_core.errors import Conflict, EditConflict
from tpod_core.models import Edit, User, Video, saved_id
from tpod_core.services.annotations.editing import save_step


@dataclass(frozen=True)
class UndoResult:
    """The video's revision, and what was undone or redone: in words, and the first frame."""

    revision: int
    frame: int | None
    what: str


def undo(session: Session, user: User, video: Video, batch: str | None = None) -> UndoResult:
    """Undo the last step of ``user``, which is a new step in the log.

    Raises: Conflict if nothing is left to undo; EditConflict if somebody else has since
        changed the same tracks.
    """
    return _step(session, user, video, batch, "undo")


def redo(session: Session, user: User, video: Video, batch: str | None = None) -> UndoResult:
    """Redo what the last ``undo`` of ``user`` undid. Raises: as ``undo``."""
    return _step(session, user, video, batch, "redo")


def _step(session: Session, user: User, video: Video, batch: str | None, kind: str) -> UndoResult:
    log.lock(session, video)
    if batch and (answer := batches.find_answer(session, user, video, batch, kind)):
        return UndoResult(**answer)
    undoable, redoable = log.find_undo_and_redo(session, saved_id(video), saved_id(user))
    number = undoable if kind == "undo" else redoable
    if number is None:
        raise Conflict(f"There is nothing {'left to undo' if kind == 'undo' else 'to redo'}.")
    step = log.get_step(session, saved_id(video), number)
    parts = _revert(session, user, video, step)
    # A redo reverts an undo step, so the reverse describes what is done again.
    described = (step.before, step.after) if kind == "undo" else parts
    names = reading.load_catalogue(session)
    result = UndoResult(video.revision, first_changed_frame(*parts), describe(*described, names))
    if batch:
        batches.save_answer(session, user, video, batch, kind, asdict(result))
    return result


def _revert(session: Session, user: User, video: Video, step: Edit) -> tuple[Part, Part]:
    """Write the reverse of ``step``, and return its parts."""
    _require_untouched(session, user, video, step)
    _require_labels(session, video, step.before)
    restored = {
        int(track_id): head_of(track)
        for track_id, track in step.before.get("tracks", {}).items()
        if track and step.after["tracks"][track_id] is None
    }
    writing.insert_tracks(
        session, saved_id(video), user.id, list(restored.values()), list(restored)
    )
    parts = _reversed(session, video, step)
    save_step(session, user, video, parts, undoes=step.revision)
    return parts


def _reversed(session: Session, video: Video, step: Edit) -> tuple[Part, Part]:
    """Returns the parts of the step that reverts ``step``, without others' range changes."""
    old: Part = {name: part for name, part in step.after.items() if name == "tracks"}
    new: Part = {name: part for name, part in step.before.items() if name == "tracks"}
    if "ranges" in step.after:
        before, after = (tuple(map(tuple, part["ranges"])) for part in (step.before, step.after))
        current = reading.load_ranges(session, saved_id(video))
        reverted = union([*minus(current, minus(after, before)), *minus(before, after)])
        old["ranges"] = [list(each) for each in current]
        new["ranges"] = [list(each) for each in reverted]
    return old, new


def _require_untouched(session: Session, user: User, video: Video, step: Edit) -> None:
    tracks = step.after.get("tracks", {}).keys()
    later = log.steps_since(session, video, step.revision, except_author=user)
    touching = [each for each in later if tracks & each.after.get("tracks", {}).keys()]
    if touching:
        raise EditConflict(log.conflict_message(step.revision, touching))


def _require_labels(session: Session, video: Video, part: Part) -> None:
    needed = {track["label_id"] for track in part.get("tracks", {}).values() if track}
    missing = needed - {label.id for label in reading.load_labels(session, saved_id(video))}
    if missing:
        names = reading.load_catalogue(session)
        listed = ", ".join(sorted(f'"{names.get(id_, "a deleted label")}"' for id_ in missing))
        raise Conflict(f"This needs the label {listed}. Add it to the video's list first.")
