"""Signing in and out with a cookie, and the limits on attempts."""

from collections.abc import Mapping

from fastapi import Request, Response

from tpod_core.auth import COOKIE_NAME, AttemptLimiter
from tpod_core.config import get_settings
from tpod_core.db import read_session, transaction
from tpod_core.errors import NotSignedIn
from tpod_core.log import log_event
from tpod_core.models import User
from tpod_core.services import users
from tpod_core.web.sign_in_log import log_attempts

_SECONDS_PER_DAY = 86_400
_name_limiter = AttemptLimiter(limit=10)
# A team may share one address (a proxy), so an address gets more attempts than a name.
_address_limiter = AttemptLimiter(limit=100)
# Anybody may register, and hashing the password costs processor time.
_registrations_of_address = AttemptLimiter(limit=20, window_s=3600)
_registrations = AttemptLimiter(limit=200, window_s=3600)


def find_user(cookies: Mapping[str, str]) -> User | None:
    """The user whose cookie the browser sent, whatever their role."""
    secret = cookies.get(COOKIE_NAME)
    if not secret:
        return None
    with read_session() as session:
        return users.find_by_session(session, secret)


@log_attempts
def sign_in(request: Request, username: str, password: str) -> tuple[User, str]:
    """Returns the user and the secret for the cookie.

    Raises: TooManyAttempts, before the password is checked; NotSignedIn.
    """
    address = _address_of(request)
    name = username.strip().casefold()
    _name_limiter.require_allowed(name)
    _address_limiter.require_allowed(address)
    try:
        signed_in = users.sign_in(username, password)
    except NotSignedIn:
        _name_limiter.record(name)
        _address_limiter.record(address)
        raise
    _name_limiter.forget(name)
    return signed_in


def register(request: Request, username: str, password: str) -> User:
    """Raises: TooManyAttempts, before anything is computed; InvalidInput."""
    limits = ((_registrations_of_address, _address_of(request)), (_registrations, ""))
    for limiter, key in limits:
        limiter.require_allowed(key)
    for limiter, key in limits:
        limiter.record(key)
    return users.register(username, password)


def sign_out(request: Request) -> None:
    """End the session of the request's cookie, if it has one."""
    if secret := request.cookies.get(COOKIE_NAME):
        with transaction() as session:
            user = users.find_by_session(session, secret)
            users.sign_out(session, secret)
        if user is not None:
            log_event("signed out", name=user.username)


def set_cookie(response: Response, secret: str) -> None:
    settings = get_settings()
    response.set_cookie(
        COOKIE_NAME,
        secret,
        max_age=settings.session_days * _SECONDS_PER_DAY,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
    )


def delete_cookie(response: Response) -> None:
    response.delete_cookie(COOKIE_NAME, path="/")


def _address_of(request: Request) -> str:
    return request.client.host if request.client else "?"
