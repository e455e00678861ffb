"""The log of a video's edits: locking, conflict checks, writing and undo."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from tpod_core.annotations.history import KEPT_STEPS, Part, Step, next_undo_and_redo, touched_frames
from tpod_core.errors import EditConflict, TooOld
from tpod_core.models import Edit, User, Video, saved_id


@dataclass(frozen=True)
class LoggedStep:
    """A step of the log; ``author`` is ``None`` if the account is deleted."""

    revision: int
    author: str | None
    when: datetime
    before: Part
    after: Part


def lock(session: Session, video: Video) -> None:
    """Lock the annotations of ``video`` until the commit, and refresh its row."""
    session.flush()  # The refresh must not overwrite the caller's changes to the video.
    session.refresh(video, with_for_update=True)


def require_current(session: Session, video: Video, base_revision: int) -> None:
    """Raises: EditConflict, saying what changed, unless ``base_revision`` is current."""
    if base_revision != video.revision:
        raise EditConflict(
            conflict_message(base_revision, steps_since(session, video, base_revision))
        )


def steps_since(
    session: Session, video: Video, base_revision: int, *, except_author: User | None = None
) -> list[LoggedStep]:
    """Returns the steps after ``base_revision``, oldest first, without ``except_author``'s own.

    Raises: TooOld if the log does not reach back that far, or does not have that revision yet.
    """
    query = (
        select(Edit, User.username)
        .outerjoin(User, col(Edit.author_id) == col(User.id))
        .where(Edit.video_id == video.id, Edit.revision > base_revision)
        .order_by(col(Edit.revision))
    )
    _require_complete(session, video, base_revision)
    if except_author is not None:
        query = query.where(col(Edit.author_id).is_distinct_from(except_author.id))
    return [
        LoggedStep(edit.revision, author, edit.created_at, edit.before, edit.after)
        for edit, author in session.exec(query)
    ]


def _require_complete(session: Session, video: Video, base_revision: int) -> None:
    kept = session.exec(
        select(func.count()).where(Edit.video_id == video.id, Edit.revision > base_revision)
    ).one()
    if kept != video.revision - base_revision:
        raise TooOld(
            f"Revision {base_revision} of this video's labels is too old to tell what changed "
            "since. Load the labels again."
            if base_revision < video.revision
            else f"Revision {base_revision} of this video's labels is not known here. "
            "Load them again."
        )


def conflict_message(base_revision: int, steps: Sequence[LoggedStep]) -> str:
    """Returns a message that says who changed what, and that nothing was overwritten."""
    if not steps:
        return (
            f"Revision {base_revision} of this video's labels is not the current one. "
            "Reload to continue."
        )
    authors = sorted({step.author or "a deleted account" for step in steps})
    return (
        f"{_names_in_words(authors)} changed {_frames_in_words([step.after for step in steps])} "
        f"since you opened this video, last at {steps[-1].when:%H:%M} UTC. "
        "Nothing was overwritten. Reload to continue."
    )


def write_step(
    session: Session,
    user: User,
    video: Video,
    parts: tuple[Part, Part],
    undoes: int | None = None,
) -> None:
    """Log the step from the first part to the second as the next revision.

    Steps too old to be undone are deleted.
    """
    before, after = parts
    video.revision += 1
    step = Edit(
        video_id=saved_id(video),
        revision=video.revision,
        undoes=undoes,
        undoable=after.keys() != {"labels"},
        author_id=user.id,
        before=before,
        after=after,
    )
    session.add_all([video, step])
    session.flush()
    session.execute(
        delete(Edit)
        .where(
            col(Edit.video_id) == step.video_id, col(Edit.revision) <= step.revision - KEPT_STEPS
        )
        .execution_options(synchronize_session=False)
    )


def find_undo_and_redo(
    session: Session, video_id: int, author_id: int
) -> tuple[int | None, int | None]:
    """Returns the revisions of the author's steps that undo and redo would revert."""
    rows = session.exec(
        select(Edit.revision, Edit.undoes)
        .where(Edit.video_id == video_id, Edit.author_id == author_id, col(Edit.undoable))
        .order_by(col(Edit.revision))
    )
    return next_undo_and_redo(Step(revision, undoes) for revision, undoes in rows)


def get_step(session: Session, video_id: int, revision: int) -> Edit:
    return session.exec(
        select(Edit).where(Edit.video_id == video_id, Edit.revision == revision)
    ).one()


def _frames_in_words(parts: Collection[Part]) -> str:
    touched = [frames for part in parts if (frames := touched_frames(part))]
    if not touched:
        return "some tracks"
    first, last = min(start for start, _ in touched), max(end for _, end in touched)
    return f"frame {first}" if first == last else f"frames {first} to {last}"


def _names_in_words(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
