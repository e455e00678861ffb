"""Limits the body of every request: its size, and how long the client may be silent."""

from anyio import move_on_after
from humanize import naturalsize
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tpod_core.errors import TooLarge
from tpod_core.web.errors import error_response

SILENT_S = 30.0
_UNLIMITED = ("/data",)
"""The ends of paths whose routes limit the size themselves and never hold the body in memory."""
_LIMITS = {"/auth/": 64 * 1024, "/sign-in": 64 * 1024}
_MAX_BYTES = 32 * 1024 * 1024


class RequestBody:
    """ASGI middleware. A larger body is answered 413, before it is read if its size is announced.

    A client that is silent in the middle of its body counts as disconnected.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(receive, _limit_of(scope))
        announced = dict(scope["headers"]).get(b"content-length", b"")
        if announced.isdigit() and body.is_beyond(int(announced)):
            response = error_response(413, TooLarge.code, body.refusal)
            await response(scope, receive, send)
            return
        await self._app(scope, body.receive, send)


class _Body:
    def __init__(self, receive: Receive, max_bytes: int | None) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._size_bytes = 0
        self._is_complete = False

    @property
    def refusal(self) -> str:
        return f"The request is larger than {naturalsize(self._max_bytes or 0, binary=True)}."

    def is_beyond(self, size_bytes: int) -> bool:
        return self._max_bytes is not None and size_bytes > self._max_bytes

    async def receive(self) -> Message:
        if self._is_complete:
            return await self._receive()  # waits for the client to disconnect, however long
        message: Message = {"type": "http.disconnect"}
        with move_on_after(SILENT_S):
            message = await self._receive()
        self._is_complete = not message.get("more_body", False)
        self._size_bytes += len(message.get("body", b""))
        if self.is_beyond(self._size_bytes):
            raise HTTPException(413, self.refusal)
        return message


def _limit_of(scope: Scope) -> int | None:
    path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
    if path.startswith("/uploads/") or path.endswith(_UNLIMITED):
        return None
    return next((limit for start, limit in _LIMITS.items() if path.startswith(start)), _MAX_BYTES)
