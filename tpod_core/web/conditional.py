"""Answers 304 to a client that has the newest version already."""

from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

Responses = dict[int | str, dict[str, Any]]
NOT_MODIFIED: Responses = {
    304: {"description": "Not modified: the client has it, by `If-None-Match`."}
}


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether ``if_none_match``, the header of a request, lists the tag. Source: RFC 9110."""
    return etag in (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))


class StoredFile(FileResponse):
    """A file, or a range of it; 304 if the client has it. Also answers HEAD."""

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, stat_result=path.stat(), **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_known(self.headers["etag"], Headers(scope=scope).get("if-none-match", "")):
            kept = ("etag", "cache-control", "last-modified")
            headers = {name: self.headers[name] for name in kept if name in self.headers}
            await Response(status_code=304, headers=headers)(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
