"""Who is told when a job of each kind ends, so that its subject's state follows.

The services own the subjects and stand above this package, so they are named here as RQ
names its functions, by a dotted path that is looked up when a job ends. That keeps one table
for every process (app, worker, test), with nothing to configure or to forget.
"""

from collections.abc import Callable
from pkgutil import resolve_name

from sqlmodel import Session

from tpod_core.log import get_logger
from tpod_core.models import Job, JobKind

Settle = Callable[[Session, Job], None]

SETTLE_BY_KIND: dict[JobKind, str] = {
    JobKind.IMPORT_VIDEO: "tpod_core.services.videos:settle_import",
    JobKind.BUILD_TRAINING_SET: "tpod_core.services.training_sets:settle_build",
    JobKind.TRAIN_DETECTOR: "tpod_core.services.detectors:settle_training",
    JobKind.EXPORT_MODEL: "tpod_core.services.detectors:settle_export",
    JobKind.PROPAGATE_TRACKS: "tpod_core.services.propagation:settle_propagation",
    JobKind.PRELABEL_VIDEO: "tpod_core.services.detector_runs.prelabels:settle",
    JobKind.ANNOTATE_VIDEO: "tpod_core.services.detector_runs.annotated_videos:settle",
    JobKind.REVIEW_VIDEO: "tpod_core.services.findings:settle_review",
    JobKind.MEASURE_LEARNING: "tpod_core.services.learning:settle_learning",
    JobKind.LOAD_DEMO: "tpod_core.services.demo:settle_demo",
}

_log = get_logger(__name__)


def settle(session: Session, job: Job) -> None:
    """Let the subject follow ``job``, which has just ended, in the same transaction.

    A settle function that raises is rolled back alone and logged: were the job's own end
    undone with it, the job would be repeated for ever.
    """
    try:
        with session.begin_nested():
            resolve_settle(job.kind)(session, job)
    except Exception:
        _log.exception("job %s ended as %s, but %s did not follow", job.id, job.state, job.subject)


def resolve_settle(kind: JobKind) -> Settle:
    """The function behind ``SETTLE_BY_KIND[kind]``."""
    function: Settle = resolve_name(SETTLE_BY_KIND[kind])
    return function
