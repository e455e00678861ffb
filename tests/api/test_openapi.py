"""The OpenAPI document tells every error of every call, with our error body."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from pydantic import TypeAdapter
from starlette.testclient import TestClient

from tests.conftest import Api
from tests.labelled import add_video, give_file
from tpod_core.geometry import Box
from tpod_core.models import User
from tpod_core.web.app import create_api
from tpod_core.web.openapi import DocumentedApi


@pytest.fixture(scope="module")
def documented() -> DocumentedApi:
    return create_api()


@pytest.fixture(scope="module")
def document(documented: DocumentedApi) -> dict[str, Any]:
    return documented.openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_no_call_has_the_error_body_of_fastapi(document: dict[str, Any]) -> None:
    assert "ValidationError" not in str(document).replace("HTTPValidationError", "ValidationError")


def test_every_error_has_our_body(document: dict[str, Any]) -> None:
    answers = document["components"]["responses"]
    for call, operation in operations(document):
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")) and "/visualization/" not in call:
                shared = answers.get(response.get("$ref", "").rpartition("/")[2])
                schema = (shared or response)["content"]["application/json"]["schema"]["$ref"]
                # The health check also says which dependency has failed.
                assert schema.endswith(("/ErrorBody", "/Readiness")), (call, status)


@pytest.mark.parametrize(
    ("call", "statuses"),
    [
        ("GET /healthz", "200 422"),
        ("POST /auth/login", "200 401 403 413 422 429 503 507"),
        ("GET /videos", "200 401 403 422 503 507"),
        ("GET /videos/{video_id}", "200 401 403 404 422 503 507"),
        ("PATCH /videos/{video_id}", "200 401 403 404 409 413 422 503 507"),
        ("GET /videos/{video_id}/file", "200 206 304 401 403 404 409 416 422 503 507"),
        ("POST /videos/{video_id}/data", "202 401 403 404 409 413 415 422 503 507"),
        ("PATCH /uploads/{upload_id}", "204 401 403 404 409 412 413 415 422 503 507"),
        ("GET /detectors/{detector_id}/model", "200 202 206 304 401 403 404 409 416 422 503 507"),
    ],
)
def test_call_tells_its_statuses(document: dict[str, Any], call: str, statuses: str) -> None:
    assert " ".join(sorted(dict(operations(document))[call]["responses"])) == statuses


def test_calls_that_need_a_sign_in_say_so(document: dict[str, Any], installation: Api) -> None:
    """Whoever is not signed in is refused by exactly these."""
    stranger = installation.client()
    for call, operation in operations(document):
        method, path = call.split()
        answer = stranger.request(
            method, re.sub(r"{[^}]*}", "1", path), headers={"Tus-Resumable": "1.0.0"}
        )
        if "security" in operation:
            assert answer.status_code in (401, 422), call
            assert "401" in operation["responses"], call
        else:
            assert answer.status_code != 401, call


def test_requests_convert_no_text_to_a_number_and_no_number_to_a_flag(
    documented: DocumentedApi,
) -> None:
    lax = [
        f"{route.path}: {kind}"
        for route in iter_route_contexts(documented.routes)
        if (field := getattr(route, "body_field", None)) is not None
        for kind in lax_types(TypeAdapter(field.field_info.annotation).core_schema)
    ]
    assert lax == []


def lax_types(part: Any) -> Iterator[str]:
    """The types of a core schema of Pydantic's that would be converted to."""
    if isinstance(part, list | tuple):
        for each in part:
            yield from lax_types(each)
    elif isinstance(part, dict) and part.get("cls") is not Box:  # made of numbers seen before
        if part.get("type") in ("int", "float", "bool") and not part.get("strict"):
            yield part["type"]
        for key, each in part.items():
            if key not in ("metadata", "serialization"):
                yield from lax_types(each)


@pytest.mark.parametrize("value", ["1", "yes", "on", "True", "t", ""])
def test_flag_in_the_query_is_true_or_false(api: TestClient, value: str) -> None:
    answer = api.get("/detectors/1/annotated/1", params={"download": value})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "download")
    assert api.get("/detectors/1/annotated/1?download=true").status_code == 404


def test_method_that_a_path_lacks_is_405_and_names_all_that_it_has(api: TestClient) -> None:
    answer = api.put("/videos")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    assert answer.json()["error"]["code"] == "method_not_allowed"
    assert api.put("/videos/1/annotations/undo").headers["Allow"] == "POST"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/api/v0/videos", "/api/", "/api/v1/nothing"])
def test_unknown_path_is_404_with_our_body(api: TestClient, method: str, path: str) -> None:
    answer = api.request(method, f"http://testserver{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_body_that_cannot_be_parsed_is_422(api: TestClient) -> None:
    answer = api.post(
        "/videos", content=b'{"name": "\xff"}', headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_input")


@pytest.fixture
def file_url(api: TestClient, admin: User) -> str:
    video = add_video(admin)
    give_file(video, 3)
    return f"/videos/{video.id}/file"


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=", "bytes=-", "lines=1-2", "nonsense"])
def test_range_that_cannot_be_read_is_ignored(api: TestClient, file_url: str, asked: str) -> None:
    whole = api.get(file_url)
    answer = api.get(file_url, headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, whole.content)


def test_range_that_the_file_lacks_is_416_with_our_body(api: TestClient, file_url: str) -> None:
    size = len(api.get(file_url).content)
    answer = api.get(file_url, headers={"Range": f"bytes={size}-"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (416, "no_such_range")
    assert answer.headers["Content-Range"] == f"bytes */{size}"
