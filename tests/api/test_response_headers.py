"""Every response says how a browser must treat it."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit import file_util

from pages._shared.assets import asset_url, assets_route
from pages._sign_in.gate import MIDDLEWARE
from pages._sign_in.page import sign_in_routes
from pages._sign_in.page_policy import page_policy
from tests.conftest import PASSWORD
from tpod_core.models import User
from tpod_core.web.app import routes
from tpod_core.web.response_headers import ResponseHeaders


async def _page(_: Request) -> Response:
    return PlainTextResponse("Streamlit")


@pytest.fixture
def client(admin: User) -> TestClient:
    ours = [assets_route(), *sign_in_routes(), *routes(), Route("/{path:path}", _page)]
    client = TestClient(Starlette(routes=ours, middleware=MIDDLEWARE), follow_redirects=False)
    client.post("/sign-in", data={"form": "login", "username": "admin", "password": PASSWORD})
    return client


@pytest.mark.parametrize(
    "path", ["/", "/videos", "/sign-in?as=ann", "/api/v1/videos", "/api/v1/nothing", "/media/x"]
)
def test_no_response_is_sniffed_or_framed_by_others(client: TestClient, path: str) -> None:
    for sent in (client.get(path), TestClient(client.app).get(path, follow_redirects=False)):
        assert sent.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'self'" in (policy := sent.headers["content-security-policy"]) or (
            "frame-ancestors 'none'" in policy
        )


def policy_of(client: TestClient, path: str) -> dict[str, list[str]]:
    """The directives of the Content-Security-Policy at ``path``, with their sources."""
    directives = client.get(path).headers["content-security-policy"].split(";")
    return {words[0]: words[1:] for each in directives if (words := each.split())}


@pytest.mark.parametrize("path", ["/", "/videos", "/static/js/index.js", "/_stcore/health"])
def test_page_runs_and_loads_only_what_this_installation_serves(
    client: TestClient, path: str
) -> None:
    policy = policy_of(client, path)
    assert policy["default-src"] == policy["form-action"] == policy["frame-src"] == ["'self'"]
    assert policy["connect-src"] == ["'self'", "ws://testserver", "wss://testserver"]
    assert policy["object-src"] == ["'none'"]
    assert not {"'unsafe-inline'", "'unsafe-eval'"} & {*policy["script-src"]}
    del policy["connect-src"]
    sources = {source for each in policy.values() for source in each}
    assert not [each for each in sources if "*" in each or "//" in each]


@pytest.mark.parametrize("host", ["x; script-src *", "a b", "*", "", "x:y", "[::1", "x/y"])
def test_host_that_is_none_adds_nothing_to_the_policy(host: str) -> None:
    assert "connect-src 'self';" in page_policy(host)
    assert "connect-src 'self' ws://[::1]:85 wss://[::1]:85;" in page_policy("[::1]:85")


def test_inline_script_of_streamlit_is_the_only_one_that_runs() -> None:
    page = (Path(file_util.get_static_dir()) / "index.html").read_text()
    script = page.partition("<script>")[2].partition("</script>")[0]
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert page_policy("x").count("'sha256-") == 1
    assert f"'sha256-{digest}'" in page_policy("x")


@pytest.mark.parametrize(
    "path", ["/api/v1/videos", "/api/v1/nothing", "/api/v1/videos/1/file", "/media/picture.svg"]
)
def test_data_and_files_run_nothing(client: TestClient, path: str) -> None:
    policy = policy_of(client, path)
    assert policy["default-src"] == ["'none'"]
    assert policy["sandbox"] == []
    assert "script-src" not in policy


def test_page_of_the_api_loads_nothing_and_runs_no_script(client: TestClient) -> None:
    policy, page = policy_of(client, "/api/v1/docs"), client.get("/api/v1/docs").text
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert policy["default-src"] == ["'none'"]
    assert policy["style-src"] == [f"'sha256-{digest}'"]
    assert not re.search(r"<script|<link|<img|@import|url\(|\son\w+=|style=", page)


def test_private_answers_are_kept_nowhere_unless_their_route_says_so(client: TestClient) -> None:
    made = client.post("/api/v1/videos", json={"name": "Kitchen"})
    assert made.headers["cache-control"] == "no-store"
    assert client.get("/api/v1/videos").headers["cache-control"] == "no-store"
    document = client.get(f"/api/v1/videos/{made.json()['id']}/annotations")
    assert document.headers["cache-control"] == "private, no-cache"
    assert "immutable" in client.get(asset_url("_sign_in/sign_in.css")).headers["cache-control"]
    assert "cache-control" not in client.get("/").headers  # Streamlit knows its own files


def test_header_of_a_route_stays() -> None:
    async def strict(_: Request) -> Response:
        return PlainTextResponse("x", headers={"Content-Security-Policy": "default-src 'none'"})

    app = Starlette(
        routes=[Route("/", strict)], middleware=[Middleware(ResponseHeaders, page_policy)]
    )
    headers = TestClient(app).get("/").headers
    assert headers["content-security-policy"] == "default-src 'none'"
    assert headers["referrer-policy"] == "same-origin"
