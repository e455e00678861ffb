"""Counts attempts in the database, so that several processes share every limit."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import delete, or_
from sqlmodel import Session, col, select

from tpod_core.db import read_session, serialize, transaction
from tpod_core.errors import TooManyAttempts, Unavailable
from tpod_core.models import Attempt, saved_id, utc_now

_MAX_DOUBLINGS = 12
"""A second doubled so often is more than an hour."""
_REMOVED_AT_ONCE = 200
_SECONDS_TOLD_AS_SUCH = 90


@dataclass(frozen=True)
class Limit:
    """How many attempts may be made about one subject.

    Attributes:
        kind: what is counted, at most 15 characters.
        most: attempts within ``window`` that need not wait.
        window: how long an attempt counts.
        longest_wait: ``None`` refuses every further attempt until one no longer counts. Otherwise
            further attempts are let through one by one: the first a second after the one before
            it, each later one after twice as long, up to this.
    """

    kind: str
    most: int
    window: timedelta
    longest_wait: timedelta | None = None

    def on(self, *subject: str) -> "Counter":
        """Returns the counter of whom ``subject`` names."""
        digest = hashlib.sha256("\0".join(subject).encode("utf-8", "replace")).hexdigest()
        return Counter(self, f"{self.kind}:{digest}")


@dataclass(frozen=True)
class Counter:
    """A limit on one subject; ``key`` is what the database calls it."""

    limit: Limit
    key: str

    def free_at(self, session: Session, now: datetime) -> datetime:
        """Returns when the next attempt may be made; ``now`` or earlier if at once."""
        limit = self.limit
        made = session.exec(
            select(Attempt.made_at)
            .where(Attempt.key == self.key, col(Attempt.made_at) > now - limit.window)
            .order_by(col(Attempt.made_at).desc())
            .limit(limit.most + _MAX_DOUBLINGS)
        ).all()
        if len(made) < limit.most:
            return now
        if limit.longest_wait is None:
            return made[limit.most - 1] + limit.window
        wait = timedelta(seconds=2 ** (len(made) - limit.most))
        return made[0] + min(wait, limit.longest_wait)


@contextmanager
def attempt(*counters: Counter) -> Iterator[None]:
    """Count an attempt, which the block makes, with each of ``counters``.

    It is counted before the block runs, in a short transaction of its own: of attempts made at
    the same time no more get through than of those made one after the other. It stays counted if
    the block fails. If the block ends well, or could not be carried out (Unavailable), it is taken
    back; if it ends well, so are all earlier ones of the first counter.

    Raises: TooManyAttempts, instead of running the block.
    """
    ids = _count(counters)
    try:
        yield
    except Unavailable:
        _take_back(ids)
        raise
    _take_back(ids, counters[0].key)


def count(*counters: Counter) -> None:
    """Count an attempt that counts however it ends. Raises: TooManyAttempts."""
    _count(counters)


def _count(counters: Sequence[Counter]) -> list[int]:
    with read_session() as session:  # Attempts that are refused take no write lock.
        _require_allowed(session, counters, utc_now())
    with transaction() as session:
        serialize(session, "attempts")
        now = utc_now()
        _require_allowed(session, counters, now)
        _remove_some_expired(session, now)
        rows = [
            Attempt(key=each.key, made_at=now, expires_at=now + each.limit.window)
            for each in counters
        ]
        session.add_all(rows)
    return [saved_id(row) for row in rows]


def _require_allowed(session: Session, counters: Sequence[Counter], now: datetime) -> None:
    wait = max(each.free_at(session, now) for each in counters) - now
    if wait > timedelta():
        seconds = ceil(wait.total_seconds())
        raise TooManyAttempts(f"Too many attempts. Try again in {_in_words(seconds)}.", seconds)


def _in_words(seconds: int) -> str:
    if seconds > _SECONDS_TOLD_AS_SUCH:
        return f"{ceil(seconds / 60)} minutes"
    return "1 second" if seconds == 1 else f"{seconds} seconds"


def _remove_some_expired(session: Session, now: datetime) -> None:
    """Remove more rows than one attempt adds, yet so few that nobody waits for it."""
    expired = (
        select(Attempt.id)
        .where(col(Attempt.expires_at) < now)
        .order_by(col(Attempt.expires_at))
        .limit(_REMOVED_AT_ONCE)
    )
    session.execute(delete(Attempt).where(col(Attempt.id).in_(expired)))


def _take_back(ids: Sequence[int], forgotten_key: str = "") -> None:
    with transaction() as session:
        session.execute(
            delete(Attempt).where(or_(col(Attempt.id).in_(ids), col(Attempt.key) == forgotten_key))
        )
