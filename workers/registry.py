"""Finds the code of a job kind: "import-video" is run by ``workers.import_video.run``."""

import os
import signal
from importlib import import_module

from tpod_core import training_packages
from tpod_core.jobs import RunningJob, execute
from tpod_core.models import JobKind

_WORKER_NAME_VARIABLE = "RQ_WORKER_ID"


def module_of(kind: JobKind) -> str:
    """Returns the module whose ``run(job)`` does jobs of this kind."""
    return f"workers.{kind.value.replace('-', '_')}"


def perform(job_id: int, attempt: int) -> None:
    """Run a job; RQ calls this in a worker's child process with the fields of a ``Delivery``."""
    execute(
        job_id,
        attempt,
        run=_run,
        worker=os.environ[_WORKER_NAME_VARIABLE],
        abandon=_die,
    )


def _run(job: RunningJob) -> None:
    training_packages.require_for(job.kind)
    # Imported only in the child: the training packages must not be loaded before a fork.
    import_module(module_of(job.kind)).run(job)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
