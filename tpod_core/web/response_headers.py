"""Headers that protect every response: browsers do not guess its type, other sites do not frame it,
and nobody keeps a copy of what is private."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    # Streamlit's own pages need inline scripts and styles, so this is all that they allow.
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
}
_PRIVATE_PREFIX = "/api/"


class ResponseHeaders:
    """ASGI middleware. A header that a route sets itself stays as it is.

    Source: OWASP's cheat sheet on HTTP headers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(_PRIVATE_PREFIX):
                    # With an ETag, a browser may keep it and ask whether it still holds.
                    kept = "private, no-cache" if "ETag" in headers else "no-store"
                    headers.setdefault("Cache-Control", kept)
            await send(message)

        await self._app(scope, receive, send_with_headers)
