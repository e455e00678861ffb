"""Prepares the data of a training from its plan."""

from pathlib import Path

from tpod_core.detectors.dataset_layout import Ancestry, materialize
from tpod_core.detectors.protocol import DatasetLayout
from tpod_core.services.trainings import TrainingPlan
from tpod_core.storage import get_storage


def prepare_data(plan: TrainingPlan, directory: Path) -> DatasetLayout:
    """Write the layout of the plan's training set and its ancestors' sets into ``directory``.

    Raises: Conflict if the set or one of its files is missing.
    """
    storage = get_storage()
    sets = tuple(storage.path(key) for key in plan.mixed_set_keys)
    learnt = tuple(storage.path(key) for key in plan.learnt_set_keys)
    ancestry = Ancestry(plan.first_classes, sets, learnt)
    return materialize(storage.path(plan.training_set_key), directory, ancestry)
