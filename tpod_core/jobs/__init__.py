"""The life cycle of background jobs, which survive the crash of any process.

The ``Job`` row is the truth; Redis only carries its id to a worker.

    submit ──▶ queued ──claim──▶ running ──▶ succeeded | failed | cancelled
                 ▲                  │
                 └── lease expired, unexpected error, or orderly stop

A run owns its row by a lease: a random token, good for ten seconds by the database's clock
and renewed every two. Every write of a run is conditional on its token, so a run that lost
its lease cannot write, and cannot be mistaken for the run that took over. The reconciler requeues
jobs whose lease has expired, delivers jobs that no queue knows, and repairs rows that wait for a
job which has ended.

A job references the rows that it works on by columns (``video_id``, ``training_set_id``,
``detector_id``). When it ends, ``subject_state.on_finished`` sets the state of the row that waits
for it, in the same transaction.

Source: leases and fencing after M. Kleppmann, "How to do distributed locking" (2016).
"""

from tpod_core.jobs.execution import execute
from tpod_core.jobs.lifecycle import (
    cancel_if_active,
    delete_leftovers_of_running_jobs,
    report_death,
    request_cancel,
    requeue,
    submit,
)
from tpod_core.jobs.log_file import log_tail
from tpod_core.jobs.reconciler import Reconciler
from tpod_core.jobs.running import RunningJob
from tpod_core.jobs.subject_state import catch_up
from tpod_core.jobs.subjects import subject_text

__all__ = [
    "Reconciler",
    "RunningJob",
    "cancel_if_active",
    "catch_up",
    "delete_leftovers_of_running_jobs",
    "execute",
    "log_tail",
    "report_death",
    "request_cancel",
    "requeue",
    "subject_text",
    "submit",
]
