"""Answers 304 to a client that has the newest version already, and ranges of files."""

import re
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from tpod_core.web.errors import error_response
from tpod_core.web.openapi import ErrorBody

Responses = dict[int | str, dict[str, Any]]
ETAG: dict[str, Any] = {"ETag": {"required": True, "schema": {"type": "string"}}}
NOT_MODIFIED: Responses = {
    304: {"description": "Not modified: the client has it, by `If-None-Match`.", "headers": ETAG}
}
_RANGES = re.compile(r"bytes\s*=\s*(\d+-\d*|-\d+)(\s*,\s*(\d+-\d*|-\d+))*\s*", re.IGNORECASE)


def with_etag(description: str = "Successful Response") -> Responses:
    """Returns the documentation of a JSON answer that has an ETag."""
    return {200: {"description": description, "headers": ETAG}}


def stored_file(description: str, media_type: str) -> Responses:
    """Returns the documentation of everything that ``StoredFile`` answers."""
    content: dict[str, Any] = {media_type: {}}
    content_range = {"Content-Range": {"required": True, "schema": {"type": "string"}}}
    return NOT_MODIFIED | {
        200: {"description": description, "content": content, "headers": ETAG},
        206: {
            "description": "The ranges that `Range` asks for; several as multipart/byteranges.",
            "content": content | {"multipart/byteranges": {}},
            "headers": ETAG,
        },
        416: {
            "description": "The file has no such range.",
            "model": ErrorBody,
            "headers": content_range,
        },
    }


def is_known(etag: str, if_none_match: str) -> bool:
    """Whether ``if_none_match``, the header of a request, lists the tag. Source: RFC 9110."""
    return etag in (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))


class StoredFile(FileResponse):
    """A file, or a range of it; 304 if the client has it. Also answers HEAD.

    A range that cannot be read is ignored, one that the file lacks is 416 with our error body.
    Source: RFC 9110, 14.2.
    """

    def __init__(self, path: Path, **options: Any) -> None:
        super().__init__(path, stat_result=path.stat(), **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_known(self.headers["etag"], Headers(scope=scope).get("if-none-match", "")):
            kept = ("etag", "cache-control", "last-modified")
            headers = {name: self.headers[name] for name in kept if name in self.headers}
            await Response(status_code=304, headers=headers)(scope, receive, send)
        else:
            await self._send(scope, receive, send)

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal: Response | None = None

        async def send_unless_refused(message: Message) -> None:
            nonlocal refusal
            if message["type"] == "http.response.start" and message["status"] == 416:
                refusal = _no_such_range(message)
            elif refusal is None:
                await send(message)

        await super().__call__(_with_readable_range(scope), receive, send_unless_refused)
        if refusal:
            await refusal(scope, receive, send)


def _with_readable_range(scope: Scope) -> Scope:
    """Returns ``scope`` without a ``Range`` that is to be ignored."""
    found = Headers(scope=scope).get("range")
    if found is None or (_RANGES.fullmatch(found) and not _ends_before_start(found)):
        return scope
    headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
    return {**scope, "headers": headers}


def _ends_before_start(ranges: str) -> bool:
    pairs = re.findall(r"(\d+)-(\d+)", ranges)
    return any(int(start) > int(end) for start, end in pairs)


def _no_such_range(message: Message) -> Response:
    headers = {"Content-Range": MutableHeaders(scope=message)["content-range"]}
    return error_response(416, "no_such_range", "The file has no such range.", headers=headers)
