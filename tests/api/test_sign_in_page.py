"""The sign-in page, and the gate that leads everybody without access to it."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket

from pages._shared.assets import asset_url, assets_route
from pages._sign_in.gate import SignInGate
from pages._sign_in.page import sign_in_routes
from tests.conftest import PASSWORD, add_user
from tpod_core.auth import COOKIE_NAME
from tpod_core.db import transaction
from tpod_core.errors import Unavailable
from tpod_core.models import Role, User
from tpod_core.services import users
from tpod_core.web.app import routes

STREAM = "/_stcore/stream"
UPLOAD = "/_stcore/upload_file/session/file"


async def _streamlit(request: Request) -> Response:
    return PlainTextResponse(f"Streamlit has {len(await request.body())} bytes")


async def _stream(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


@pytest.fixture(scope="module")
def app() -> Starlette:
    """What the app serves, with a stand-in for Streamlit."""
    streamlit = [
        WebSocketRoute(STREAM, _stream),
        Route("/{path:path}", _streamlit, methods=["GET", "PUT", "POST"]),
    ]
    ours = [assets_route(), *sign_in_routes(), *routes()]
    return Starlette(routes=[*ours, *streamlit], middleware=[Middleware(SignInGate)])


@pytest.fixture
def browser(app: Starlette, home: Path) -> TestClient:
    """A browser without a cookie."""
    return TestClient(app, follow_redirects=False)


@pytest.fixture
def signed_in(browser: TestClient, member: User) -> TestClient:
    send(browser, username="member")
    return browser


def send(browser: TestClient, **fields: str) -> Response:
    sent = {"form": "login", "username": "ann", "password": PASSWORD} | fields
    return browser.post("/sign-in", data=sent)


def heading(answer: Response) -> str:
    found = re.search("<h1>(.*?)</h1>", answer.text)
    assert found, answer.text
    return found[1]


# The gate.


@pytest.mark.parametrize(
    ("asked", "next_path"),
    [
        ("/", ""),
        ("/videos", "?next=%2Fvideos"),
        ("/labeling?video=3&frame=7", "?next=%2Flabeling%3Fvideo%3D3%26frame%3D7"),
        ("/videos?search=%C3%A9%20b", "?next=%2Fvideos%3Fsearch%3D%25C3%25A9%2520b"),
    ],
)
def test_page_without_a_cookie_leads_to_the_sign_in_page_and_back(
    browser: TestClient, member: User, asked: str, next_path: str
) -> None:
    answer = browser.get(asked)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in{next_path}")
    assert answer.headers["cache-control"] == "no-store"
    form = browser.get(answer.headers["location"]).text
    next_field = re.search('name="next" value="(.*?)"', form)
    assert next_field
    sent = send(browser, username="member", next=next_field[1].replace("&amp;", "&"))
    assert (sent.status_code, sent.headers["location"]) == (303, asked)
    assert browser.get(asked).text.startswith("Streamlit")


@pytest.mark.parametrize("cookie", ["", "made-up"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", UPLOAD),
        ("POST", UPLOAD),
        ("GET", "/_stcore/host-config"),
        ("GET", "/media/abc.png"),
        ("GET", "/component/canvas/index.html"),
        ("POST", "/videos"),
    ],
)
def test_streamlit_is_not_reached_without_a_valid_cookie(
    browser: TestClient, member: User, method: str, path: str, cookie: str
) -> None:
    if cookie:
        browser.cookies.set(COOKIE_NAME, cookie)
    answer = browser.request(method, path)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_signed_in"


def test_body_of_a_stranger_is_not_read(app: Starlette, home: Path) -> None:
    answers: list[Any] = []

    async def receive() -> Any:
        pytest.fail("The body was asked for.")

    async def send(message: Any) -> None:
        answers.append(message)

    raw = {"raw_path": UPLOAD.encode(), "query_string": b"", "headers": []}
    scope = {"type": "http", "method": "PUT", "path": UPLOAD, **raw}
    asyncio.run(SignInGate(app)(scope, receive, send))
    assert answers[0]["status"] == 401


def test_stream_without_a_cookie_is_401(browser: TestClient, member: User) -> None:
    with pytest.raises(WebSocketDenialResponse) as refused, browser.websocket_connect(STREAM):
        pass
    assert refused.value.status_code == 401


def test_signed_in_person_reaches_everything(signed_in: TestClient) -> None:
    for path in ("/", "/videos?page=2", "/media/abc.png"):
        assert signed_in.get(path).text.startswith("Streamlit")
    assert signed_in.put(UPLOAD, content=b"12345").text == "Streamlit has 5 bytes"
    with signed_in.websocket_connect(STREAM):
        pass


def test_program_files_and_the_api_need_no_cookie(browser: TestClient) -> None:
    assert browser.get(asset_url("_sign_in/sign_in.css")).status_code == 200
    assert browser.get("/static/js/index.js").text.startswith("Streamlit")
    assert browser.get("/_stcore/health").text.startswith("Streamlit")
    assert browser.get("/api/v1/healthz").status_code == 200
    assert browser.get("/api/v1/videos").status_code == 401


@pytest.mark.parametrize("change", [{"role": Role.NONE}, {"active": False}])
def test_access_ends_at_once_when_it_is_withdrawn(
    signed_in: TestClient, member: User, change: dict[str, object]
) -> None:
    with transaction() as session:
        session.get_one(User, member.id).sqlmodel_update(change)
    assert signed_in.get("/videos").headers["location"] == "/sign-in?next=%2Fvideos"
    assert signed_in.put(UPLOAD).status_code == 401


def test_database_that_is_away_is_said_and_tried_again(
    signed_in: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Unavailable("The database /secret/place is damaged.")

    monkeypatch.setattr(users, "find_by_session", fail)
    for path in ("/videos", "/sign-in"):
        answer = signed_in.get(path)
        assert answer.status_code == 503
        assert "The database of TPOD does not answer" in answer.text
        assert "secret" not in answer.text
        assert '<meta http-equiv="refresh" content="5">' in answer.text
    assert signed_in.put(UPLOAD).status_code == 503
    with pytest.raises(WebSocketDenialResponse) as refused, signed_in.websocket_connect(STREAM):
        pass
    assert refused.value.status_code == 503


# The page.


def test_first_visit_creates_the_administrator_and_signs_in(browser: TestClient) -> None:
    assert heading(browser.get("/sign-in")) == "Welcome to TPOD"
    answer = send(browser, form="setup", username="chief", next="/videos")
    assert (answer.status_code, answer.headers["location"]) == (303, "/videos")
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert browser.get("/api/v1/auth/user").json()["role"] == "admin"


def test_set_up_works_once(browser: TestClient, admin: User) -> None:
    answer = send(browser, form="setup", username="second")
    assert answer.status_code == 409
    assert "TPOD is already set up" in answer.text
    assert "set-cookie" not in answer.headers
    assert heading(browser.get("/sign-in?form=setup")) == "Sign in"


def test_registered_person_waits_and_then_goes_where_they_wanted(
    browser: TestClient, admin: User
) -> None:
    link = re.search(
        'href="(/sign-in.*?form=register.*?)"', browser.get("/sign-in?next=/jobs").text
    )
    assert link
    form = browser.get(link[1].replace("&amp;", "&"))
    assert heading(form) == "Ask for an account"
    assert 'name="next" value="/jobs"' in form.text
    answer = send(browser, form="register", username="<b>ann</b>", next="/jobs")
    assert answer.headers["location"] == "/jobs"
    waiting = browser.get("/sign-in?next=/jobs")
    assert heading(waiting) == "Almost there, &lt;b&gt;ann&lt;/b&gt;"
    assert '<meta http-equiv="refresh"' in waiting.text and "Sign out" in waiting.text
    with transaction() as session:
        session.exec(select(User).where(User.username == "<b>ann</b>")).one().role = Role.USER
    assert browser.get("/sign-in?next=/jobs").headers["location"] == "/jobs"


def test_form_says_what_was_wrong_and_keeps_the_name(browser: TestClient, admin: User) -> None:
    answer = send(browser, username='adm"in', password="not this one", next="/jobs")
    assert answer.status_code == 401
    assert 'role="alert">The user name or the password is wrong' in answer.text
    assert 'value="adm&#34;in"' in answer.text and 'value="/jobs"' in answer.text
    assert "not this one" not in answer.text


def test_nul_in_a_form_is_left_out(browser: TestClient, admin: User) -> None:
    answer = send(browser, form="register", username="an\x00n")
    assert answer.status_code == 303
    assert browser.get("/api/v1/auth/user").json()["username"] == "ann"


def test_too_many_wrong_passwords_are_429(browser: TestClient, admin: User) -> None:
    answers = [send(browser, username="admin", password="wrong") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert 'role="alert">Too many attempts. Try again in 5 minutes.' in answers[-1].text
    assert 290 <= int(answers[-1].headers["Retry-After"]) <= 300


@pytest.mark.parametrize(
    "next_path",
    [
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/\t/elsewhere.example",
        "https://elsewhere.example/",
        "javascript:alert(1)",
        "elsewhere",
        "",
        "/sign-in?next=/videos",
        "/sign-out",
        "/a\nb",
    ],
)
def test_sign_in_leads_only_to_pages_of_ours(
    browser: TestClient, member: User, next_path: str
) -> None:
    assert 'name="next" value="/"' in browser.get("/sign-in", params={"next": next_path}).text
    assert send(browser, username="member", next=next_path).headers["location"] == "/"
    again = browser.get("/sign-in", params={"next": next_path})
    assert again.headers["location"] == "/"


@pytest.mark.parametrize("form", ["login", "register", "setup"])
def test_form_from_another_site_does_nothing(browser: TestClient, member: User, form: str) -> None:
    browser.headers["Origin"] = "http://elsewhere.example"
    answer = send(browser, form=form, username="member")
    assert answer.status_code == 403
    assert "another site" in answer.text and "set-cookie" not in answer.headers


def test_signing_out_ends_the_session(signed_in: TestClient) -> None:
    stolen = signed_in.cookies[COOKIE_NAME]
    foreign = signed_in.post("/sign-out", headers={"Origin": "http://elsewhere.example"})
    assert foreign.status_code == 403
    assert signed_in.get("/").status_code == 200
    assert signed_in.post("/sign-out").headers["location"] == "/sign-in"
    assert COOKIE_NAME not in signed_in.cookies
    signed_in.cookies.set(COOKIE_NAME, stolen)
    assert signed_in.get("/").status_code == 303


def test_somebody_else_can_sign_in_in_the_place_of_who_is_there(signed_in: TestClient) -> None:
    add_user("ann", Role.USER)
    before = signed_in.cookies[COOKIE_NAME]
    form = signed_in.get("/sign-in?as=ann")
    assert heading(form) == "Sign in" and 'value="ann"' in form.text
    send(signed_in, username="ann")
    assert signed_in.get("/api/v1/auth/user").json()["username"] == "ann"
    signed_in.cookies.clear()
    signed_in.cookies.set(COOKIE_NAME, before)
    assert signed_in.get("/api/v1/auth/user").status_code == 401


def test_page_runs_and_loads_nothing_of_others(browser: TestClient, admin: User) -> None:
    answer = browser.get("/sign-in")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "<script" not in answer.text and "style=" not in answer.text
    for url in re.findall('(?:href|src)="(.*?)"', answer.text):
        assert url.startswith("/"), url


@pytest.mark.parametrize("is_announced", [True, False])
def test_large_form_is_413(browser: TestClient, admin: User, is_announced: bool) -> None:
    content = b"password=" + b"x" * 70_000
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    sent = content if is_announced else iter([content[:50_000], content[50_000:]])
    assert browser.post("/sign-in", content=sent, headers=kind).status_code == 413
