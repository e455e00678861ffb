"""Logs every attempt to sign in."""

from collections.abc import Iterator
from contextlib import contextmanager

from tpod_core.errors import NotSignedIn, TooManyAttempts
from tpod_core.log import log_event
from tpod_core.log_context import set_user
from tpod_core.models import User


@contextmanager
def failures_logged(username: str) -> Iterator[None]:
    """Log it if the attempt in the block is refused."""
    try:
        yield
    except (NotSignedIn, TooManyAttempts) as error:
        log_event("sign-in failed", name=username, reason=error.code)
        raise


def log_signed_in(user: User) -> None:
    """Log that ``user`` is signed in, as whom the rest of the request is logged."""
    set_user(user.username)
    log_event("signed in", name=user.username)
