"""Saves an edit step: writes the tables and the log, and requests propagation."""

from sqlmodel import Session

from tpod_core.annotations import log, writing
from tpod_core.annotations.history import Part
from tpod_core.models import User, Video, saved_id
from tpod_core.propagation import requests


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
    requests.after_edit(session, video, user.id, after)
