"""Turns errors into responses: the only place that knows status codes.

The body is always ``{"error": {"code", "message", "field"?}}``.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException

from tpod_core import errors
from tpod_core.errors import InvalidInput, TpodError
from tpod_core.log import get_logger
from tpod_core.storage import full_disk_in

_log = get_logger(__name__)

STATUS_CODES: dict[type[TpodError], int] = {
    errors.NotSignedIn: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.NotAVideo: 415,
    errors.NotAnImage: 415,
    errors.InvalidInput: 422,
    errors.TooManyAttempts: 429,
    errors.StorageFull: 507,
    errors.Unavailable: 503,
}
"""An error gets the status of its nearest listed ancestor."""

_LOCATIONS = frozenset({"body", "query", "path", "header"})
_HTTP_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    412: "wrong_version",
    413: errors.TooLarge.code,
    415: "wrong_content_type",
}


def status_code(error: TpodError) -> int:
    return status_of(type(error))


def status_of(kind: type[TpodError]) -> int:
    return next((STATUS_CODES[each] for each in kind.__mro__ if each in STATUS_CODES), 500)


def error_response(
    status: int,
    code: str,
    message: str,
    field: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    texts = {"code": code, "message": message} | ({"field": field} if field else {})
    # A key or a value of the request may be in them, and may not exist in UTF-8.
    body = {key: text.encode("utf-8", "replace").decode() for key, text in texts.items()}
    authenticate = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return JSONResponse({"error": body}, status, {**authenticate, **(headers or {})})


def retry_headers(error: TpodError) -> dict[str, str]:
    """Returns the headers that say when to try again, if the error knows it."""
    if not isinstance(error, errors.TooManyAttempts):
        return {}
    return {"Retry-After": str(error.retry_after_s)}


def install_error_handlers(app: FastAPI) -> None:
    """Make ``app`` answer our errors, FastAPI's and unexpected ones with our error body."""
    app.add_exception_handler(TpodError, _on_tpod_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(OSError, _on_system_error)
    app.add_exception_handler(Exception, _on_unexpected_error)


async def _on_tpod_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, TpodError)
    field = error.field if isinstance(error, InvalidInput) else None
    status = status_code(error)
    if status >= 500:
        _log_failure(request, error, error.message)
    return error_response(status, error.code, error.message, field, retry_headers(error))


def _log_failure(request: Request, error: Exception, kind: str) -> None:
    """Log an answer of 500 or more; those of one ``kind`` are summed up."""
    said = {"kind": kind}
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error, extra=said)


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = _field_path(first["loc"], error.body)
    said = str(first["msg"]).removeprefix("Value error, ")
    message = f"{field}: {said}" if field else said
    return error_response(422, InvalidInput.code, message, field or None)


def _field_path(location: Sequence[str | int], body: Any) -> str:
    """Returns ``tracks[2].box`` for FastAPI's ``("body", "tracks", 2, "box")``."""
    inside = location[1:] if location and location[0] in _LOCATIONS else location
    if location and location[0] == "body":
        inside = _keys_in(body, inside)
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in inside)
    return "".join(parts).removeprefix(".")


def _keys_in(body: Any, location: Sequence[str | int]) -> list[str | int]:
    """Returns ``location`` without the union tags that Pydantic adds to it."""
    keys: list[str | int] = []
    for position, part in enumerate(location):
        is_last = position + 1 == len(location)
        if isinstance(body, dict) and (part in body or is_last):
            keys.append(part)
            body = body.get(part)
        elif isinstance(body, list) and isinstance(part, int):
            keys.append(part)
            body = body[part] if part < len(body) else None
    return keys


async def _on_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status, headers = error.status_code, error.headers
    if status >= 500:
        _log_failure(request, error, str(error.detail))
    if status == 400:  # a body that FastAPI or Starlette cannot parse
        return error_response(422, InvalidInput.code, f"{error.detail}.")
    if status == 405:  # Starlette lists those of one route alone, but each method is a route
        headers = {"Allow": ", ".join(sorted(_methods_at(request)))}
    code = _HTTP_CODES.get(status, "http_error")
    return error_response(status, code, str(error.detail), headers=headers)


def _methods_at(request: Request) -> set[str]:
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    routes = list(iter_route_contexts(request.app.routes))
    found = next((each.path for each in routes if each.path_regex.match(path)), None)
    return {method for each in routes if each.path == found for method in each.methods or ()}


async def _on_system_error(request: Request, error: Exception) -> JSONResponse:
    full = full_disk_in(error)
    if full is None:
        raise error
    return await _on_tpod_error(request, full)


async def _on_unexpected_error(request: Request, error: Exception) -> JSONResponse:
    # The only broad handler of the API. The traceback goes to the log.
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return error_response(
        500, "internal_error", "Something went wrong on our side; the log has the details."
    )
