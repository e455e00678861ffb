"""Reads a trained detector's full evaluation, which was computed when it was published."""

from pathlib import Path

from tpod_core.detectors.paths import model_key
from tpod_core.evaluation import result_file
from tpod_core.evaluation.result_file import BadImage, Evaluation
from tpod_core.models import Detector, saved_id
from tpod_core.storage import get_storage


def find_evaluation(detector: Detector) -> Evaluation | None:
    """Returns the evaluation; ``None`` without a model, or with one older than evaluations."""
    return result_file.read_evaluation(_directory(detector))


def find_picture(detector: Detector, image: BadImage) -> bytes | None:
    """Returns the JPEG of one of ``Evaluation.worst``; ``None`` if it is missing."""
    path = _directory(detector) / image.picture
    return path.read_bytes() if path.is_file() else None


def _directory(detector: Detector) -> Path:
    return get_storage().path(model_key(saved_id(detector)))
