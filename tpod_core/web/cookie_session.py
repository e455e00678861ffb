"""Signing in and out with a cookie, and the limits on attempts."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request, Response

from tpod_core import sign_in_limits
from tpod_core.attempts import attempt, count
from tpod_core.auth import COOKIE_NAME
from tpod_core.config import get_settings
from tpod_core.db import read_session, transaction
from tpod_core.log import log_event
from tpod_core.models import User
from tpod_core.names import username_key
from tpod_core.services import users
from tpod_core.sign_in_limits import Client
from tpod_core.web import forwarded
from tpod_core.web.sign_in_log import failures_logged, log_signed_in

_SECONDS_PER_DAY = 86_400
_BROWSER_COOKIE = "tpod_browser"


@dataclass(frozen=True)
class SignInResult:
    """Who has signed in, and the secrets for the cookies of the session and of the browser."""

    user: User
    secret: str
    browser: str | None


def find_user(cookies: Mapping[str, str]) -> User | None:
    """The user whose cookie the browser sent, whatever their role."""
    secret = cookies.get(COOKIE_NAME)
    if not secret:
        return None
    with read_session() as session:
        return users.find_by_session(session, secret)


def sign_in(request: Request, username: str, password: str) -> SignInResult:
    """Raises: TooManyAttempts, before the password is checked; NotSignedIn."""
    client = _client_of(request)
    with read_session() as session:
        known = users.find_by_username(session, username)
        counters = sign_in_limits.of_sign_in(session, username_key(username), known, client)
    with failures_logged(username), attempt(*counters):
        user, secret = users.sign_in(username, password)
    with transaction() as session:
        browser = sign_in_limits.remember(session, user, client)
    log_signed_in(user)
    return SignInResult(user, secret, browser)


def register(request: Request, username: str, password: str) -> User:
    """Raises: TooManyAttempts, before anything is computed; InvalidInput."""
    count(*sign_in_limits.of_registering(_client_of(request)))
    return users.register(username, password)


def sign_out(request: Request) -> None:
    """End the session of the request's cookie, if it has one."""
    if secret := request.cookies.get(COOKIE_NAME):
        with transaction() as session:
            user = users.find_by_session(session, secret)
            users.sign_out(session, secret)
        if user is not None:
            log_event("signed out", name=user.username)


def set_cookies(request: Request, response: Response, signed_in: SignInResult) -> None:
    """Give the browser its session, and the cookie by which it is known the next time."""
    lasting = {COOKIE_NAME: (signed_in.secret, get_settings().session_days)}
    if signed_in.browser is not None:
        lasting[_BROWSER_COOKIE] = (signed_in.browser, sign_in_limits.KNOWN_FOR.days)
    for name, (secret, days) in lasting.items():
        response.set_cookie(
            name,
            secret,
            max_age=days * _SECONDS_PER_DAY,
            path="/",
            httponly=True,
            samesite="lax",
            secure=get_settings().secure_cookies or forwarded.is_https(request.scope),
        )


def delete_cookie(response: Response) -> None:
    """Delete the cookie of the session; the browser stays known."""
    response.delete_cookie(COOKIE_NAME, path="/")


def _client_of(request: Request) -> Client:
    # Browsers name the page that sends a form; programs do not.
    is_browser = "Origin" in request.headers or "Sec-Fetch-Site" in request.headers
    browser = request.cookies.get(_BROWSER_COOKIE, "") if is_browser else None
    return Client(forwarded.client_address(request.scope), browser)
