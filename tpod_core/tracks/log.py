"""The log of a video's edits: who may write next, what was written, what to take back."""

from sqlalchemy import delete, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, col, select

from tpod_core.errors import EditConflict
from tpod_core.models import Edit, User, Video
from tpod_core.tracks.history import (
    KEPT_STEPS,
    Part,
    Step,
    next_undo_and_redo,
    touched_frames,
)


def take_revision(session: Session, video: Video, seen: int) -> int:
    """The revision that the caller's edit may write; nobody else writes until it commits.

    Raises: EditConflict, saying what changed, unless ``seen`` is the current revision.
    """
    statement = (
        update(Video)
        .where(col(Video.id) == video.id, col(Video.revision) == seen)
        .values(revision=seen + 1)
        .execution_options(synchronize_session=False)
    )
    if session.execute(statement).rowcount == 0:  # type: ignore[attr-defined]
        raise EditConflict(_what_changed(session, video, seen))
    set_committed_value(video, "revision", seen + 1)
    return seen + 1


def give_revision_back(session: Session, video: Video, revision: int) -> int:
    """Undo ``take_revision`` of an edit that changed nothing; the revision as it was."""
    session.execute(
        update(Video)
        .where(col(Video.id) == video.id)
        .values(revision=revision - 1)
        .execution_options(synchronize_session=False)
    )
    set_committed_value(video, "revision", revision - 1)
    return revision - 1


def write_step(session: Session, step: Edit) -> None:
    """Append a step, and forget those that are too old to be undone."""
    session.add(step)
    session.flush()
    session.execute(
        delete(Edit)
        .where(
            col(Edit.video_id) == step.video_id, col(Edit.revision) <= step.revision - KEPT_STEPS
        )
        .execution_options(synchronize_session=False)
    )


def find_undo_and_redo(session: Session, video_id: int) -> tuple[int | None, int | None]:
    """The revisions of the steps that undo and redo would take back now."""
    rows = session.exec(
        select(Edit.revision, Edit.undoes)
        .where(Edit.video_id == video_id)
        .order_by(col(Edit.revision))
    )
    return next_undo_and_redo(Step(revision, undoes) for revision, undoes in rows)


def get_step(session: Session, video_id: int, revision: int) -> Edit:
    return session.exec(
        select(Edit).where(Edit.video_id == video_id, Edit.revision == revision)
    ).one()


def _what_changed(session: Session, video: Video, seen: int) -> str:
    rows = session.exec(
        select(Edit, User.username)
        .outerjoin(User, col(Edit.author_id) == col(User.id))
        .where(Edit.video_id == video.id, Edit.revision > seen)
        .order_by(col(Edit.revision))
    ).all()
    if not rows:
        return f"Revision {seen} of this video's labels is not the current one. Reload to continue."
    authors = sorted({username or "a deleted account" for _, username in rows})
    when = rows[-1][0].created_at
    return (
        f"{_listed(authors)} changed {_where([edit.after for edit, _ in rows])} since you opened "
        f"this video, last at {when:%H:%M} UTC. Nothing was overwritten. Reload to continue."
    )


def _where(parts: list[Part]) -> str:
    touched = [frames for part in parts if (frames := touched_frames(part))]
    if not touched:
        return "some tracks"
    first, last = min(start for start, _ in touched), max(end for _, end in touched)
    return f"frame {first}" if first == last else f"frames {first} to {last}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
