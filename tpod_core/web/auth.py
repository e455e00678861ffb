"""Signing in and out, by JSON and by plain forms, and personal tokens."""

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import BaseModel

from tpod_core.auth import COOKIE_NAME, AttemptLimiter, require_form_token, sign
from tpod_core.config import get_settings
from tpod_core.db import read_session, transaction
from tpod_core.errors import NotSignedIn, TpodError
from tpod_core.models import ApiToken, Role, User, saved_id
from tpod_core.services import users
from tpod_core.web.dependencies import KnownUser, SignedIn, require_same_origin

router = APIRouter(tags=["auth"])

_SECONDS_PER_DAY = 86_400
_name_limiter = AttemptLimiter(limit=10)
# A team may share one address (a proxy), so an address gets more attempts than a name.
_address_limiter = AttemptLimiter(limit=100)
# Anybody may register, and hashing the password costs processor time.
_registrations_of_address = AttemptLimiter(limit=20, window_s=3600)
_registrations = AttemptLimiter(limit=200, window_s=3600)


class Credentials(BaseModel):
    username: str
    password: str


class UserBody(BaseModel):
    """An account, as shown to its owner and to administrators."""

    id: int
    username: str
    role: Role
    active: bool
    created: datetime

    @classmethod
    def of(cls, user: User) -> "UserBody":
        return cls(
            id=saved_id(user),
            username=user.username,
            role=user.role,
            active=user.active,
            created=user.created_at,
        )


class TokenBody(BaseModel):
    """A personal token; only the response that creates it contains ``token`` itself."""

    id: int
    name: str
    hint: str
    created: datetime
    last_used: datetime | None
    token: str | None = None

    @classmethod
    def of(cls, row: ApiToken, secret: str | None = None) -> "TokenBody":
        return cls(
            id=saved_id(row),
            name=row.name,
            hint=row.hint,
            created=row.created_at,
            last_used=row.last_used_at,
            token=secret,
        )


class TokenRequest(BaseModel):
    name: str


@router.post("/auth/register", status_code=201)
def register(body: Credentials, request: Request) -> UserBody:
    """Create an account, which has no access until an administrator grants a role."""
    require_same_origin(request)
    return UserBody.of(_register(request, body.username, body.password))


@router.post("/auth/login")
def login(body: Credentials, request: Request, response: Response) -> UserBody:
    """Sign in; sets the session cookie."""
    require_same_origin(request)
    user, secret = _sign_in(request, body.username, body.password)
    _set_cookie(response, secret)
    return UserBody.of(user)


@router.post("/auth/logout")
def logout(request: Request) -> Response:
    """Sign this browser out."""
    require_same_origin(request)
    _sign_out(request)
    response = JSONResponse({"signed_out": True})
    response.delete_cookie(COOKIE_NAME, path="/")
    return response


@router.get("/auth/user")
def who_am_i(user: KnownUser) -> UserBody:
    return UserBody.of(user)


@router.post("/auth/tokens", status_code=201)
def create_token(body: TokenRequest, user: SignedIn) -> TokenBody:
    """Create a personal token; it is shown only in this response."""
    with transaction() as session:
        row, secret = users.create_token(session, user, body.name)
        return TokenBody.of(row, secret)


@router.get("/auth/tokens")
def list_tokens(user: SignedIn) -> dict[str, int | list[TokenBody]]:
    with read_session() as session:
        rows = [TokenBody.of(row) for row in users.list_tokens(session, user)]
    return {"count": len(rows), "results": rows}


@router.delete("/auth/tokens/{token_id}", status_code=204)
def delete_token(token_id: int, user: SignedIn) -> None:
    with transaction() as session:
        users.delete_token(session, user, token_id)


# The sign-in page runs no script, so its forms get redirects.

Text = Annotated[str, Form()]


@router.post("/auth/form/{action}", include_in_schema=False)
def submit_form(
    action: str,
    request: Request,
    form_token: Text,
    username: Text = "",
    password: Text = "",
) -> Response:
    """Sign in, register, set up or sign out, then redirect to the screens."""
    try:
        require_same_origin(request)
        require_form_token(form_token)
        return _perform(action, request, username, password)
    except TpodError as error:
        query = {
            "problem": error.message,
            "seal": sign(error.message),
            "form": action,
            "username": username,  # so that it need not be typed again
        }
        return _to_screens(f"/?{urlencode(query)}")


def _perform(action: str, request: Request, username: str, password: str) -> Response:
    if action == "logout":
        _sign_out(request)
        response = _to_screens("/")
        response.delete_cookie(COOKIE_NAME, path="/")
        return response
    if action == "register":
        _register(request, username, password)
    elif action == "setup":
        users.create_first_administrator(username, password)
    _, secret = _sign_in(request, username, password)
    response = _to_screens("/")
    _set_cookie(response, secret)
    return response


def _to_screens(path: str) -> RedirectResponse:
    return RedirectResponse(path, status_code=303)


def _register(request: Request, username: str, password: str) -> User:
    """Raises: TooManyAttempts, before anything is computed; InvalidInput."""
    limits = ((_registrations_of_address, _address_of(request)), (_registrations, ""))
    for limiter, key in limits:
        limiter.require_allowed(key)
    for limiter, key in limits:
        limiter.record(key)
    return users.register(username, password)


def _address_of(request: Request) -> str:
    return request.client.host if request.client else "?"


def _sign_in(request: Request, username: str, password: str) -> tuple[User, str]:
    """Raises: TooManyAttempts, before the password is checked; NotSignedIn."""
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


def _sign_out(request: Request) -> None:
    if secret := request.cookies.get(COOKIE_NAME):
        with transaction() as session:
            users.sign_out(session, secret)


def _set_cookie(response: Response, secret: str) -> None:
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
