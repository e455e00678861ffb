"""Jobs run in this process, through the door that workers use."""

from collections.abc import Callable

import pytest

from tpod_core import db
from tpod_core.jobs import RunningJob, execute
from tpod_core.models import Job


def run_job(job_id: int, run: Callable[[RunningJob], None]) -> Job:
    """Run the job's newest attempt once, as a worker would; returns the job as it then stands."""
    with db.read_session() as session:
        attempt = session.get_one(Job, job_id).attempt
    execute(job_id, attempt, run=run, worker="w", abandon=lambda: pytest.fail("abandoned"))
    with db.read_session() as session:
        return session.get_one(Job, job_id)
