"""Headers that protect every response: browsers do not guess its type, other sites do not frame it,
it loads nothing from elsewhere, and nobody keeps a copy of what is private."""

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
_PRIVATE_PREFIX = "/api/"
_FILE_PREFIXES = ("/api/", "/media/", "/assets/")
_FILE_POLICY = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
)
"""For data and for users' files. Opened by themselves they are shown, but run nothing and have no
access to what the person who opens them is signed in to. The styles are the browser's own, with
which it lays out a picture or a video."""


class ResponseHeaders:
    """ASGI middleware. A header that a route sets itself stays as it is.

    Args:
        page_policy: returns the Content-Security-Policy of a page for the host that was asked.

    Source: OWASP's cheat sheet on HTTP headers.
    """

    def __init__(self, app: ASGIApp, page_policy: Callable[[str], str]) -> None:
        self._app = app
        self._page_policy = page_policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_file = scope["path"].startswith(_FILE_PREFIXES)
        host = Headers(scope=scope).get("host", "")
        policy = _FILE_POLICY if is_file else self._page_policy(host)
        defaults = {**_ALWAYS, "Content-Security-Policy": policy}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in defaults.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith(_PRIVATE_PREFIX):
                    # With an ETag, a browser may keep it and ask whether it still holds.
                    kept = "private, no-cache" if "ETag" in headers else "no-store"
                    headers.setdefault("Cache-Control", kept)
            await send(message)

        await self._app(scope, receive, send_with_headers)
