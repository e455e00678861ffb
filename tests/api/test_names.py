"""Every name that people choose keeps to one rule."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.labelled import add_video
from tpod_core.models import User

NAMED: dict[str, dict[str, Any]] = {
    "/videos": {},
    "/auth/tokens": {},
    "/trainsets": {"videos": [{"video_id": 1}]},
    "/detectors": {"dnn_type": "yolo26n", "train_set_id": 1},
}


@pytest.mark.parametrize("path", NAMED)
@pytest.mark.parametrize(
    "name", ["", " ", "\u200d", "a\x07b", "exe\u202egpj", "a\u2066b", "x" * 1000], ids=ascii
)
def test_name_that_does_not_read_as_it_is_written_is_refused(
    api: TestClient, path: str, name: str
) -> None:
    answer = api.post(path, json={"name": name, **NAMED[path]})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "name")


@pytest.mark.parametrize("path", ["/videos", "/auth/tokens"])
def test_name_is_kept_composed_and_with_its_joiners(api: TestClient, path: str) -> None:
    sent = "  cafe\u0301 👩\u200d🚀 می\u200cخواهم "
    made = api.post(path, json={"name": sent}).json()
    assert made["name"] == "caf\u00e9 👩\u200d🚀 می\u200cخواهم"


def test_renaming_keeps_to_it_too(api: TestClient, owner: User) -> None:
    video = add_video(owner)
    answer = api.patch(f"/videos/{video.id}", json={"name": "exe\u202egpj"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "name")
