"""Background work that survives a crash of anything: the job life cycle.

The ``Job`` row is the truth; Redis only carries its id to a worker.

    submit ──▶ queued ──claim──▶ running ──▶ succeeded | failed | cancelled
                 ▲                  │
                 └── lease expired, unexpected error, or orderly stop

A run owns its row by a lease: a random token, good for ten seconds by the database's clock
and renewed every two. Every write of a run is conditional on its token, so a run that lost
its lease can neither write nor be mistaken for the one that took over. The reconciler
returns expired leases to the queue and delivers rows that no queue knows.

Source: leases and fencing after M. Kleppmann, "How to do distributed locking" (2016).
"""

from tpod_core.jobs.execution import execute
from tpod_core.jobs.lifecycle import give_back, report_death, request_cancel, submit
from tpod_core.jobs.log_file import log_tail
from tpod_core.jobs.reconciler import Reconciler
from tpod_core.jobs.running import RunningJob
from tpod_core.jobs.subjects import subject_of, subject_with

__all__ = [
    "Reconciler",
    "RunningJob",
    "execute",
    "give_back",
    "log_tail",
    "report_death",
    "request_cancel",
    "subject_of",
    "subject_with",
    "submit",
]
