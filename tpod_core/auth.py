"""Passwords, tokens, and the limit on attempts. Knows no database and no requests."""

import hashlib
import os
import secrets
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from tpod_core.errors import InvalidInput, TooManyAttempts, Unavailable

MIN_PASSWORD_LENGTH = 8
_HASHES_AT_ONCE = max(1, (os.cpu_count() or 1) // 2)
_MAX_WAITING = 8
_running = threading.BoundedSemaphore(_HASHES_AT_ONCE)
_admitted = threading.BoundedSemaphore(_HASHES_AT_ONCE + _MAX_WAITING)
COOKIE_NAME = "tpod_session"
_CLEANUP_KEYS = 10_000


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _decoy_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """Returns an argon2id hash. Raises: InvalidInput if the password is too short."""
    if len(password) < MIN_PASSWORD_LENGTH or not password.strip():
        raise InvalidInput(
            f"A password needs at least {MIN_PASSWORD_LENGTH} characters.", "password"
        )
    with _few_at_once():
        return _hasher().hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether they match; takes as long for ``None`` (no such user) as for a wrong password."""
    with _few_at_once():
        try:
            matches = _hasher().verify(password_hash or _decoy_hash(), password)
        except (VerifyMismatchError, InvalidHashError):
            return False
    return matches and bool(password_hash)


@contextmanager
def _few_at_once() -> Iterator[None]:
    """Leaves half of the processors, and nearly all threads, to those who work.

    Raises: Unavailable if too many are waiting already.
    """
    if not _admitted.acquire(blocking=False):
        raise Unavailable("Too many people are signing in right now. Try again in a moment.")
    try:
        with _running:
            yield
    finally:
        _admitted.release()


def new_token() -> str:
    """Returns a random secret of 256 bits, for a cookie or an API token."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Returns the hash to store; no salt is needed, as tokens are too random to be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


class AttemptLimiter:
    """Allows ``limit`` attempts per key in ``window_s`` seconds, counted in this process.

    Which attempts count is the caller's decision: all of them, or those that failed.
    """

    def __init__(self, limit: int = 10, window_s: float = 300.0) -> None:
        self._limit = limit
        self._window_s = window_s
        self._attempts: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def require_allowed(self, key: str) -> None:
        """Raises: TooManyAttempts while ``key`` has too many attempts."""
        with self._lock:
            self._drop_expired(key)
            if len(self._attempts.get(key, ())) >= self._limit:
                raise TooManyAttempts("Too many attempts. Wait a few minutes, then try again.")

    def record(self, key: str) -> None:
        with self._lock:
            self._attempts[key].append(time.monotonic())
            if len(self._attempts) > _CLEANUP_KEYS:
                for old in list(self._attempts):
                    self._drop_expired(old)

    def forget(self, key: str) -> None:
        with self._lock:
            self._attempts.pop(key, None)

    def _drop_expired(self, key: str) -> None:
        times = self._attempts.get(key)
        while times and times[0] < time.monotonic() - self._window_s:
            times.popleft()
        if times is not None and not times:
            del self._attempts[key]
