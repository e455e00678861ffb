"""Requests that must not be done twice, and the names of tracks that had no row yet.

A client whose answer got lost sends the same batch again, perhaps hours later. It is answered
as before.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlmodel import Session, col, select

from tpod_core.db import batches
from tpod_core.errors import Conflict
from tpod_core.models import EditBatch, TrackName, User, Video, saved_id

MAX_BATCH_LENGTH = 64


def find_answer(
    session: Session, user: User, video: Video, batch: str, kind: str
) -> dict[str, Any] | None:
    """What was answered to ``batch``, or ``None`` if it was not done yet.

    Raises: Conflict if somebody else used this name for a batch, or for another kind of call.
    """
    row = session.exec(
        select(EditBatch).where(EditBatch.video_id == video.id, EditBatch.batch == batch)
    ).first()
    if row is None:
        return None
    if row.author_id != user.id or row.kind != kind:
        raise Conflict(f"The batch {batch} is another one already. Name each batch anew.")
    return row.answer


def keep_answer(
    session: Session, user: User, video: Video, batch: str, kind: str, answer: dict[str, Any]
) -> None:
    session.add(
        EditBatch(
            video_id=saved_id(video),
            batch=batch,
            kind=kind,
            author_id=saved_id(user),
            answer=answer,
        )
    )


def find_rows(session: Session, video: Video, names: Iterable[str]) -> dict[str, int]:
    """The rows of the tracks that were made under one of ``names``, by name."""
    found: dict[str, int] = {}
    for some in batches(names):
        rows = session.exec(
            select(TrackName.name, TrackName.track_id).where(
                TrackName.video_id == video.id, col(TrackName.name).in_(some)
            )
        )
        found.update(rows.all())
    return found


def keep_rows(session: Session, video: Video, rows: Mapping[str, int]) -> None:
    session.add_all(
        TrackName(video_id=saved_id(video), name=name, track_id=row) for name, row in rows.items()
    )
