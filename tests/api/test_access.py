"""Every call of the API: who may make it, and on what."""

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.conftest import PASSWORD, Api, add_user
from tests.detectors import add_trained_detector
from tests.labelled import add_video
from tests.training_sets import add_training_set
from tpod_core import db
from tpod_core.jobs import submit
from tpod_core.models import (
    MAX_ROW_ID,
    ApiToken,
    Finding,
    JobKind,
    Role,
    User,
    saved_id,
)

PUBLIC = {
    "POST /auth/register",
    "POST /auth/login",
    "POST /auth/logout",
    "OPTIONS /uploads",
    "GET /healthz",
    "GET /readyz",
}
ABOUT_NO_ROW_OF_A_PERSON = ("/users/", "/uploads/", "/detectors/training_configs/")
BODIES = {
    "PATCH /videos/{video_id}": {"name": "mine now"},
    "PUT /videos/{video_id}/annotations": {"revision": 0, "tracks": []},
    "PATCH /videos/{video_id}/annotations": {
        "revision": 0,
        "ops": [{"op": "delete_track", "track_id": 1}],
    },
    "POST /videos/{video_id}/prelabel": {"detector_id": 1},
    "POST /detectors/{detector_id}/review": {"video_id": 1},
    "POST /detectors/{detector_id}/annotate": {"video_id": 1},
    "PATCH /findings/{finding_id}": {"verdict": "ignore"},
}
"""What is asked for before the row is looked for; other calls do without."""


@pytest.fixture
def calls(installation: Api) -> list[str]:
    """Method and path of every call, as the OpenAPI document has them."""
    paths = installation.client().get("/openapi.json").json()["paths"]
    return [f"{method.upper()} {path}" for path, methods in paths.items() for method in methods]


def make(client: TestClient, call: str, row_id: int = 1, **sent: Any) -> int:
    """The status of a call about the row ``row_id`` of everything."""
    method, path = call.split(" ", 1)
    url = re.sub(r"\{\w+\}", str(row_id), path)
    return client.request(method, url, headers={"Tus-Resumable": "1.0.0"}, **sent).status_code


def test_calls_are_for_people_who_have_signed_in(installation: Api, calls: list[str]) -> None:
    stranger = installation.client()
    found = {call: make(stranger, call) for call in calls if call not in PUBLIC}
    assert len(found) > 60
    assert {call: status for call, status in found.items() if status != 401} == {}


def test_calls_are_for_people_with_a_role(installation: Api, calls: list[str]) -> None:
    add_user("waiting", Role.NONE)
    waiting = installation.client("waiting")
    closed = [call for call in calls if call not in PUBLIC | {"GET /auth/user"}]
    assert {call for call in closed if make(waiting, call) != 403} == set()


@pytest.fixture
def things(home: Path, admin: User, installation: Api) -> None:
    """One of each kind of thing, all the administrator's, each with the id 1."""
    video, detector = add_video(admin), add_trained_detector(home, admin)
    add_training_set(home, admin)
    with db.transaction() as session:
        submit(session, JobKind.EXPORT_MODEL, [detector], admin.id)
        session.add(
            Finding(
                detector_id=saved_id(detector),
                video_id=saved_id(video),
                frame_index=0,
                label="cup",
                score=1,
                x1=0,
                y1=0,
                x2=9,
                y2=9,
            )
        )
        session.add(ApiToken(user_id=saved_id(admin), name="mine", token_hash="", hint=""))


def test_what_belongs_to_somebody_else_is_not_found(
    installation: Api, things: None, calls: list[str]
) -> None:
    add_user("member", Role.USER)
    member = installation.client("member")
    found = {}
    for call in calls:
        if "{" not in call or any(path in call for path in ABOUT_NO_ROW_OF_A_PERSON):
            continue
        sent: dict[str, Any] = {"json": BODIES.get(call, {})}
        if call.endswith("/diff"):
            sent = {"params": {"other": 1}}
        elif call.endswith("/data"):
            sent = {"files": {"file": ("clip.mp4", b"bytes")}}
        found[call] = make(member, call, **sent)
    assert len(found) > 40
    assert {call: status for call, status in found.items() if status != 404} == {}


def test_number_that_no_row_can_have_is_refused(
    installation: Api, admin: User, calls: list[str]
) -> None:
    base = "http://testserver/api/v1"
    client = TestClient(installation.app, base_url=base, raise_server_exceptions=False)
    client.post("/auth/login", json={"username": "admin", "password": PASSWORD})
    too_large = MAX_ROW_ID + 1
    query = dict.fromkeys(("page", "video_id", "train_set_id", "other"), too_large)
    asked = [call for call in calls if call.startswith(("GET", "DELETE"))]
    for params in ({}, query):
        found = {call: make(client, call, too_large, params=params) for call in asked}
        assert {call: status for call, status in found.items() if status >= 500} == {}
    change = client.patch(f"/users/{too_large}", json={"active": True})
    assert change.status_code == 404
