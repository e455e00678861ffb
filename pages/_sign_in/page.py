"""The page at ``/sign-in``: set-up on the first visit, sign-in, registration, waiting for a role.

It is plain HTML outside Streamlit, so that strangers reach nothing of Streamlit's, and because only
an HTTP response can set a cookie that scripts cannot read.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route, request_response
from starlette.templating import Jinja2Templates

from pages._shared.assets import asset_url
from pages._shared.sign_in import SIGN_IN_PATH, SIGN_OUT_PATH, has_access, sign_in_url
from tpod_core.db import read_session
from tpod_core.errors import TpodError
from tpod_core.models import User
from tpod_core.passwords import MIN_LENGTH
from tpod_core.services import users
from tpod_core.web import cookie_session
from tpod_core.web.cookie_session import SignInResult
from tpod_core.web.dependencies import require_same_origin
from tpod_core.web.errors import retry_headers, status_code
from tpod_core.web.request_body import RequestBody

_WAITING_RELOAD_S = 15
_UNAVAILABLE_RELOAD_S = 5
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
}


@dataclass(frozen=True)
class _AuthForm:
    """A form that asks for a name and a password, and the link below it to another form."""

    name: str
    title: str
    sentence: str
    button: str
    new_password: bool = True
    question: str = ""
    link: str = ""
    other: str = ""


_SETUP = _AuthForm(
    "setup",
    "Welcome to TPOD",
    "Nobody has an account yet. Create the administrator, who gives access to the others.",
    "Create administrator",
)
_REGISTER = _AuthForm(
    "register",
    "Ask for an account",
    "Choose a name and a password. An administrator then gives you access.",
    "Create account",
    question="Have an account?",
    link="Sign in",
    other="login",
)
_SIGN_IN = _AuthForm(
    "login",
    "Sign in",
    "Turn videos into object detectors.",
    "Sign in",
    new_password=False,
    question="New here?",
    link="Ask for an account",
    other="register",
)


def sign_in_routes() -> list[BaseRoute]:
    """The routes of the sign-in page and of its forms."""
    return [
        Route(SIGN_IN_PATH, RequestBody(request_response(_answer)), methods=["GET", "POST"]),
        Route(SIGN_OUT_PATH, RequestBody(request_response(_sign_out)), methods=["POST"]),
    ]


def unavailable_page(request: Request, error: TpodError) -> Response:
    """Says that the database does not answer, and loads again by itself.

    The reason is in the log: it may name files, and nobody knows yet who asks.
    """
    return _html(
        request,
        "One moment",
        "The database of TPOD does not answer right now. This page tries again by itself.",
        status_code(error),
        reload_s=_UNAVAILABLE_RELOAD_S,
    )


async def _answer(request: Request) -> Response:
    if request.method == "POST":
        fields = await request.form(max_files=0, max_fields=4)
        # No database holds NUL, and no keyboard types it.
        texts = {
            name: value.replace("\x00", "")
            for name, value in fields.items()
            if isinstance(value, str)
        }
        return await run_in_threadpool(_submit, request, texts)
    return await run_in_threadpool(_show, request)


def _show(request: Request) -> Response:
    """Shows the page that the visitor needs, or leads on whoever has access.

    ``?as=`` names whom the labelling screen waits for, maybe while somebody else is signed in.
    """
    query = request.query_params
    try:
        user = cookie_session.find_user(request.cookies)
        if "as" not in query and user is not None:
            if has_access(user):
                return RedirectResponse(_local_path(query.get("next", "")), 303)
            return _waiting_page(request, user)
        form = _form_for_visitor(query.get("form", ""))
    except TpodError as error:
        return unavailable_page(request, error)
    return _form_page(request, form, query.get("next", ""), query.get("as", ""))


def _submit(request: Request, fields: dict[str, str]) -> Response:
    username, next_path = fields.get("username", ""), fields.get("next", "")
    try:
        require_same_origin(request)
        signed_in = _perform(request, fields.get("form", ""), username, fields.get("password", ""))
    except TpodError as error:
        form = {form.name: form for form in (_SETUP, _REGISTER)}.get(fields.get("form", ""))
        return _form_page(request, form or _SIGN_IN, next_path, username, error)
    response = RedirectResponse(_local_path(next_path), 303)
    cookie_session.set_cookies(request, response, signed_in)
    return response


def _perform(request: Request, form: str, username: str, password: str) -> SignInResult:
    """Creates the account that ``form`` asks for, and signs in."""
    if form == _REGISTER.name:
        cookie_session.register(request, username, password)
    elif form == _SETUP.name:
        users.create_first_administrator(username, password)
    signed_in = cookie_session.sign_in(request, username, password)
    cookie_session.sign_out(request)  # whoever was signed in before
    return signed_in


async def _sign_out(request: Request) -> Response:
    try:
        require_same_origin(request)
        await run_in_threadpool(cookie_session.sign_out, request)
    except TpodError as error:
        return _html(request, "Not signed out", error.message, status_code(error))
    response = RedirectResponse(SIGN_IN_PATH, 303)
    cookie_session.delete_cookie(response)
    return response


def _form_for_visitor(name: str) -> _AuthForm:
    with read_session() as session:
        if not users.has_any(session):
            return _SETUP
    return _REGISTER if name == _REGISTER.name else _SIGN_IN


def _waiting_page(request: Request, user: User) -> Response:
    return _html(
        request,
        f"Almost there, {user.username}",
        "Your account has no access yet. Ask an administrator to give you a role. This page "
        "goes on by itself as soon as you have one.",
        reload_s=_WAITING_RELOAD_S,
        may_sign_out=True,
    )


def _form_page(
    request: Request,
    form: _AuthForm,
    next_path: str,
    username: str = "",
    error: TpodError | None = None,
) -> Response:
    answer = _html(
        request,
        form.title,
        form.sentence,
        status_code(error) if error else 200,
        form=form,
        next=_local_path(next_path),
        username=username,
        problem=error.message if error else "",
    )
    answer.headers.update(retry_headers(error) if error else {})
    return answer


def _local_path(path: str) -> str:
    r"""Returns ``path`` if it is a page of ours, otherwise the start page.

    Browsers read ``//host`` and ``/\host`` as addresses of another server, and leave out tabs
    and line breaks. Source: WHATWG URL Standard, "basic URL parser".
    """
    is_local = re.fullmatch(r"/(?![/\\])[^\\\x00-\x20\x7f]*", path) is not None
    leads_back = re.match(f"({SIGN_IN_PATH}|{SIGN_OUT_PATH})\\b", path) is not None
    return path if is_local and not leads_back else "/"


def _html(
    request: Request, title: str, sentence: str, status: int = 200, **context: Any
) -> Response:
    return _TEMPLATES.TemplateResponse(
        request,
        "sign_in.html",
        {"title": title, "sentence": sentence, **context},
        status_code=status,
        headers=_HEADERS,
    )


_TEMPLATES = Jinja2Templates(Path(__file__).parent)
_TEMPLATES.env.globals |= {
    "asset_url": asset_url,
    "sign_in_url": sign_in_url,
    "min_password_length": MIN_LENGTH,
}
