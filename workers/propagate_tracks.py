"""Job ``propagate-tracks``: fills the gaps between a video's key frames with boxes."""

import time
from datetime import timedelta

from tpod_core.db import read_session
from tpod_core.jobs import RunningJob
from tpod_core.models import Job, utc_now
from tpod_core.propagation.updating import fill_all
from tpod_core.services import propagation

HEAD_START_S = 3.0
"""The app itself fills the gaps of recent edits within this time; the job does the rest."""
_POLL_S = 0.1


def run(job: RunningJob) -> None:
    """Fill the gaps. A second run continues where the first one stopped."""
    _wait_for_the_app(job)
    fill_all(job.subject_id, job, job.transaction)
    with job.transaction() as session:
        propagation.delete_old_jobs(session, job.subject_id)


def _wait_for_the_app(job: RunningJob) -> None:
    with read_session() as session:
        submitted = session.get_one(Job, job.id).created_at
    wait = submitted + timedelta(seconds=HEAD_START_S) - utc_now()
    # Another machine's clock may be wrong, so never wait longer than the head start.
    until = time.monotonic() + min(wait.total_seconds(), HEAD_START_S)
    while time.monotonic() < until:
        job.check()
        time.sleep(_POLL_S)
