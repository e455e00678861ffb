"""Makes edit requests idempotent, and maps clients' names of new tracks to track ids.

A client that got no answer sends the same batch again, perhaps hours later, and gets the
first answer.
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
    """Returns the saved answer to ``batch``; ``None`` if it was not applied yet.

    Raises: Conflict if another user or another kind of call has used this batch name.
    """
    row = session.exec(
        select(EditBatch).where(EditBatch.video_id == video.id, EditBatch.batch == batch)
    ).first()
    if row is None:
        return None
    if row.author_id != user.id or row.kind != kind:
        raise Conflict(f"The batch name {batch} is taken. Give each batch a name of its own.")
    return row.answer


def save_answer(
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


def find_track_ids(session: Session, video: Video, names: Iterable[str]) -> dict[str, int]:
    """Returns the ids of the tracks that were created under ``names``, by name."""
    found: dict[str, int] = {}
    for some in batches(names):
        rows = session.exec(
            select(TrackName.name, TrackName.track_id).where(
                TrackName.video_id == video.id, col(TrackName.name).in_(some)
            )
        )
        found.update(rows.all())
    return found


def save_track_ids(session: Session, video: Video, track_ids: Mapping[str, int]) -> None:
    session.add_all(
        TrackName(video_id=saved_id(video), name=name, track_id=track_id)
        for name, track_id in track_ids.items()
    )
