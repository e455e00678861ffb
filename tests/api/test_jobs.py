"""Jobs, health and readiness over HTTP, with a list in Redis' place."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.detectors import add_trained_detector
from tests.fake_queue import ListQueue
from tests.labelled import add_video
from tests.training_sets import add_training_set
from tpod_core import db, jobs
from tpod_core.jobs import RunningJob
from tpod_core.models import Job, JobKind, User, Video
from tpod_core.web import jobs as routes
from tpod_core.web.dependencies import known_user
from tpod_core.web.errors import install_error_handlers

SUBJECTS = {
    JobKind.BUILD_TRAINING_SET: "training_set",
    JobKind.TRAIN_DETECTOR: "detector",
    JobKind.EXPORT_MODEL: "detector",
    JobKind.REVIEW_VIDEO: "detector",
    JobKind.MEASURE_LEARNING: "detector",
    JobKind.LOAD_DEMO: "user",
}
"""What jobs are about that are not about a video."""


def api() -> FastAPI:
    """These routes alone, with the API's answers to errors."""
    made = FastAPI()
    install_error_handlers(made)
    made.include_router(routes.router)
    return made


def client_of(user: User) -> TestClient:
    signed_in = api()
    signed_in.dependency_overrides[known_user] = lambda: user
    return TestClient(signed_in)


def new_job(owner: User, video_id: int = 7) -> Job:
    """A job about the video of that id, which is made if it is not there."""
    with db.transaction() as session:
        video = session.get(Video, video_id) or Video(id=video_id, owner_id=owner.id, name="clip")
        session.add(video)
        session.flush()
        return jobs.submit(session, JobKind.IMPORT_VIDEO, [video], owner.id)


def perform(job: Job) -> None:
    jobs.execute(job.id or 0, 1, run=do_nothing, worker="worker 1", abandon=lambda: None)


def do_nothing(job: RunningJob) -> None:
    """It succeeds."""


def test_job_has_the_body_of_the_contract(queue: ListQueue, member: User) -> None:
    job = new_job(member)
    body = client_of(member).get(f"/jobs/{job.id}").json()
    assert body.pop("created").endswith("Z")
    assert body == {
        "id": job.id,
        "kind": "import-video",
        "subject": "video:7",
        "state": "queued",
        "progress": 0.0,
        "attempt": 1,
        "message": "",
        "started": None,
        "finished": None,
    }


def test_ended_job_tells_when(queue: ListQueue, member: User) -> None:
    job = new_job(member)
    perform(job)
    body = client_of(member).get(f"/jobs/{job.id}").json()
    assert body["state"] == "succeeded"
    assert body["created"] <= body["started"] <= body["finished"]


def test_list_is_paged_newest_first_and_searched_by_subject(queue: ListQueue, member: User) -> None:
    first, second, third = (new_job(member, n) for n in (1, 2, 31))
    client = client_of(member)
    page = client.get("/jobs", params={"page_size": 2}).json()
    assert (page["count"], [job["id"] for job in page["results"]]) == (3, [third.id, second.id])
    found = client.get("/jobs", params={"search": "video:1"}).json()
    assert [job["id"] for job in found["results"]] == [first.id]


def test_job_of_a_deleted_subject_says_what_it_was_and_is_found_by_that(
    queue: ListQueue, member: User
) -> None:
    kept, orphan = new_job(member, 1), new_job(member, 2)
    with db.transaction() as session:
        session.delete(session.get_one(Video, 2))
    client = client_of(member)
    assert client.get(f"/jobs/{orphan.id}").json()["subject"] == "video:deleted"
    assert "video:deleted" in api().openapi()["components"]["schemas"]["JobBody"]["description"]
    found = {
        search: [
            job["id"] for job in client.get("/jobs", params={"search": search}).json()["results"]
        ]
        for search in ("video:", "video:deleted", "VIDEO:1")
    }
    assert found == {
        "video:": [orphan.id, kept.id],
        "video:deleted": [orphan.id],
        "VIDEO:1": [kept.id],
    }


@pytest.mark.parametrize("kind", list(JobKind))
def test_search_looks_into_the_subject_that_is_answered(
    home: Path, queue: ListQueue, admin: User, kind: JobKind
) -> None:
    about = add_video(admin), add_training_set(home, admin), add_trained_detector(home, admin)
    with db.transaction() as session:
        job = jobs.submit(session, kind, about, admin.id)
    client = client_of(admin)
    said = client.get(f"/jobs/{job.id}").json()["subject"]
    assert said == f"{SUBJECTS.get(kind, 'video')}:1"
    assert client.get("/jobs", params={"search": said}).json()["count"] == 1
    assert client.get("/jobs", params={"search": f"{said}1"}).json()["count"] == 0


def test_unknown_ordering_names_the_field(queue: ListQueue, member: User) -> None:
    answer = client_of(member).get("/jobs", params={"ordering": "colour"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "ordering")


def test_job_of_someone_else_is_not_found(queue: ListQueue, member: User, admin: User) -> None:
    job = new_job(admin)
    client = client_of(member)
    assert client.get(f"/jobs/{job.id}").status_code == 404
    assert client.post(f"/jobs/{job.id}/cancel").status_code == 404
    assert client.get("/jobs").json()["count"] == 0


def test_administrator_sees_every_job(queue: ListQueue, member: User, admin: User) -> None:
    job = new_job(member)
    assert client_of(admin).get(f"/jobs/{job.id}").status_code == 200


def test_cancel_of_a_queued_job_answers_with_its_end(queue: ListQueue, member: User) -> None:
    job = new_job(member)
    answer = client_of(member).post(f"/jobs/{job.id}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")


def test_cancel_of_an_ended_job_is_a_conflict(queue: ListQueue, member: User) -> None:
    job = new_job(member)
    perform(job)
    answer = client_of(member).post(f"/jobs/{job.id}/cancel")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


def test_jobs_need_a_sign_in(queue: ListQueue) -> None:
    assert TestClient(api()).get("/jobs").status_code == 401


def test_health_needs_nothing(queue: ListQueue) -> None:
    queue.away = True
    assert TestClient(api()).get("/healthz").json() == {"status": "ok"}


def test_readiness_needs_redis_and_says_so(queue: ListQueue) -> None:
    client = TestClient(api())
    assert client.get("/readyz").json()["status"] == "ready"
    queue.away = True
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert "job queue" in answer.json()["error"]["message"]


def test_readiness_without_an_embedded_server_is_503(home: object) -> None:
    assert TestClient(api()).get("/readyz").status_code == 503
