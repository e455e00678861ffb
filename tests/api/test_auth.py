"""Sign-in, registration, roles and tokens over HTTP."""

import threading
from typing import Literal

import pytest
from argon2 import PasswordHasher
from sqlmodel import delete, select
from starlette.testclient import TestClient

from tests.conftest import PASSWORD, Api, add_user
from tests.statements import listed
from tpod_core import auth as passwords
from tpod_core.auth import COOKIE_NAME
from tpod_core.db import execute_if_free, read_session, transaction
from tpod_core.models import ApiToken, AuthSession, Role, User
from tpod_core.services import users


def test_login_sets_a_cookie_that_scripts_cannot_read(installation: Api, admin: User) -> None:
    client = installation.client()
    answer = client.post("/auth/login", json={"username": "admin", "password": PASSWORD})
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(COOKIE_NAME)
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert client.get("/auth/user").json()["username"] == "admin"


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


def test_users_are_paged_and_searched_by_the_database(api: TestClient) -> None:
    for number in range(5):
        add_user(f"Ösen {number}", Role.USER)
    with listed() as statements:
        second = api.get("/users", params={"search": "ÖSEN", "page": 2, "page_size": 2}).json()
    assert second["count"] == 5
    assert [each["username"] for each in second["results"]] == ["Ösen 2", "Ösen 3"]
    assert sum("username_key" in each and "LIMIT" in each for each in statements) == 1


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
        pytest.param({"Origin": "https://testserver"}, 201, id="behind a proxy that took HTTPS"),
        pytest.param({"Origin": "http://testserver:81"}, 403, id="another port"),
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


# Passwords are hashed slowly on purpose, and anybody may ask for it.


def register(client: TestClient, name: str) -> int:
    sent = {"username": name, "password": PASSWORD}
    return client.post("/auth/register", json=sent).status_code


@pytest.mark.parametrize("action", ["register", "setup", "login", "change password"])
def test_others_can_save_while_a_password_is_hashed(
    installation: Api, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    if action != "setup":
        users.register("member", PASSWORD)
    could_write: list[bool] = []

    class Hasher(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            could_write.append(execute_if_free(delete(AuthSession)))
            return super().hash(password, salt=salt)

        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
            could_write.append(execute_if_free(delete(AuthSession)))
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", lambda: Hasher(1, 8, 1))
    client = installation.client()
    credentials = {"username": "member", "password": PASSWORD}
    match action:
        case "register":
            assert register(client, "ann") == 201
        case "setup":
            users.create_first_administrator(**credentials)
        case "login":
            assert client.post("/auth/login", json=credentials).status_code == 200
        case _:
            with read_session() as session:
                member = users.find_by_username(session, "member")
            assert member is not None
            users.change_password(member, PASSWORD, "a new password")
    assert could_write and all(could_write)


def test_sign_in_beyond_those_that_may_wait_is_503(
    installation: Api, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody_more = threading.BoundedSemaphore(1)
    nobody_more.acquire()
    monkeypatch.setattr(passwords, "_admitted", nobody_more)
    credentials = {"username": "admin", "password": PASSWORD}
    assert installation.client().post("/auth/login", json=credentials).status_code == 503


def test_reading_with_a_token_does_not_wait_for_a_writer(
    installation: Api, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        _, token = users.create_token(session, admin, "script")
    program = installation.client()
    program.headers["Authorization"] = f"Bearer {token}"
    with transaction() as session:
        session.get_one(User, admin.id)  # the first statement takes the lock
        assert program.get("/auth/user").status_code == 200
    with read_session() as session:
        assert session.exec(select(ApiToken.last_used_at)).one() is None
