"""Documents the errors and the sign-in of every route in the OpenAPI document.

What a route answers follows from what it does: its dependencies and its endpoint say with
``may_raise`` which errors they raise, and the rest is known from its path and its body. So no
route lists its statuses, and none of them has FastAPI's own error body.
"""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic import BaseModel, Field

from tpod_core.auth import COOKIE_NAME
from tpod_core.errors import (
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    StorageFull,
    TooLarge,
    TpodError,
    Unavailable,
)
from tpod_core.web.errors import status_of

Documented = TypeVar("Documented", bound=Callable[..., Any])
Kind = type[TpodError] | int
"""An error of ours, or the status of one that only the protocol knows."""

_DESCRIPTIONS = {
    401: "Nobody is signed in: send the session cookie or a valid token.",
    403: "The account may not do this, or a browser sent the request from another site.",
    404: "The object does not exist, or belongs to someone else.",
    409: "The object is in the wrong state for this, or somebody else changed it.",
    412: "The request is of another version of the protocol.",
    413: "The request is larger than this installation accepts.",
    415: "The file or the body is not of a kind that can be read here.",
    416: "The file has no such range.",
    422: "A field or a parameter is invalid; `field` names it.",
    429: "Too many attempts. Wait before the next one.",
    503: "The database, the queue or another service does not respond. Try again later.",
    507: "The disk of the installation has no space left.",
}
_SECURITY: list[dict[str, list[str]]] = [{"cookie": []}, {"token": []}]
_SECURITY_SCHEMES = {
    "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE_NAME},
    "token": {"type": "http", "scheme": "bearer"},
}


class ErrorText(BaseModel):
    """``message`` is a sentence for people, ``field`` the invalid part of the request."""

    code: str = Field(examples=["not_found"])
    message: str
    field: str | None = None


class ErrorBody(BaseModel):
    """The body of every error."""

    error: ErrorText


def may_raise(*kinds: Kind) -> Callable[[Documented], Documented]:
    """Say which errors a dependency or an endpoint raises that its path and body do not tell."""

    def mark(function: Documented) -> Documented:
        function.raises = (*getattr(function, "raises", ()), *kinds)  # type: ignore[attr-defined]
        return function

    return mark


def signs_in(function: Documented) -> Documented:
    """Say that a dependency or an endpoint finds out who sent the request."""
    function.signs_in = True  # type: ignore[attr-defined]
    return may_raise(NotSignedIn, NotAllowed, Unavailable)(function)


class DocumentedApi(FastAPI):
    """A FastAPI application whose OpenAPI document holds every error."""

    def openapi(self) -> dict[str, Any]:
        """Returns the document, which is made once."""
        if self.openapi_schema is None:
            _complete(super().openapi(), iter_route_contexts(self.routes))
        assert self.openapi_schema is not None
        return self.openapi_schema


def _complete(document: dict[str, Any], routes: Iterable[RouteContext]) -> None:
    statuses: set[int] = set()
    for route in routes:
        if not isinstance(route.original_route, APIRoute) or not route.include_in_schema:
            continue
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            raised = _statuses(route, operation)
            statuses |= raised
            _document(operation, raised)
            if any(getattr(each, "signs_in", False) for each in _calls(route.dependant)):
                operation["security"] = _SECURITY
    components = document["components"]
    components["securitySchemes"] = _SECURITY_SCHEMES
    components["responses"] = {f"Error{status}": _response(status) for status in sorted(statuses)}
    schemas = components["schemas"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for model in (ErrorText, ErrorBody):
        schemas[model.__name__] = model.model_json_schema(
            ref_template="#/components/schemas/{model}"
        )
        schemas[model.__name__].pop("$defs", None)


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    """Yields the endpoint or dependency, and everything that it depends on."""
    if dependant.call:
        yield dependant.call
    for each in dependant.dependencies:
        yield from _calls(each)


def _statuses(route: RouteContext, operation: dict[str, Any]) -> set[int]:
    """Returns the statuses of all errors that a call may answer, except a fault of ours."""
    kinds: set[Kind] = {
        kind for each in _calls(route.dependant) for kind in getattr(each, "raises", ())
    }
    parameters = operation.get("parameters", ())
    if any(each["in"] == "path" for each in parameters):
        kinds.add(NotFound)
    if not (route.path or "").endswith(":path}"):
        kinds.add(InvalidInput)  # a parameter that does not exist
    if "requestBody" in operation:
        kinds.add(TooLarge)
    if Unavailable in kinds:
        kinds.add(StorageFull)
    return {kind if isinstance(kind, int) else status_of(kind) for kind in kinds}


def _document(operation: dict[str, Any], statuses: Iterable[int]) -> None:
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    for status in sorted(statuses):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/Error{status}"})


def _response(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": _DESCRIPTIONS.get(status, HTTPStatus(status).phrase),
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}},
    }
    if status == HTTPStatus.UNAUTHORIZED:
        response["headers"] = {"WWW-Authenticate": {"schema": {"const": "Bearer"}}}
    return response
