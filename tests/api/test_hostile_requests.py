"""Requests that no client of ours sends are refused by name, and never break the server."""

from base64 import b64encode

import pytest
from starlette.testclient import TestClient

from tests.conftest import PASSWORD, Api
from tpod_core.models import User

JSON = {"Content-Type": "application/json"}
DIGITS = "9" * 5000
UNSTORABLE = {"NUL": "\\u0000", "half of a pair": "\\ud800"}


@pytest.fixture
def client(installation: Api, admin: User) -> TestClient:
    """Signed in; an error of ours is an answer of 500, as for every client."""
    signed_in = installation.client("admin")
    client = TestClient(
        installation.app, base_url="http://testserver/api/v1", raise_server_exceptions=False
    )
    client.cookies.update(signed_in.cookies)
    return client


@pytest.fixture
def video(client: TestClient) -> int:
    return int(client.post("/videos", json={"name": "Kitchen"}).json()["id"])


@pytest.mark.parametrize("bad", UNSTORABLE.values(), ids=UNSTORABLE)
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/auth/register", '{"username": "a%s", "password": "long enough"}', "username"),
        ("/auth/login", '{"username": "a%s", "password": "long enough"}', "username"),
        ("/auth/login", '{"username": "admin", "password": "%s"}', "password"),
        ("/auth/tokens", '{"name": "%s"}', "name"),
        ("/videos", '{"name": "%s"}', "name"),
        ("/videos", '{"name": "x", "labels": [{"name": "a%s"}]}', "labels[0].name"),
        (
            "/videos",
            '{"name": "x", "labels": [{"name": "a", "color": "%s"}]}',
            "labels[0].color",
        ),
        ("/detectors", '{"name": "%s", "dnn_type": "yolo26n", "train_set_id": 1}', "name"),
        ("/trainsets", '{"name": "%s", "videos": [{"video_id": 1}]}', "name"),
    ],
)
def test_text_that_cannot_be_stored_is_422(
    client: TestClient, path: str, body: str, field: str, bad: str
) -> None:
    answer = client.post(path, content=body % bad, headers=JSON)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


@pytest.mark.parametrize("bad", UNSTORABLE.values(), ids=UNSTORABLE)
def test_key_that_cannot_be_stored_is_422(client: TestClient, bad: str) -> None:
    body = f'{{"name": "x", "{bad}": 1}}'
    assert client.post("/videos", content=body, headers=JSON).status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/videos/1", {"stagee": 1}),
        ("POST", "/videos", {"name": "x", "label": []}),
        ("POST", "/auth/login", {"username": "admin", "password": PASSWORD, "remember": True}),
        ("PATCH", "/users/1", {"rolle": "admin"}),
        ("GET", "/videos?pagesize=5", None),
        ("GET", "/videos/1?x=", None),
        ("GET", "/videos/1/frames/0?wdith=80", None),
        ("POST", "/videos?name=x", {"name": "x"}),
    ],
)
def test_field_or_parameter_that_does_not_exist_is_422(
    client: TestClient, video: int, method: str, path: str, body: object
) -> None:
    answer = client.request(method, path, json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] in (
        "stagee", "label", "remember", "rolle", "pagesize", "x", "wdith", "name",
    )  # fmt: skip


@pytest.mark.parametrize(("path", "body"), [("/videos/1", "held_out"), ("/users/1", "active")])
def test_flag_is_true_or_false(client: TestClient, video: int, path: str, body: str) -> None:
    for value in (1, "yes", "false"):
        answer = client.patch(path, json={body: value})
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, body)


def test_number_of_5000_digits_is_refused_wherever_one_is_expected(
    client: TestClient, video: int
) -> None:
    document = {"tracks": []}
    stale = client.put(
        f"/videos/{video}/annotations", json=document, headers={"If-Match": f'"{DIGITS}"'}
    )
    assert (stale.status_code, len(stale.json()["error"]["message"]) < 200) == (409, True)
    assert client.get(f"/videos/{DIGITS}").status_code == 422
    assert client.get("/videos", params={"page": DIGITS}).status_code == 422
    metadata = {"Upload-Metadata": f"video_id {b64encode(DIGITS.encode()).decode()}"}
    tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"} | metadata
    assert client.post("/uploads", headers=tus).status_code == 422
    body = f'{{"revision": {DIGITS}, "ops": []}}'
    patched = client.patch(f"/videos/{video}/annotations", content=body, headers=JSON)
    assert patched.status_code in (400, 422)


def test_long_boundary_of_a_form_is_422(client: TestClient, video: int) -> None:
    kind = {"Content-Type": f"multipart/form-data; boundary={'b' * 5000}"}
    answer = client.post(f"/videos/{video}/data", content=b"--b", headers=kind)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "file")


@pytest.mark.parametrize("search", ["a" * 60_000, "a\x00b"])
def test_search_that_no_database_takes_is_422(client: TestClient, search: str) -> None:
    for path in ("/videos", "/jobs", "/users"):
        answer = client.get(path, params={"search": search})
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, "search")
    assert client.get("/videos", params={"search": "%" * 200}).status_code == 200
