"""Runs one delivered job, from its claim to its end."""

from collections.abc import Callable
from contextlib import ExitStack

from tpod_core import db
from tpod_core.errors import JobCancelled, LeaseLost, StorageFull, TpodError, Unavailable
from tpod_core.jobs.lifecycle import claim, finish, held_by, retry
from tpod_core.jobs.log_file import output_to
from tpod_core.jobs.running import Heartbeat, RunningJob
from tpod_core.log import get_logger
from tpod_core.models import JobState, utc_now
from tpod_core.storage import full_disk_in

_log = get_logger(__name__)

Run = Callable[[RunningJob], None]


def execute(
    job_id: int, attempt: int, *, run: Run, worker: str, abandon: Callable[[], None]
) -> None:
    """Run a delivered job and record how it ended.

    A second delivery, or one of a job that was cancelled or requeued meanwhile, does nothing.
    Where the database cannot be written, the job stays queued and is delivered again.

    Args:
        run: the job's own code.
        worker: name of the worker, unique among the running ones.
        abandon: ends this process at once, for a run that should stop but does not.
    """
    try:
        row = claim(job_id, attempt, worker)
    except Unavailable as error:
        _log.warning("job %s, attempt %s cannot begin yet: %s", job_id, attempt, error.message)
        return
    if row is None:
        _log.info("job %s, attempt %s: stale delivery, nothing to do", job_id, attempt)
        return
    job = RunningJob(row)
    heading = f"--- {job.kind} {job.id}, attempt {attempt}, {utc_now():%Y-%m-%d %H:%M:%S} UTC ---"
    with ExitStack() as stack:
        stack.enter_context(output_to(job.log_path, heading))
        stack.enter_context(Heartbeat(job, abandon))
        _run_and_finish(job, run)


def _run_and_finish(job: RunningJob, run: Run) -> None:
    """Run the job and record its end. Catches every exception, and logs unexpected ones."""
    try:
        run(job)
    except LeaseLost as stop:
        _log.warning(stop.message)
    except JobCancelled as stop:
        _finish(job, JobState.CANCELLED, stop.message)
    except StorageFull as error:
        _finish(job, JobState.FAILED, error.message)
    except Unavailable as error:
        _log.error("job %s: a service that it needs is unavailable", job.id, exc_info=error)
        _retry(job, error.message)
    except TpodError as error:
        _log.info("job %s failed: %s", job.id, error.message)
        _finish(job, JobState.FAILED, error.message)
    except (Exception, SystemExit) as error:
        _log.exception("job %s: unexpected error", job.id)
        if full := full_disk_in(error):
            _finish(job, JobState.FAILED, full.message)
        else:
            _retry(job, f"An unexpected error stopped it ({_summary(error)}); see its log.")
    else:
        _finish(job, JobState.SUCCEEDED, "")


def _finish(job: RunningJob, state: JobState, message: str) -> None:
    with db.transaction() as session:
        ended = finish(session, job.id, state, message, held_by(job.token))
    if ended is None:
        _log.warning("job %s: another run has taken over; this end is not recorded", job.id)


def _retry(job: RunningJob, cause: str) -> None:
    with db.transaction() as session:
        retry(session, job.id, cause, held_by(job.token), at_once=False)


def _summary(error: BaseException) -> str:
    """Returns the type and the first line of an error, short enough for a card."""
    first_line = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first_line[:200]}" if first_line else type(error).__name__
