"""A lock that one process of the installation holds: a row with an expiry."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from tpod_core import db
from tpod_core.db import database_now
from tpod_core.models import ProcessLock


@contextmanager
def process_lock(name: str, seconds: float) -> Iterator[bool]:
    """Yields whether this process got the lock; it is released after the block or ``seconds``."""
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
    held = _take(name, holder, seconds)
    try:
        yield held
    finally:
        if held:
            _release(name, holder)


def _take(name: str, holder: str, seconds: float) -> bool:
    free = (col(ProcessLock.name) == name) & (col(ProcessLock.expires) < database_now())
    taking = update(ProcessLock).where(free)
    try:
        with db.transaction() as session:
            if session.get(ProcessLock, name) is None:
                session.add(ProcessLock(name=name))
                session.flush()
            result = session.execute(taking.values(holder=holder, expires=database_now() + seconds))
            return bool(result.rowcount)  # type: ignore[attr-defined]
    except IntegrityError:
        return False  # another process added the row at the same moment


def _release(name: str, holder: str) -> None:
    mine = (col(ProcessLock.name) == name) & (col(ProcessLock.holder) == holder)
    with db.transaction() as session:
        session.execute(update(ProcessLock).where(mine).values(expires=0.0))
