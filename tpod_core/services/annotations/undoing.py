"""Taking back one's own last step, and doing it again."""

from dataclasses import asdict, dataclass

from sqlmodel import Session

from tpod_core.annotations import batches, log, reading, writing
from tpod_core.annotations.describing import describe, seen_on
from tpod_core.annotations.history import Part, head_of
from tpod_core.annotations.ranges import minus, union
from tpod_core.errors import Conflict, EditConflict
from tpod_core.models import Edit, User, Video, saved_id
from tpod_core.services.annotations.saving import save_step


@dataclass(frozen=True)
class TakenBack:
    """The video's revision, and what was taken back or done again: in words, and where."""

    revision: int
    frame: int | None
    what: str


def undo(session: Session, user: User, video: Video, batch: str | None = None) -> TakenBack:
    """Take the last step of ``user`` back; that is a step of its own.

    Raises: Conflict if nothing is left to undo; EditConflict if somebody else has changed the
        same tracks since.
    """
    return _step(session, user, video, batch, "undo")


def redo(session: Session, user: User, video: Video, batch: str | None = None) -> TakenBack:
    """Do again what the last ``undo`` of ``user`` took back. Raises as ``undo``."""
    return _step(session, user, video, batch, "redo")


def _step(session: Session, user: User, video: Video, batch: str | None, kind: str) -> TakenBack:
    log.lock(session, video)
    if batch and (answer := batches.find_answer(session, user, video, batch, kind)):
        return TakenBack(**answer)
    undoable, redoable = log.find_undo_and_redo(session, saved_id(video), saved_id(user))
    number = undoable if kind == "undo" else redoable
    if number is None:
        raise Conflict(f"There is nothing {'left to undo' if kind == 'undo' else 'to redo'}.")
    step = log.get_step(session, saved_id(video), number)
    parts = _take_back(session, user, video, step)
    # Done again is what the step before the undo did, which lies in its reverse.
    told = (step.before, step.after) if kind == "undo" else parts
    names = reading.load_catalogue(session)
    result = TakenBack(video.revision, seen_on(*parts), describe(*told, names))
    if batch:
        batches.keep_answer(session, user, video, batch, kind, asdict(result))
    return result


def _take_back(session: Session, user: User, video: Video, step: Edit) -> tuple[Part, Part]:
    """Write the reverse of ``step``; its parts."""
    _require_untouched(session, user, video, step)
    _require_labels(session, video, step.before)
    returning = {
        int(track_id): head_of(track)
        for track_id, track in step.before.get("tracks", {}).items()
        if track and step.after["tracks"][track_id] is None
    }
    writing.insert_tracks(
        session, saved_id(video), user.id, list(returning.values()), list(returning)
    )
    parts = _reversed(session, video, step)
    save_step(session, user, video, parts, undoes=step.revision)
    return parts


def _reversed(session: Session, video: Video, step: Edit) -> tuple[Part, Part]:
    """The parts of the step that takes ``step`` back. Others' ranges stay as they are."""
    old: Part = {name: part for name, part in step.after.items() if name == "tracks"}
    new: Part = {name: part for name, part in step.before.items() if name == "tracks"}
    if "ranges" in step.after:
        was, made = (tuple(map(tuple, part["ranges"])) for part in (step.before, step.after))
        now = reading.load_ranges(session, saved_id(video))
        then = union([*minus(now, minus(made, was)), *minus(was, made)])
        old["ranges"], new["ranges"] = [list(each) for each in now], [list(each) for each in then]
    return old, new


def _require_untouched(session: Session, user: User, video: Video, step: Edit) -> None:
    tracks = step.after.get("tracks", {}).keys()
    later = log.steps_since(session, video, step.revision, but_of=user)
    touching = [each for each in later if tracks & each.after.get("tracks", {}).keys()]
    if touching:
        raise EditConflict(log.what_changed(step.revision, touching))


def _require_labels(session: Session, video: Video, part: Part) -> None:
    needed = {track["label_id"] for track in part.get("tracks", {}).values() if track}
    gone = needed - {label.id for label in reading.load_labels(session, saved_id(video))}
    if gone:
        names = reading.load_catalogue(session)
        missing = ", ".join(sorted(f'"{names.get(id_, "a deleted label")}"' for id_ in gone))
        raise Conflict(f"This needs the label {missing}. Add it to the video's list first.")
