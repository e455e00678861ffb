"""The data of a training, as its plan describes it, laid out for a trainer."""

from pathlib import Path

from tpod_core.detectors.dataset_layout import Ancestry, materialize
from tpod_core.detectors.protocol import DatasetLayout
from tpod_core.services.trainings import TrainingPlan
from tpod_core.storage import get_storage


def lay_out(plan: TrainingPlan, directory: Path) -> DatasetLayout:
    """The plan's training set, and its ancestors' with it, in the new ``directory``.

    Raises: Conflict if the set or one of its files is gone.
    """
    storage = get_storage()
    sets = tuple(storage.path(key) for key in plan.mixed_set_keys)
    learnt = tuple(storage.path(key) for key in plan.learnt_set_keys)
    ancestry = Ancestry(plan.first_classes, sets, learnt)
    return materialize(storage.path(plan.training_set_key), directory, ancestry)
