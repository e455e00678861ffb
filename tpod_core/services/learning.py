"""Learning curves, which tell whether labelling more is worth it: start, read, advise."""

from collections.abc import Mapping

from sqlmodel import Session

from tpod_core import jobs
from tpod_core.detectors.paths import directory_key, model_key
from tpod_core.detectors.queries import list_active
from tpod_core.errors import Conflict
from tpod_core.evaluation import learning_curve, result_file
from tpod_core.evaluation.learning_curve import Advice, LearningCurve, Point
from tpod_core.models import (
    Detector,
    DetectorState,
    Job,
    JobKind,
    TrainingSet,
    User,
    saved_id,
)
from tpod_core.storage import get_storage


def start(session: Session, user: User, detector: Detector) -> Job:
    """Queue the trainings on parts of the training set, unless that job is queued or running.

    Points that an earlier job has measured are kept.
    Raises: Conflict if the curve is complete or cannot be measured.
    """
    require_measurable(session, detector)
    if read(detector).complete:
        raise Conflict(f"The learning curve of {detector.name} is already measured.")
    return find_active(session, detector) or jobs.submit(
        session, JobKind.MEASURE_LEARNING, [detector], user.id
    )


def require_measurable(session: Session, detector: Detector) -> None:
    """Raises: Conflict unless ``detector`` is trained and its training set exists."""
    if detector.state is not DetectorState.TRAINED:
        raise Conflict(f"{detector.name} is not trained ({detector.state}). Train it first.")
    if session.get(TrainingSet, detector.train_set_id or 0) is None:
        raise Conflict(
            f"The training set of {detector.name} was deleted; parts of it cannot be trained on."
        )


def find_active(session: Session, detector: Detector) -> Job | None:
    """Returns the queued or running job."""
    return next(iter(list_active(session, saved_id(detector), JobKind.MEASURE_LEARNING)), None)


def read(detector: Detector) -> LearningCurve:
    """Returns the points measured so far."""
    return learning_curve.read_curve(get_storage().path(directory_key(saved_id(detector))))


def keep_point(detector: Detector, point: Point) -> None:
    """Add a point to the curve; a resumed job does not measure it again."""
    key = f"{directory_key(saved_id(detector))}/{learning_curve.FILE}"
    get_storage().write(key, learning_curve.to_json(read(detector).with_point(point)))


def advise(detector: Detector, findings_by_video: Mapping[int, int]) -> Advice | None:
    """Returns advice on what to label next; ``None`` before the curve is complete."""
    curve = read(detector)
    if not curve.complete:
        return None
    directory = get_storage().path(model_key(saved_id(detector)))
    evaluation = result_file.read_evaluation(directory)
    return learning_curve.advise(curve, evaluation, findings_by_video)
