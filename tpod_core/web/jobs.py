"""Routes for background jobs, and health checks."""

from datetime import datetime
from typing import Self

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from tpod_core.access import visible
from tpod_core.db import read_session, transaction
from tpod_core.errors import Conflict, Unavailable
from tpod_core.health import HealthState, check_dependencies
from tpod_core.jobs import subject_text
from tpod_core.models import Job, JobKind, JobState, saved_id
from tpod_core.services import jobs
from tpod_core.web.dependencies import Page, Paging, SignedIn
from tpod_core.web.openapi import may_raise

router = APIRouter(tags=["jobs"])

_ORDERINGS = {
    "created": Job.created_at,
    "started": Job.started_at,
    "finished": Job.finished_at,
    "kind": Job.kind,
    "state": Job.state,
}


class JobBody(BaseModel):
    """``subject`` is the object of the job: ``video``, ``training_set``, ``detector`` or ``user``
    with its id ("video:12"), or with "deleted" after it was deleted ("video:deleted").
    ``progress`` is 0 to 1, ``started`` is the start of the latest attempt."""

    id: int
    kind: JobKind
    subject: str
    state: JobState
    progress: float
    attempt: int
    message: str
    created: datetime
    started: datetime | None
    finished: datetime | None

    @classmethod
    def of(cls, job: Job) -> Self:
        return cls(
            id=saved_id(job),
            kind=job.kind,
            subject=job.subject,
            state=job.state,
            progress=job.progress,
            attempt=job.attempt,
            message=job.message,
            created=job.created_at,
            started=job.started_at,
            finished=job.finished_at,
        )


class Health(BaseModel):
    status: str


class DependencyBody(BaseModel):
    """``state`` is ``ok``, ``low`` (works, but somebody should act) or ``failed``."""

    state: HealthState
    message: str


class Readiness(Health):
    """``status`` is ``ready``, or ``not ready`` if a dependency has failed."""

    dependencies: dict[str, DependencyBody]


@router.get("/jobs")
def list_jobs(user: SignedIn, paging: Paging) -> Page[JobBody]:
    """Return jobs, newest first; ``search`` searches the subject."""
    with read_session() as session:
        count, rows = paging.rows(session, visible(user, Job), subject_text(), _ORDERINGS)
        return Page(count=count, results=[JobBody.of(job) for job in rows])


@router.get("/jobs/{job_id}")
def get_job(job_id: int, user: SignedIn) -> JobBody:
    with read_session() as session:
        return JobBody.of(jobs.get(session, user, job_id))


@router.post("/jobs/{job_id}/cancel", status_code=202)
@may_raise(Conflict)
def cancel_job(job_id: int, user: SignedIn) -> JobBody:
    """Cancel a queued job at once, a running one after its current batch; 409 if it has ended."""
    with transaction() as session:
        return JobBody.of(jobs.cancel(session, user, job_id))


@router.get("/healthz")
def healthz() -> Health:
    """Return 200 while this process runs."""
    return Health(status="ok")


@router.get("/readyz", response_model=Readiness, responses={503: {"model": Readiness}})
def readyz() -> Response:
    """Return 200 if the database, the queue and the storage work; 503 says which does not."""
    found = check_dependencies()
    failed = [each.message for each in found if each.state is HealthState.FAILED]
    ready = Readiness(
        status="not ready" if failed else "ready",
        dependencies={
            each.name: DependencyBody(state=each.state, message=each.message) for each in found
        },
    )
    body = ready.model_dump(mode="json")
    if failed:
        body["error"] = {"code": Unavailable.code, "message": " ".join(failed)}
    return JSONResponse(body, 503 if failed else 200)
