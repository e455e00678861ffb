"""Checks whether this host has the packages of the extra ``train`` (pyproject.toml).

A host used only for labelling does not need them: they are five sixths of a full installation.
Its trainings, exports and pre-labels wait on the queue ``low``, whose workers always have them.
"""

from importlib.util import find_spec

from tpod_core.errors import Conflict
from tpod_core.models import JobKind, QueueName

MODULES = (
    "torch",
    "torchvision",
    "ultralytics",
    "torchmetrics",
    "pycocotools",
    "lap",
    "onnx",
    "matplotlib",
)

_NEEDED_BY = frozenset(
    {
        JobKind.TRAIN_DETECTOR,
        JobKind.MEASURE_LEARNING,
        JobKind.EXPORT_MODEL,
        JobKind.PRELABEL_VIDEO,  # associates detections with Ultralytics' tracker
        JobKind.LOAD_DEMO,  # takes its scenes from Ultralytics' photographs
    }
)

MISSING = (
    "The packages for training are not installed on this host. "
    "Run “pip install 'tpod[train]'” in TPOD's environment, and start TPOD again."
)
WAITS = (
    "Training is not installed on this host: the work waits for a worker that has it "
    "(pip install 'tpod[train]')."
)


def are_installed() -> bool:
    """Whether every package is installed; imports none."""
    return all(find_spec(name) is not None for name in MODULES)


def require_for(kind: JobKind) -> None:
    """Raises: Conflict if jobs of ``kind`` need the packages and they are missing."""
    if kind in _NEEDED_BY and not are_installed():
        raise Conflict(MISSING)


def usual_queue(kind: JobKind) -> QueueName:
    """Returns the queue of the kind, but ``low`` if this host lacks its packages."""
    can_run_here = kind not in _NEEDED_BY or are_installed()
    return kind.queue if can_run_here else QueueName.LOW
