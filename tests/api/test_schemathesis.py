"""The API keeps what its OpenAPI document promises, whatever a client sends.

Schemathesis makes requests from the document, valid and invalid ones, and holds the answers
against it. Each call is made on a fresh installation by its administrator; where an answer needs
a sign-in, the call is also made without one and with a wrong one (the check ``ignored_auth``).
"""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import negative_data_rejection, unsupported_method
from starlette.applications import Starlette

from tests.conftest import Api
from tests.labelled import add_video, annotate, give_file, track
from tpod_core.db import transaction
from tpod_core.models import Detector, TrainingSet, User, VideoState, saved_id
from tpod_core.services import users
from tpod_core.web import change_feed
from tpod_core.web.app import API_PATH, routes

EXAMPLES = 12
"""Random ones of each call, beside those that walk through the limits of every parameter."""
FRAMES = 10

CONFIG = SchemathesisConfig.from_dict(
    {
        "generation": {"with-security-parameters": False},
        "checks": {
            # A schema cannot say everything: that a name is not blank, that a video has a frame.
            # 412, 413, 415: of headers and contents that it cannot describe.
            "positive_data_acceptance": {
                "expected-statuses": [
                    "2xx", "3xx", "401", "403", "404", "409", "412", "415", "422", "429",
                ]
            },
            "negative_data_rejection": {
                "expected-statuses": ["401", "403", "404", "409", "412", "415", "422", "429"]
            },
        },
    }
)  # fmt: skip

schema = schemathesis.openapi.from_asgi(
    f"{API_PATH}/openapi.json", Starlette(routes=routes()), config=CONFIG
)


schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

EXCLUDED = {
    # Another method there is one of `/{id}`, with an id that is no number: 422.
    unsupported_method: {"GET /detectors/types", "POST /trainsets/preview"},
    # All bytes are a valid part of a file, and an invalid value can vanish on its way into a form.
    negative_data_rejection: {"PATCH /uploads/{upload_id}", "POST /detectors/{detector_id}/infer"},
}


@dataclass(frozen=True)
class World:
    """The token is the administrator's, the upload waits for its bytes."""

    token: str
    upload_id: str


@pytest.fixture
def world(
    installation: Api,
    admin: User,
    training_set: TrainingSet,
    detector: Detector,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """The administrator owns a labelled video, a training set, a detector and an upload."""
    video = add_video(admin, frame_count=FRAMES)
    give_file(video, FRAMES)
    annotate(admin, video, track("cup", 0, FRAMES - 1))
    monkeypatch.setattr(change_feed, "WAIT_S", 0.01)
    with transaction() as session:
        _, token = users.create_token(session, admin, "fuzz")
    awaited = add_video(admin, state=VideoState.CREATED)
    return World(token, start_upload(installation, saved_id(awaited)))


def start_upload(installation: Api, video_id: int) -> str:
    metadata = f"video_id {b64encode(str(video_id).encode()).decode()}"
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000", "Upload-Metadata": metadata}
    made = installation.client("admin").post("/uploads", headers=headers)
    assert made.status_code == 201, made.text
    return made.headers["Location"].rpartition("/")[2]


@schema.exclude(path_regex="/visualization/").parametrize()  # the answers are TensorBoard's own
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_call_answers_as_documented(case: Case, world: World) -> None:
    aim(case, world)
    excluded = [check for check, calls in EXCLUDED.items() if case.operation.label in calls]
    case.call_and_validate(
        headers={"Authorization": f"Bearer {world.token}"}, excluded_checks=excluded
    )


def aim(case: Case, world: World) -> None:
    """Let most of the valid requests be about something that exists."""
    if not (case.meta and case.meta.is_negative_at(ParameterLocation.PATH)):
        case.path_parameters = aimed(case.path_parameters)
        if "upload_id" in case.path_parameters:
            case.path_parameters["upload_id"] = world.upload_id
    if not (case.meta and case.meta.is_negative_at(ParameterLocation.BODY)):
        case.body = aimed(case.body)


def aimed(values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    return {
        name: value % 2 + 1 if name.endswith("_id") and isinstance(value, int) else value
        for name, value in values.items()
    }
