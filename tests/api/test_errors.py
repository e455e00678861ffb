"""Every error has one body, and every error of ours a status code of its own."""

import errno
import os

import pytest
from starlette.testclient import TestClient

from tests.conftest import Api
from tpod_core import errors
from tpod_core.errors import JobStopped, TpodError
from tpod_core.models import User
from tpod_core.web.errors import STATUS_CODES, status_code


def every_error() -> list[type[TpodError]]:
    found = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, TpodError) and kind is not TpodError
    ]
    return [kind for kind in found if not issubclass(kind, JobStopped)]


@pytest.mark.parametrize("kind", every_error(), ids=lambda kind: kind.__name__)
def test_error_is_told_with_a_4xx_or_503(kind: type[TpodError]) -> None:
    code = status_code(kind("A sentence."))
    assert 400 <= code < 500 or code in (503, 507)


def test_error_tree_at_the_top_of_the_module_is_complete() -> None:
    for kind in [*every_error(), JobStopped]:
        assert kind.__name__ in (errors.__doc__ or "")


def test_codes_are_told_apart() -> None:
    codes = [kind.code for kind in every_error()]
    assert len(set(codes)) == len(codes)
    assert set(STATUS_CODES) <= set(every_error())


@pytest.mark.parametrize(
    ("call", "status", "code", "field"),
    [
        pytest.param(("GET", "/videos/999"), 404, "not_found", None, id="no such row"),
        pytest.param(("GET", "/nothing/here"), 404, "not_found", None, id="no such path"),
        pytest.param(("DELETE", "/videos"), 405, "method_not_allowed", None, id="method"),
        pytest.param(("GET", "/videos?page=0"), 422, "invalid_input", "page", id="query"),
        pytest.param(
            ("GET", "/videos?ordering=colour"), 422, "invalid_input", "ordering", id="ordering"
        ),
        pytest.param(("POST", "/videos"), 422, "invalid_input", None, id="no body"),
    ],
)
def test_error_body_is_the_contract_s(
    api: TestClient, call: tuple[str, str], status: int, code: str, field: str | None
) -> None:
    answer = api.request(*call)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert error.get("field") == field


def test_field_inside_a_list_is_named_with_its_position(api: TestClient) -> None:
    body = {"name": "x", "labels": [{"name": "cup"}, {"name": 5}]}
    error = api.post("/videos", json=body).json()["error"]
    assert error["field"] == "labels[1].name"


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        pytest.param(errno.ENOSPC, 507, "storage_full", id="full disk"),
        pytest.param(errno.EDQUOT, 507, "storage_full", id="quota"),
        pytest.param(errno.EIO, 500, "internal_error", id="broken disk"),
    ],
)
def test_full_disk_in_any_route_is_507(
    installation: Api,
    admin: User,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    status: int,
    code: str,
) -> None:
    def fail() -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("tpod_core.web.dashboard.get_storage", fail)
    token = installation.client("admin").cookies
    client = TestClient(
        installation.app, "http://testserver/api/v1", raise_server_exceptions=False, cookies=token
    )
    answer = client.get("/dashboard/meta")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_unknown_api_path_outside_this_version_is_404_json(api: TestClient) -> None:
    answer = api.get("http://testserver/api/v0/videos")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
