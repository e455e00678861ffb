"""Lines of the log on what people do and on the lives of jobs; see ``tpod_core.log.log_event``."""

from functools import partial

from sqlmodel import Session

from tpod_core.db import after_commit
from tpod_core.log import log_event


def log_after_commit(session: Session, event: str, **fields: object) -> None:
    """Log an event once ``session`` has committed what it tells."""
    after_commit(session, partial(log_event, event, **fields))
