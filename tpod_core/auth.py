"""Hashes of passwords, and tokens. Knows no database and no requests."""

import hashlib
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from tpod_core.errors import InvalidInput, Unavailable

MIN_PASSWORD_LENGTH = 8
_HASHES_AT_ONCE = max(1, (os.cpu_count() or 1) // 2)
_MAX_WAITING = 10  # so many as are let through for one name at once; see sign_in_limits
_running = threading.BoundedSemaphore(_HASHES_AT_ONCE)
_admitted = threading.BoundedSemaphore(_HASHES_AT_ONCE + _MAX_WAITING)
COOKIE_NAME = "tpod_session"


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
