"""Logs every attempt to sign in."""

from collections.abc import Callable
from functools import wraps

from fastapi import Request

from tpod_core.errors import NotSignedIn, TooManyAttempts
from tpod_core.log import log_event
from tpod_core.log_context import set_user
from tpod_core.models import User

SignIn = Callable[[Request, str, str], tuple[User, str]]


def log_attempts(sign_in: SignIn) -> SignIn:
    """Have ``sign_in(request, username, password)`` log how each attempt ends."""

    @wraps(sign_in)
    def logged(request: Request, username: str, password: str) -> tuple[User, str]:
        try:
            user, secret = sign_in(request, username, password)
        except (NotSignedIn, TooManyAttempts) as error:
            log_event("sign-in failed", name=username, reason=error.code)
            raise
        set_user(user.username)
        log_event("signed in", name=user.username)
        return user, secret

    return logged
