"""Sign-in, registration, roles and tokens over HTTP."""

import pytest
from starlette.testclient import TestClient

from tests.conftest import PASSWORD, Api
from tpod_core.auth import COOKIE_NAME, new_form_token
from tpod_core.models import User
from tpod_core.web import auth


@pytest.fixture(autouse=True)
def fresh_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_name_limiter", auth.AttemptLimiter(limit=3))
    monkeypatch.setattr(auth, "_address_limiter", auth.AttemptLimiter(limit=100))


def test_login_sets_a_cookie_that_scripts_cannot_read(installation: Api, admin: User) -> None:
    client = installation.client()
    answer = client.post("/auth/login", json={"username": "admin", "password": PASSWORD})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(COOKIE_NAME)
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert client.get("/auth/user").json()["username"] == "admin"


def test_wrong_password_is_401_and_soon_429(installation: Api, admin: User) -> None:
    client = installation.client()
    wrong = {"username": "admin", "password": "not this one"}
    codes = [client.post("/auth/login", json=wrong).status_code for _ in range(4)]
    assert codes == [401, 401, 401, 429]


def test_logout_ends_the_session_everywhere(api: TestClient) -> None:
    stolen = api.cookies[COOKIE_NAME]
    assert api.post("/auth/logout").status_code == 200
    api.cookies.set(COOKIE_NAME, stolen)
    assert api.get("/auth/user").status_code == 401


def test_new_account_waits_for_a_role(installation: Api, api: TestClient) -> None:
    client = installation.client()
    made = client.post("/auth/register", json={"username": "ann", "password": PASSWORD})
    assert made.status_code == 201 and made.json()["role"] == "none"
    ann = installation.client("ann")
    assert ann.get("/videos").status_code == 403
    changed = api.patch(f"/users/{made.json()['id']}", json={"role": "user"})
    assert changed.json()["role"] == "user"
    assert ann.get("/videos").status_code == 200


def test_users_are_for_administrators(installation: Api, member: User) -> None:
    assert installation.client("member").get("/users").status_code == 403


def test_token_opens_the_api_until_it_is_revoked(installation: Api, api: TestClient) -> None:
    made = api.post("/auth/tokens", json={"name": "script"}).json()
    program = installation.client()
    program.headers["Authorization"] = f"Bearer {made['token']}"
    assert program.get("/auth/user").json()["username"] == "admin"
    listed = api.get("/auth/tokens").json()
    assert listed["count"] == 1 and listed["results"][0]["token"] is None
    assert api.delete(f"/auth/tokens/{made['id']}").status_code == 204
    assert program.get("/auth/user").status_code == 401


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Basic YTpi", ""])
def test_bad_authorization_is_401(installation: Api, admin: User, header: str) -> None:
    client = installation.client()
    assert client.get("/auth/user", headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Origin": "http://evil.example"}, 403, id="another origin"),
        pytest.param({"Origin": "null"}, 403, id="hidden origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="sister site"),
        pytest.param({"Origin": "http://testserver"}, 201, id="own origin"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 201, id="own site"),
        pytest.param({}, 201, id="a program"),
    ],
)
def test_change_with_a_cookie_must_come_from_our_own_pages(
    api: TestClient, headers: dict[str, str], status: int
) -> None:
    assert api.post("/videos", json={"name": "x"}, headers=headers).status_code == status


def test_token_needs_no_origin(installation: Api, api: TestClient) -> None:
    token = api.post("/auth/tokens", json={"name": "script"}).json()["token"]
    headers = {"Authorization": f"Bearer {token}", "Origin": "http://elsewhere.example"}
    sent = installation.client().post("/videos", json={"name": "x"}, headers=headers)
    assert sent.status_code == 201


def form(**fields: str) -> dict[str, str]:
    return {"form_token": new_form_token(), **fields}


def test_setup_form_makes_the_first_administrator_and_signs_in(installation: Api) -> None:
    client = installation.client()
    sent = form(username="chief", password=PASSWORD)
    answer = client.post("/auth/form/setup", data=sent, follow_redirects=False)
    assert answer.status_code == 303 and answer.headers["location"] == "/"
    assert client.get("/auth/user").json() | {"created": ""} == {
        "id": 1,
        "username": "chief",
        "role": "admin",
        "active": True,
        "created": "",
    }


def test_setup_form_works_once(installation: Api, admin: User) -> None:
    sent = form(username="second", password=PASSWORD)
    client = installation.client()
    answer = client.post("/auth/form/setup", data=sent, follow_redirects=False)
    assert "problem=TPOD+is+already+set+up" in answer.headers["location"]
    assert client.get("/auth/user").status_code == 401


@pytest.mark.parametrize("action", ["login", "register", "setup"])
def test_form_without_its_token_does_nothing(installation: Api, admin: User, action: str) -> None:
    sent = {"form_token": "made.up", "username": "admin", "password": PASSWORD}
    answer = installation.client().post(f"/auth/form/{action}", data=sent, follow_redirects=False)
    assert answer.status_code == 303
    assert "out+of+date" in answer.headers["location"]
    assert "set-cookie" not in answer.headers


def test_form_says_what_was_wrong(installation: Api, admin: User) -> None:
    sent = form(username="admin", password="not this one")
    answer = installation.client().post("/auth/form/login", data=sent, follow_redirects=False)
    assert "problem=The+user+name+or+the+password" in answer.headers["location"]
    assert "username=admin" in answer.headers["location"]
    assert "not+this+one" not in answer.headers["location"]
