"""Gives every request an id, which the answer and every line of the log have."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tpod_core.log_context import RequestContext, new_request_id, within_request
from tpod_core.web.forwarded import client_address

HEADER = "X-Request-ID"
_ID = re.compile(r"[!-~]{1,128}")
_STARTS = frozenset(
    {"http.response.start", "websocket.accept", "websocket.http.response.start"},
)


class RequestLog:
    """ASGI middleware. It keeps the id that a proxy or a client has given, if that is usable."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)

        async def send_with_id(message: Message) -> None:
            if message["type"] in _STARTS:
                message.setdefault("headers", [])
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        what = f"{scope.get('method', 'WEBSOCKET')} {scope['path']}"
        with within_request(RequestContext(request_id, client_address(scope), what)):
            await self._app(scope, receive, send_with_id)


def _request_id(scope: Scope) -> str:
    """Returns the id in the header, if it is 1 to 128 visible ASCII characters; else a new one."""
    given = Headers(scope=scope).get(HEADER, "")
    return given if _ID.fullmatch(given) else new_request_id()
