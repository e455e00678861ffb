"""Lets only people with access reach Streamlit: its pages, its connections and its files."""

from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from pages._shared.sign_in import SIGN_IN_PATH, SIGN_OUT_PATH, has_access, sign_in_url
from pages._sign_in.page import unavailable_page
from pages._sign_in.page_policy import page_policy
from tpod_core.errors import NotSignedIn, TpodError
from tpod_core.log_context import set_user
from tpod_core.web.cookie_session import find_user
from tpod_core.web.errors import error_response, status_code
from tpod_core.web.request_log import RequestLog
from tpod_core.web.response_headers import ResponseHeaders

_PUBLIC_PATHS = frozenset({SIGN_IN_PATH, SIGN_OUT_PATH, "/_stcore/health", "/favicon.ico"})
# The API asks who is there itself; the others are scripts, styles and pictures of the program.
_PUBLIC_PREFIXES = ("/api/", "/assets/", "/static/")
_NOT_PAGES = ("/_stcore/", "/media/", "/component/")


class SignInGate:
    """ASGI middleware. A page without a valid cookie redirects to the sign-in page, which leads
    back to it; everything else is answered 401, before its body is read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = None
        if scope["type"] in ("http", "websocket") and not _is_public(scope["path"]):
            answer = await _refusal(scope)
        if answer is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(answer)
        else:
            await answer(scope, receive, send)


def _is_public(path: str) -> bool:
    return path in _PUBLIC_PATHS or path.startswith(_PUBLIC_PREFIXES)


async def _refusal(scope: Scope) -> Response | None:
    """Returns the answer to whoever has no access, or None for whoever has."""
    is_page = (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and not scope["path"].startswith(_NOT_PAGES)
    )
    try:
        user = await run_in_threadpool(find_user, HTTPConnection(scope).cookies)
        set_user(user.username if user else "")
        if has_access(user):
            return None
    except TpodError as error:
        if is_page:
            return unavailable_page(Request(scope), error)
        return error_response(status_code(error), error.code, error.message)
    if is_page:
        return RedirectResponse(sign_in_url(_address(scope)), 303, {"Cache-Control": "no-store"})
    return error_response(401, NotSignedIn.code, "Sign in first.")


def _address(scope: Scope) -> str:
    """Returns the path and the query that were asked for, percent-encoded."""
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1")
    return f"{path}?{query}" if query else path


MIDDLEWARE = (
    Middleware(RequestLog),
    Middleware(ResponseHeaders, page_policy=page_policy),
    Middleware(SignInGate),
)
"""What every request passes before Streamlit or the API."""
