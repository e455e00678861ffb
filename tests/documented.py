"""Holds every answer that a test gets against what the OpenAPI document says of it."""

import re
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_API = "/api/v1"


class OnlyDocumented:
    """ASGI middleware that raises where a route answers with a status that it does not document.

    Not told are 405, which is no route's, and 500, which is a fault of ours.
    """

    def __init__(self, app: ASGIApp, document: dict[str, Any]) -> None:
        self._app = app
        self._paths = [
            (re.compile(_API + re.sub(r"{[^}]*}", "[^/]+", path)), operations)
            for path, operations in document["paths"].items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def checked(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._check(scope, message["status"])
            await send(message)

        await self._app(scope, receive, checked)

    def _check(self, scope: Scope, status: int) -> None:
        for path, operations in self._paths:
            operation = operations.get(scope["method"].lower())
            if operation and path.fullmatch(scope["path"]) and status not in (405, 500):
                assert str(status) in operation["responses"], (
                    f"{scope['method']} {scope['path']} does not document {status}: "
                    "say so with may_raise"
                )
                return
