"""The inbox of unexplained detections over HTTP."""

import pytest
from starlette.testclient import TestClient

from tests.labelled import add_video
from tpod_core import db
from tpod_core.evaluation.unmatched_detections import UnmatchedDetection
from tpod_core.geometry import Box
from tpod_core.models import Detector, User, Video, VideoState, saved_id
from tpod_core.services import findings


@pytest.fixture
def video(admin: User, detector: Detector) -> Video:
    """With three open findings."""
    row = add_video(admin)
    with db.transaction() as session:
        things = [
            UnmatchedDetection(saved_id(row), 10 * n, "cup", Box(1, 2, 30, 40), score, frames=n + 1)
            for n, score in enumerate((0.3, 0.9, 0.6))
        ]
        findings.record(session, saved_id(detector), things)
    return row


def test_review_answers_202_with_its_job(api: TestClient, detector: Detector, video: Video) -> None:
    answer = api.post(f"/detectors/{detector.id}/review", json={"video_id": video.id})
    assert answer.status_code == 202
    body = answer.json()
    assert (body["kind"], body["subject"]) == ("review-video", f"detector:{detector.id}")


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"video_id": 99}, 404),
        ({"video_id": 1, "confidence": 2}, 422),
        ({"video_id": 1, "stride": 0}, 422),
        ({"video_id": 1, "colour": "red"}, 422),
        ({}, 422),
    ],
    ids=str,
)
def test_wrong_review_is_refused(
    api: TestClient, detector: Detector, video: Video, wish: dict[str, object], status: int
) -> None:
    assert api.post(f"/detectors/{detector.id}/review", json=wish).status_code == status


def test_review_of_an_unready_video_is_409(
    api: TestClient, admin: User, detector: Detector
) -> None:
    row = add_video(admin, state=VideoState.PROCESSING)
    answer = api.post(f"/detectors/{detector.id}/review", json={"video_id": row.id})
    assert answer.status_code == 409


def test_findings_are_listed_worst_first_in_pages(
    api: TestClient, detector: Detector, video: Video
) -> None:
    path = f"/detectors/{detector.id}/findings"
    body = api.get(path, params={"page": 1, "page_size": 2}).json()
    assert body["count"] == 3
    assert [row["score"] for row in body["results"]] == [0.9, 0.6]
    assert body["results"][0] | {"created": ""} == {
        "id": 2,
        "detector_id": detector.id,
        "video_id": video.id,
        "frame": 10,
        "label": "cup",
        "score": 0.9,
        "box": [1, 2, 30, 40],
        "frames": 2,
        "verdict": "open",
        "created": "",
        "decided": None,
    }
    rest = api.get(path, params={"page": 2, "page_size": 2}).json()
    assert [row["score"] for row in rest["results"]] == [0.3]


def test_verdict_is_kept_and_taken_back(api: TestClient, detector: Detector, video: Video) -> None:
    path = f"/detectors/{detector.id}/findings"
    answer = api.patch("/findings/2", json={"verdict": "negative"})
    assert (answer.status_code, answer.json()["verdict"]) == (200, "negative")
    assert api.get(path, params={"verdict": "open"}).json()["count"] == 2
    assert api.get(path, params={"verdict": "negative", "video_id": video.id}).json()["count"] == 1
    api.patch("/findings/2", json={"verdict": "open"})
    assert api.get(path, params={"verdict": "open"}).json()["count"] == 3


def test_verdicts_are_listed_by_their_video_after_their_detector_was_deleted(
    api: TestClient, detector: Detector, video: Video
) -> None:
    api.patch("/findings/2", json={"verdict": "negative"})
    assert api.delete(f"/detectors/{detector.id}").status_code == 204
    body = api.get(f"/videos/{video.id}/findings").json()
    assert body["count"] == 1
    [row] = body["results"]
    assert (row["id"], row["detector_id"], row["verdict"]) == (2, None, "negative")
    assert row["decided"] is not None


def test_findings_of_a_video_are_filtered_by_verdict_in_pages(
    api: TestClient, detector: Detector, video: Video
) -> None:
    api.patch("/findings/2", json={"verdict": "negative"})
    path = f"/videos/{video.id}/findings"
    body = api.get(path, params={"verdict": "open", "page": 2, "page_size": 1}).json()
    assert (body["count"], [row["score"] for row in body["results"]]) == (2, [0.3])


def test_verdict_on_a_deleted_detector_is_taken_back_once(
    api: TestClient, detector: Detector, video: Video
) -> None:
    api.patch("/findings/2", json={"verdict": "negative"})
    api.delete(f"/detectors/{detector.id}")
    assert api.patch("/findings/2", json={"verdict": "open"}).json()["verdict"] == "open"
    assert api.patch("/findings/2", json={"verdict": "open"}).status_code == 404
    assert api.get(f"/videos/{video.id}/findings").json()["count"] == 0


def test_unknown_verdict_is_422(api: TestClient, detector: Detector, video: Video) -> None:
    answer = api.patch("/findings/1", json={"verdict": "perhaps"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "verdict")
