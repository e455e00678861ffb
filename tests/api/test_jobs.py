"""Jobs, health and readiness over HTTP, with a list in Redis' place."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.fake_queue import ListQueue
from tpod_core import db, jobs
from tpod_core.jobs import RunningJob, settling
from tpod_core.models import Job, JobKind, QueueName, User
from tpod_core.queue import replaced_by
from tpod_core.web import jobs as routes
from tpod_core.web.dependencies import known_user
from tpod_core.web.errors import install_error_handlers


def settle_nothing(session: object, job: Job) -> None:
    """These jobs have no subject."""


@pytest.fixture
def queue(home: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[ListQueue]:
    for kind in JobKind:
        monkeypatch.setitem(settling.SETTLE_BY_KIND, kind, f"{__name__}:settle_nothing")
    fake = ListQueue()
    with replaced_by(fake):
        yield fake


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


def new_job(owner: User, subject: str = "video:7") -> Job:
    with db.transaction() as session:
        return jobs.submit(session, JobKind.IMPORT_VIDEO, QueueName.DEFAULT, subject, owner.id)


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
    first, second, third = (new_job(member, f"video:{n}") for n in (1, 2, 31))
    client = client_of(member)
    page = client.get("/jobs", params={"page_size": 2}).json()
    assert (page["count"], [job["id"] for job in page["results"]]) == (3, [third.id, second.id])
    found = client.get("/jobs", params={"search": "video:1"}).json()
    assert [job["id"] for job in found["results"]] == [first.id]


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
    assert client.get("/readyz").json() == {"status": "ready"}
    queue.away = True
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert "job queue" in answer.json()["error"]["message"]


def test_readiness_without_an_embedded_server_is_503(home: object) -> None:
    assert TestClient(api()).get("/readyz").status_code == 503
