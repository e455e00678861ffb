"""Every response says how a browser must treat it."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from pages._shared.assets import asset_url, assets_route
from pages._sign_in.gate import MIDDLEWARE
from pages._sign_in.page import sign_in_routes
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

    app = Starlette(routes=[Route("/", strict)], middleware=[Middleware(ResponseHeaders)])
    headers = TestClient(app).get("/").headers
    assert headers["content-security-policy"] == "default-src 'none'"
    assert headers["referrer-policy"] == "same-origin"
