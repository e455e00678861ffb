"""Propagation, presence and effort over HTTP, as the contract writes them."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests import fake_propagation
from tests.conftest import Api
from tests.fake_propagation import FORWARD_FRAMES
from tests.labelled import add_video, give_file
from tests.unwatched import Unwatched
from tpod_core import db
from tpod_core.models import User, Video, saved_id
from tpod_core.propagation.updating import fill_all

FRAMES = 100


@pytest.fixture
def video(admin: User, monkeypatch: pytest.MonkeyPatch) -> Video:
    fake_propagation.install(monkeypatch)
    made = add_video(admin)
    give_file(made, FRAMES)
    return made


def url(video: Video, call: str) -> str:
    return f"/videos/{video.id}/{call}"


def label(api: TestClient, video: Video, last: int = 15) -> int:
    box = [10, 20, 40, 60]
    keyframes = [{"frame": frame, "box": box} for frame in (10, last)]
    document = {"revision": 0, "tracks": [{"label": "cup", "keyframes": keyframes}]}
    body = api.put(url(video, "annotations"), json=document).json()
    return int(body["tracks"][0]["id"])


def fill(video: Video) -> None:
    fill_all(saved_id(video), Unwatched(), db.transaction)


def error(answer: Any, status: int) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    body: dict[str, str] = answer.json()["error"]
    return body


def test_propagate_answers_202_with_the_job(api: TestClient, video: Video) -> None:
    track_id = label(api, video)
    answer = api.post(url(video, "propagate"), json={"track_ids": [track_id], "method": "visual"})
    assert answer.status_code == 202
    job = answer.json()
    assert (job["kind"], job["subject"], job["state"]) == (
        "propagate-tracks",
        f"video:{video.id}",
        "queued",
    )
    assert api.get(f"/jobs/{job['id']}").json() == job


def test_propagate_without_wishes_takes_all_tracks(api: TestClient, video: Video) -> None:
    assert api.post(url(video, "propagate"), json={}).status_code == 202


@pytest.mark.parametrize(
    ("wish", "field"),
    [({"method": "magic"}, "method"), ({"track_ids": [4711]}, "track_ids[0]"), ({"x": 1}, "x")],
    ids=["unknown method", "unknown track", "unknown key"],
)
def test_propagate_names_what_is_wrong(
    api: TestClient, video: Video, wish: dict[str, Any], field: str
) -> None:
    assert error(api.post(url(video, "propagate"), json=wish), 422)["field"] == field


def test_linear_boxes_are_straight_again(api: TestClient, video: Video) -> None:
    label(api, video)
    fill(video)

    def source() -> str:
        frames = api.get(url(video, "boxes"), params={"frame": 12}).json()["frames"]
        return str(frames[0]["boxes"][0]["source"])

    assert source() == "visual"
    assert api.post(url(video, "propagate"), json={"method": "linear"}).status_code == 202
    assert source() == "linear"


def test_propagation_has_exactly_the_keys_of_the_contract(api: TestClient, video: Video) -> None:
    track_id = label(api, video)
    before = api.get(url(video, "propagation")).json()
    assert before == {
        "revision": 1,
        "pending": True,
        "tracks": [{"track_id": track_id, "segments": [], "ends_at": None}],
        "worst": None,
    }
    fill(video)
    (track,) = api.get(url(video, "propagation")).json()["tracks"]
    between, forward = track["segments"]
    assert between == {
        "start": 11,
        "stop": 15,
        "uncertainty": [0.4, 0.8, 0.8, 0.4],
        "correction": None,  # each of these is near a key frame
    }
    assert (forward["start"], forward["stop"]) == (16, 16 + FORWARD_FRAMES)
    assert len(forward["uncertainty"]) == FORWARD_FRAMES
    assert forward["correction"] is None
    assert track["ends_at"] == 16 + FORWARD_FRAMES


def test_each_unsure_segment_has_a_correction_and_the_weightiest_is_worst(
    api: TestClient, video: Video
) -> None:
    track_id = label(api, video, last=30)
    fill(video)
    found = api.get(url(video, "propagation")).json()
    unsure, sure = found["tracks"][0]["segments"]
    assert sure["correction"] is None
    assert unsure["correction"].keys() == {"frame", "weight"}
    assert unsure["correction"]["frame"] == 20
    assert found["worst"] == {"track_id": track_id, "frame": 20, "uncertainty": 1.0}


def test_boxes_tell_how_unsure_they_are(api: TestClient, video: Video) -> None:
    label(api, video)
    fill(video)
    frames = api.get(url(video, "boxes"), params={"start": 10, "stop": 13}).json()["frames"]
    shown = [frame["boxes"][0] for frame in frames]
    assert [box["source"] for box in shown] == ["manual", "visual", "visual"]
    assert [box["uncertainty"] for box in shown] == [None, *map(pytest.approx, (0.4, 0.8))]


def test_boxes_beyond_the_probable_end_are_lost_until_a_person_confirms_one(
    api: TestClient, video: Video
) -> None:
    track_id = label(api, video)  # with its last key frame on 15
    fill(video)
    end = 16 + FORWARD_FRAMES

    def lost_frames() -> list[int]:
        span = {"start": 0, "stop": end + 20}
        frames = api.get(url(video, "boxes"), params=span).json()["frames"]
        shown = [(frame["frame"], box) for frame in frames for box in frame["boxes"]]
        assert all(box["uncertainty"] == 1 for _, box in shown if box["lost"])
        return [frame for frame, box in shown if box["lost"]]

    assert lost_frames() == list(range(end, end + 20))
    confirmed = {"op": "put_box", "frame": end + 5, "box": [1, 1, 20, 20], "track_id": track_id}
    answer = api.patch(url(video, "annotations"), json={"revision": 1, "ops": [confirmed]})
    assert answer.status_code == 200, answer.text
    fill(video)
    assert lost_frames() == []
    api.post(url(video, "propagate"), json={"method": "linear"})
    assert lost_frames() == [], "a straight line has no probable end"


def test_propagation_that_has_not_changed_is_not_sent_again(api: TestClient, video: Video) -> None:
    label(api, video)
    seen = api.get(url(video, "propagation")).headers["ETag"]
    again = api.get(url(video, "propagation"), headers={"If-None-Match": seen})
    assert (again.status_code, again.content) == (304, b"")
    fill(video)
    fresh = api.get(url(video, "propagation"), headers={"If-None-Match": seen})
    assert fresh.status_code == 200
    api.post(url(video, "propagate"), json={"method": "linear"})
    newest = api.get(url(video, "propagation"), headers={"If-None-Match": fresh.headers["ETag"]})
    assert newest.status_code == 200


def test_presence_tells_the_effort_the_progress_and_who_is_there(
    installation: Api, api: TestClient, admin: User, video: Video
) -> None:
    label(api, video)
    api.patch(
        url(video, "annotations"),
        json={"revision": 1, "ops": [{"op": "mark_range", "start": 0, "stop": 25}]},
    )
    answer = api.post(url(video, "presence"), json={"active_s": 10})
    assert answer.json() == {
        "others": [],
        "effort": {"seconds": 10, "human_boxes": 2, "boxes": 6, "boxes_per_human_box": 3},
        "progress": {"labelled_frames": 25, "frames": FRAMES},
    }


def test_presence_shows_the_second_person_to_the_first(
    installation: Api, api: TestClient, admin: User, member: User
) -> None:
    video = add_video(member, "Theirs")
    theirs = installation.client("member")
    assert theirs.post(url(video, "presence"), json={"active_s": 0}).json()["others"] == []
    (other,) = api.post(url(video, "presence"), json={"active_s": 0}).json()["others"]
    assert other["username"] == "member"
    assert 0 <= other["seen_s"] < 30


@pytest.mark.parametrize("active_s", [-1, "long"])
def test_presence_refuses_what_is_no_time(api: TestClient, video: Video, active_s: object) -> None:
    refused = error(api.post(url(video, "presence"), json={"active_s": active_s}), 422)
    assert refused["field"] == "active_s"
