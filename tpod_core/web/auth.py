"""Signing in and out by JSON, and personal tokens."""

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from tpod_core.db import read_session, transaction
from tpod_core.errors import NotAllowed, NotSignedIn, TooManyAttempts, Unavailable
from tpod_core.models import ApiToken, Role, User, saved_id
from tpod_core.services import users
from tpod_core.web import cookie_session
from tpod_core.web.bodies import Body, Text
from tpod_core.web.dependencies import KnownUser, SignedIn, require_same_origin
from tpod_core.web.openapi import may_raise

router = APIRouter(tags=["auth"])


class Credentials(Body):
    username: Text
    password: Text


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


class TokenRequest(Body):
    name: Text


@router.post("/auth/register", status_code=201)
@may_raise(NotAllowed, TooManyAttempts, Unavailable)
def register(body: Credentials, request: Request) -> UserBody:
    """Create an account, which has no access until an administrator grants a role."""
    require_same_origin(request)
    return UserBody.of(cookie_session.register(request, body.username, body.password))


@router.post("/auth/login")
@may_raise(NotSignedIn, NotAllowed, TooManyAttempts, Unavailable)
def login(body: Credentials, request: Request, response: Response) -> UserBody:
    """Sign in; sets the session cookie."""
    require_same_origin(request)
    signed_in = cookie_session.sign_in(request, body.username, body.password)
    cookie_session.set_cookies(request, response, signed_in)
    return UserBody.of(signed_in.user)


@router.post("/auth/logout")
@may_raise(NotAllowed, Unavailable)
def logout(request: Request) -> Response:
    """Sign this browser out."""
    require_same_origin(request)
    cookie_session.sign_out(request)
    response = JSONResponse({"signed_out": True})
    cookie_session.delete_cookie(response)
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
