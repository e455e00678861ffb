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

from tpod_core.errors import Unavailable
from tpod_core.passwords import normalised

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
    """Returns an argon2id hash of any password; ``passwords`` says which are acceptable."""
    with _few_at_once():
        return _hasher().hash(normalised(password))


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether they match; takes as long for ``None`` (no such user) as for a wrong password."""
    # Hashes from before passwords were normalised are of what was typed.
    typed = dict.fromkeys((normalised(password), password))
    with _few_at_once():
        matches = any(_verify(password_hash or _decoy_hash(), each) for each in typed)
    return matches and password_hash is not None


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher().verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


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
