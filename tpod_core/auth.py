"""Passwords, secrets and the patience with wrong ones. No rows, no requests."""

import hashlib
import hmac
import secrets
import threading
import time
from collections import defaultdict, deque
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from tpod_core.errors import InvalidInput, NotAllowed, TooManyAttempts

MIN_PASSWORD_LENGTH = 8
COOKIE_NAME = "tpod_session"
_MANY_KEYS = 10_000


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _decoy_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """An argon2id hash. Raises: InvalidInput if the password is too short to protect anything."""
    if len(password) < MIN_PASSWORD_LENGTH or not password.strip():
        raise InvalidInput(
            f"A password needs at least {MIN_PASSWORD_LENGTH} characters.", "password"
        )
    return _hasher().hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether they fit; takes as long for ``None`` (no such user) as for a wrong password."""
    try:
        return _hasher().verify(password_hash or _decoy_hash(), password) and bool(password_hash)
    except (VerifyMismatchError, InvalidHashError):
        return False


def new_token() -> str:
    """A secret with 256 bits of chance, for a cookie or an API token."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What the database keeps of a token; the token itself has too much chance to be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


_FORM_SECRET = secrets.token_bytes(32)
_FORM_LIFETIME_S = 12 * 3600


def new_form_token() -> str:
    """A value for a form's hidden field that proves, for 12 hours, that this process made it."""
    made_at = str(int(time.time()))
    return f"{made_at}.{seal(made_at)}"


def require_form_token(token: str) -> None:
    """Raises: NotAllowed unless ``token`` is ours and fresh."""
    made_at, _, signature = token.partition(".")
    if not is_sealed(made_at, signature) or time.time() - int(made_at) > _FORM_LIFETIME_S:
        raise NotAllowed("This page is out of date. Try again.")


def seal(text: str) -> str:
    """What goes along with ``text`` through a browser, to prove afterwards that it is ours."""
    return hmac.new(_FORM_SECRET, text.encode(), hashlib.sha256).hexdigest()


def is_sealed(text: str, claimed: str) -> bool:
    return hmac.compare_digest(claimed.encode(), seal(text).encode())


class AttemptLimiter:
    """At most ``limit`` failures per key in ``window_s`` seconds, counted in this process."""

    def __init__(self, limit: int = 10, window_s: float = 300.0) -> None:
        self._limit = limit
        self._window_s = window_s
        self._failures: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def require_patience(self, key: str) -> None:
        """Raises: TooManyAttempts while ``key`` has failed too often."""
        with self._lock:
            self._forget_old(key)
            if len(self._failures.get(key, ())) >= self._limit:
                raise TooManyAttempts(
                    "Too many failed attempts. Wait a few minutes, then try again."
                )

    def note_failure(self, key: str) -> None:
        with self._lock:
            self._failures[key].append(time.monotonic())
            if len(self._failures) > _MANY_KEYS:
                for old in list(self._failures):
                    self._forget_old(old)

    def note_success(self, key: str) -> None:
        with self._lock:
            self._failures.pop(key, None)

    def _forget_old(self, key: str) -> None:
        times = self._failures.get(key)
        while times and times[0] < time.monotonic() - self._window_s:
            times.popleft()
        if times is not None and not times:
            del self._failures[key]
