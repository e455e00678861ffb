"""Requests have an id, and what people do stands in the log: one line each."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from pages._sign_in.gate import MIDDLEWARE
from pages._sign_in.page import sign_in_routes
from tests.conftest import PASSWORD, add_user
from tests.fake_queue import ListQueue
from tests.log_lines import Lines
from tests.synthetic import make_video
from tpod_core import jobs
from tpod_core.db import transaction
from tpod_core.errors import Unavailable
from tpod_core.models import JobKind, JobState, Role, User
from tpod_core.services import users
from tpod_core.web.app import routes

API = "/api/v1"


@pytest.fixture
def client(queue: ListQueue, admin: User) -> TestClient:
    ours = [*sign_in_routes(), *routes()]
    client = TestClient(Starlette(routes=ours, middleware=MIDDLEWARE), client=("10.0.0.7", 4711))
    client.follow_redirects = False
    client.post(f"{API}/auth/login", json={"username": "admin", "password": PASSWORD})
    return client


@pytest.mark.parametrize("path", ["/", "/sign-in", f"{API}/videos", f"{API}/nothing"])
def test_answer_has_the_id_of_its_request(client: TestClient, path: str) -> None:
    given = "a" * 64 + "-/_.:+=~!" + "b" * 55
    assert client.get(path, headers={"X-Request-ID": given}).headers["x-request-id"] == given


@pytest.mark.parametrize(
    "given", [None, "", "two words", "tab\there", "ü", "x" * 129], ids=lambda given: repr(given)[:9]
)
def test_unusable_id_is_replaced(client: TestClient, given: str | None) -> None:
    headers = {} if given is None else {"X-Request-ID": given.encode("latin-1")}
    ids = {client.get(f"{API}/videos", headers=headers).headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2
    assert all(len(each) == 16 and each.isalnum() for each in ids)


def test_failed_sign_ins_are_logged_each_even_those_that_are_refused(
    client: TestClient, lines: Lines
) -> None:
    for number in range(15):
        client.post(
            f"{API}/auth/login",
            json={"username": "ann\nINFO forged", "password": f"{number}"},
            headers={"X-Request-ID": f"try-{number}"},
        )
    failed = [line for line in lines.all if "sign-in failed" in line]
    assert len(failed) == 15
    assert 'sign-in failed name="ann�INFO forged" reason=not_signed_in' in failed[0]
    assert "[request=try-0 address=10.0.0.7" in failed[0]
    assert "reason=too_many_attempts" in failed[-1]


def test_sign_in_by_the_form_is_logged_as_well(client: TestClient, lines: Lines) -> None:
    for password in ("wrong", PASSWORD):
        client.post("/sign-in", data={"form": "login", "username": "admin", "password": password})
    lines.with_("sign-in failed name=admin")
    lines.with_("signed in name=admin")


def change_password(client: TestClient) -> str:
    with transaction() as session:
        user = users.find_by_username(session, "admin")
    assert user is not None
    users.change_password(user, PASSWORD, "a new pass phrase")
    return "password changed account=admin"


def create_token(client: TestClient) -> str:
    client.post(f"{API}/auth/tokens", json={"name": "robot 1"})
    return 'token created token=1 name="robot 1" owner=admin'


def delete_token(client: TestClient) -> str:
    create_token(client)
    client.delete(f"{API}/auth/tokens/1")
    return 'token deleted token=1 name="robot 1" owner=admin'


def grant_role(client: TestClient) -> str:
    user = add_user("bob", Role.NONE)
    client.patch(f"{API}/users/{user.id}", json={"role": "user"})
    return "account changed name=bob role=user active=True"


def sign_out(client: TestClient) -> str:
    client.post(f"{API}/auth/logout")
    return "signed out name=admin"


def delete_video(client: TestClient) -> str:
    made = client.post(f"{API}/videos", json={"name": "my clip", "labels": []})
    client.delete(f"{API}/videos/{made.json()['id']}")
    return 'video deleted video=1 name="my clip"'


def take_label_off(client: TestClient) -> str:
    client.post(f"{API}/videos", json={"name": "clip", "labels": [{"name": "cup"}]})
    client.patch(f"{API}/videos/1", json={"labels": [{"name": "box"}]})
    return "label deleted video=1 label=1"


@pytest.mark.parametrize(
    "act",
    [
        change_password,
        create_token,
        delete_token,
        grant_role,
        sign_out,
        delete_video,
        take_label_off,
    ],
)
def test_act_is_one_line(
    client: TestClient, lines: Lines, act: Callable[[TestClient], str]
) -> None:
    line = lines.with_(act(client))
    if act is not change_password:  # a page does it, outside a request
        assert "address=10.0.0.7" in line
    if act not in (change_password, sign_out):
        assert "user=admin" in line


def test_refused_act_is_not_logged(client: TestClient, lines: Lines) -> None:
    answer = client.patch(f"{API}/users/1", json={"role": "user"})
    assert answer.status_code == 409, "the last administrator"
    assert not [line for line in lines.all if "account changed" in line]


def test_upload_is_logged_from_its_begin_to_its_end(
    client: TestClient, lines: Lines, tmp_path: Path
) -> None:
    make_video(tmp_path / "clip.mp4", 5, (64, 48))
    client.post(f"{API}/videos", json={"name": "clip", "labels": []})
    for content in (b"no video", (tmp_path / "clip.mp4").read_bytes()):
        client.post(f"{API}/videos/1/data", files={"file": ("clip.mp4", content)})
    events = [line.partition("] ")[2].partition("] ")[2] for line in lines.all if "upload" in line]
    assert [" ".join(event.split()[:3]) for event in events] == [
        "upload begun video=1",
        "upload aborted video=1",
        "upload begun video=1",
        "upload finished video=1",
    ]


def test_job_is_logged_from_its_queue_to_its_end(queue: ListQueue, lines: Lines) -> None:
    with transaction() as session:
        job = jobs.submit(session, JobKind.LOAD_DEMO, (), None)
    assert job.id is not None
    jobs.execute(job.id, 1, run=lambda running: None, worker="w", abandon=lambda: None)
    [queued, started, ended] = [line for line in lines.all if f"job={job.id}" in line]
    assert "job queued" in queued
    assert "job started" in started
    assert f"kind=load-demo subject=user:deleted attempt=1 state={JobState.SUCCEEDED}" in ended
    assert "duration_s=0." in ended


def test_unexpected_error_is_logged_with_its_request(
    client: TestClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tpod_core.services.users.list_tokens", fail)
    client = TestClient(client.app, raise_server_exceptions=False, cookies=client.cookies)
    answer = client.get(f"{API}/auth/tokens", headers={"X-Request-ID": "r-1"})
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == "r-1"
    assert "request=r-1" in (line := lines.with_(f"GET {API}/auth/tokens failed"))
    assert "Traceback" in line


def test_service_that_is_away_is_one_line_without_a_traceback(
    client: TestClient, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Unavailable("The database cannot be reached right now.")

    monkeypatch.setattr("tpod_core.services.users.list_tokens", fail)
    assert client.get(f"{API}/auth/tokens").status_code == 503
    line = lines.with_("The database cannot be reached right now.")
    assert f"GET {API}/auth/tokens failed: Unavailable:" in line
    assert "\n" not in line
