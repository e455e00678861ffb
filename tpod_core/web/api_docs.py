"""The page at ``/api/v1/docs``, made from the OpenAPI document alone.

It has no script and loads nothing, so it can be read in a network without a way out, and nobody
outside learns who reads it.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

from tpod_core.web.json_schema import Schemas, example_of, name_of, type_text

_FOLDER = Path(__file__).parent
_SHOWN_FIRST = ("auth", "videos", "uploads", "annotations", "training sets", "detectors")
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")


@dataclass(frozen=True)
class DocsPage:
    html: str
    content_security_policy: str


@dataclass(frozen=True)
class Call:
    """``anchor`` is its address on the page, ``fields`` what the body consists of."""

    anchor: str
    method: str
    path: str
    operation: Mapping[str, Any]
    body: Mapping[str, Any] | None
    media_type: str
    curl: str


def docs_endpoint(
    api: FastAPI, base_path: str
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    """Returns the endpoint of the page, which is made at the first request."""

    @cache
    def page() -> DocsPage:
        return docs_page(api.openapi(), base_path)

    async def show(_: Request) -> Response:
        made = page()
        return HTMLResponse(
            made.html, headers={"Content-Security-Policy": made.content_security_policy}
        )

    return show


def docs_page(document: Mapping[str, Any], base_path: str) -> DocsPage:
    """Returns the page for an OpenAPI document whose paths lie below ``base_path``."""
    schemas = document["components"]["schemas"]
    style = (_FOLDER / "api_docs.css").read_text("utf-8")
    html = _template().render(
        info=document["info"],
        base_path=base_path,
        style=style,
        groups=_groups(document, base_path),
        schemas=schemas,
        resolved_response=lambda response: _resolved(response, document),
        type_of=_type_of,
    )
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return DocsPage(html, policy)


def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["prose"] = _prose
    return environment.get_template("api_docs.html")


def _groups(document: Mapping[str, Any], base_path: str) -> dict[str, list[Call]]:
    """Returns the calls by noun, the nouns in the order of the work."""
    groups: dict[str, list[Call]] = {name: [] for name in _SHOWN_FIRST}
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method in (name for name in _METHODS if name in operations):
            operation = operations[method]
            [noun] = operation["tags"]
            groups.setdefault(noun, []).append(_call(method, path, operation, schemas, base_path))
    return {noun: calls for noun, calls in groups.items() if calls}


def _call(
    method: str, path: str, operation: Mapping[str, Any], schemas: Schemas, base_path: str
) -> Call:
    content: Mapping[str, Any] = operation.get("requestBody", {}).get("content", {})
    media_type = next(iter(content), "")
    schema = content[media_type].get("schema") if media_type else None
    if schema and (name := name_of(schema)):
        schema = schemas[name]
    anchor = re.sub(r"\W+", "-", f"{method}{path}").strip("-")
    words = " ".join(_curl(method, base_path + path, operation, media_type, schema, schemas))
    return Call(anchor, method.upper(), path, operation, schema, media_type, words)


def _curl(
    method: str,
    path: str,
    operation: Mapping[str, Any],
    media_type: str,
    body: Mapping[str, Any] | None,
    schemas: Schemas,
) -> Iterator[str]:
    yield "curl"
    if method == "head":
        yield "--head"
    elif method != "get":
        yield f"-X {method.upper()}"
    if "security" in operation:
        yield '-H "Authorization: Bearer $TOKEN"'
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "header" and "const" in parameter["schema"]:
            yield f"-H '{parameter['name']}: {parameter['schema']['const']}'"
    if media_type == "multipart/form-data" and body:
        yield from (f"-F {name}=@FILE" for name in body["required"])
    elif media_type == "application/json" and body:
        yield f"--json '{json.dumps(example_of(body, schemas), ensure_ascii=False)}'"
    elif media_type:
        yield f"-H 'Content-Type: {media_type}' --data-binary @FILE"
    yield f"$TPOD{re.sub('{[a-z_]*_id}', '1', path)}"


def _resolved(response: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = response
    if "$ref" in response:
        found = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return found


def _type_of(schema: Mapping[str, Any]) -> str:
    """Returns HTML: the type as people read it, each model linked to its place on the page."""
    return re.sub(r"&lt;([\w-]+)&gt;", r'<a href="#model-\1">\1</a>', escape(type_text(schema)))


def _prose(text: str) -> str:
    """Returns a docstring as HTML: paragraphs, and code between backticks."""
    marked = re.sub(r"`+([^`]+)`+", r"<code>\1</code>", escape(text))
    paragraphs = (each.strip() for each in marked.split("\n\n"))
    return "".join(f"<p>{each}</p>" for each in paragraphs if each)
