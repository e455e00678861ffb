"""Writing a step: into the tables, into the log, and on to whoever follows boxes."""

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
    """Write what changed from the first part to the second, and log it, if anything did.

    The video is locked. Tracks that are new have their rows already. What takes a step back
    is logged also where nothing was left of that step, or it would be tried for ever.
    """
    before, after = parts
    if before == after and undoes is None:
        return
    writing.write_parts(session, saved_id(video), user.id, before, after)
    log.write_step(session, user, video, parts, undoes)
    requests.after_edit(session, video, user.id, after)
