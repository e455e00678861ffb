"""Training sets: preview a spec, build it, list and delete sets.

``training_set_files`` handles the files of finished sets.
"""

from dataclasses import asdict, dataclass
from functools import partial

from sqlmodel import Session, col, select

from tpod_core import access, jobs
from tpod_core.db import after_commit
from tpod_core.detectors.short_batch import smallest_suggested_batch
from tpod_core.errors import Conflict, InvalidInput, NotFound
from tpod_core.events import log_after_commit
from tpod_core.models import (
    Detector,
    DetectorState,
    Job,
    JobKind,
    TrainingSet,
    TrainingSetState,
    User,
    Video,
    VideoState,
    saved_id,
)
from tpod_core.names import clean_name
from tpod_core.storage import get_storage
from tpod_core.training_sets.box_table import BoxTable, box_table
from tpod_core.training_sets.doubts import training_pictures
from tpod_core.training_sets.findings import Findings, Kind, PreflightFinding, Severity
from tpod_core.training_sets.labelled_videos import load_labelled_video
from tpod_core.training_sets.likeness import AlikeFrames
from tpod_core.training_sets.plan import Plan, make_plan
from tpod_core.training_sets.preflight import findings_of
from tpod_core.training_sets.shapes import Histogram, Shapes
from tpod_core.training_sets.spec import (
    Negatives,
    Sampling,
    SplitMethod,
    SplitSpec,
    TrainingSetSpec,
    VideoSpec,
)
from tpod_core.training_sets.statistics import Leakage, Statistics, statistics_of
from tpod_core.training_sets.warnings import warnings_of

__all__ = [
    "Draft",
    "Findings",
    "Histogram",
    "Kind",
    "Leakage",
    "Negatives",
    "PreflightFinding",
    "Preview",
    "Sampling",
    "Severity",
    "Shapes",
    "SplitMethod",
    "SplitSpec",
    "Statistics",
    "Summary",
    "TrainingSetSpec",
    "VideoSpec",
    "create",
    "delete",
    "is_building",
    "is_built",
    "list_training_sets",
    "plan_build",
    "prepare",
    "preview",
    "progress_of",
    "record_built",
    "start_build",
    "statistics_in",
    "summarize",
]

MAX_NAME_LENGTH = 200
_BUILDING = (TrainingSetState.QUEUED, TrainingSetState.BUILDING)
_TRAINING = (DetectorState.QUEUED, DetectorState.TRAINING)


@dataclass(frozen=True)
class Summary:
    """The statistics of a set, and warnings before training on it."""

    statistics: Statistics
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Preview(Summary):
    """The set that a spec would give if it were built now, with the findings of the checks."""

    findings: Findings


@dataclass(frozen=True)
class Draft(Summary):
    """A training set that can be created."""

    name: str
    spec: TrainingSetSpec


def preview(session: Session, user: User, spec: TrainingSetSpec) -> Preview:
    """Compute statistics and findings without building. Raises: as ``prepare``."""
    plan = _plan(session, user, spec)
    tables = _tables(plan)
    summary = _summary(plan, tables)
    return Preview(summary.statistics, summary.warnings, findings_of(plan, tables))


def prepare(session: Session, user: User, name: str, spec: TrainingSetSpec) -> Draft:
    """Check a training set and compute its statistics, which takes long: for a read session.

    Raises: InvalidInput naming cause and field if the spec cannot be built.
    """
    clean = clean_name(" ".join(name.split()), "A training set", MAX_NAME_LENGTH)
    plan = _plan(session, user, spec)
    summary = _summary(plan, _tables(plan))
    return Draft(summary.statistics, summary.warnings, clean, spec)


def create(session: Session, user: User, draft: Draft) -> TrainingSet:
    """Create a training set and queue its build.

    Raises: InvalidInput if a video was deleted in the meantime.
    """
    _videos(session, user, draft.spec)
    training_set = TrainingSet(
        owner_id=saved_id(user),
        name=draft.name,
        spec=draft.spec.model_dump(mode="json"),
        statistics=asdict(draft.statistics),
        warnings=list(draft.warnings),
    )
    session.add(training_set)
    session.flush()
    job = jobs.submit(session, JobKind.BUILD_TRAINING_SET, [training_set], user.id)
    training_set.job_id = job.id
    session.flush()
    return training_set


def is_built(session: Session, training_set_id: int) -> bool:
    """Whether an earlier run of the job has built the set, which then never changes.

    Raises: NotFound if it was deleted.
    """
    return _get(session, training_set_id).state is TrainingSetState.READY


def start_build(session: Session, training_set_id: int) -> None:
    """Mark the set as being built. Raises: NotFound if it was deleted."""
    training_set = _get(session, training_set_id)
    training_set.state = TrainingSetState.BUILDING
    session.add(training_set)


def plan_build(session: Session, training_set_id: int) -> Plan:
    """Returns the plan that a running job builds, from the current annotations.

    Raises: NotFound if the set was deleted; InvalidInput if the spec cannot be built any more.
    """
    training_set = _get(session, training_set_id)
    owner = session.get_one(User, training_set.owner_id)
    return _plan(session, owner, TrainingSetSpec.model_validate(training_set.spec))


def summarize(plan: Plan, alike: AlikeFrames) -> Summary:
    """Returns the summary of a built plan, without near-duplicates.

    Args:
        alike: the validation frames that nearly equal a training picture.
    """
    return _summary(plan, _tables(plan), alike)


def record_built(
    session: Session, training_set_id: int, content_hash: str, summary: Summary
) -> None:
    """Mark the set as ready, once its files are written; it never changes again."""
    training_set = _get(session, training_set_id)
    training_set.state, training_set.message = TrainingSetState.READY, ""
    training_set.content_hash = content_hash
    training_set.statistics = asdict(summary.statistics)
    training_set.warnings = list(summary.warnings)
    training_set.directory_key = directory_key(training_set_id)
    session.add(training_set)


def list_training_sets(session: Session, user: User) -> list[TrainingSet]:
    """Returns the sets that ``user`` may see, newest first."""
    return list(
        session.exec(access.visible(user, TrainingSet).order_by(col(TrainingSet.id).desc()))
    )


def is_building(training_set: TrainingSet) -> bool:
    """Whether its build is queued or running."""
    return training_set.state in _BUILDING


def progress_of(session: Session, training_set: TrainingSet) -> float:
    """Returns the progress of the build, 0..1."""
    if not is_building(training_set):
        return 1.0
    job = session.get(Job, training_set.job_id) if training_set.job_id else None
    return job.progress if job else 0.0


def statistics_in(training_set: TrainingSet) -> Statistics:
    """Returns the statistics stored with a set."""
    return Statistics.from_json(training_set.statistics)


def delete(session: Session, training_set: TrainingSet) -> None:
    """Delete a set with its files. Raises: Conflict while it is built or trained on."""
    jobs.catch_up(session, training_set)
    if is_building(training_set):
        raise Conflict(
            f'"{training_set.name}" is being built. Cancel its job first, or wait for its end.'
        )
    waiting = select(Detector).where(
        Detector.train_set_id == training_set.id, col(Detector.state).in_(_TRAINING)
    )
    if names := [row.name for row in session.exec(waiting) if not jobs.catch_up(session, row)]:
        raise Conflict(
            f'"{training_set.name}" is needed by a training: {", ".join(sorted(names))}. '
            "Cancel that, or wait for its end."
        )
    key = directory_key(saved_id(training_set))
    session.delete(training_set)
    after_commit(session, partial(_delete_files, key))
    log_after_commit(
        session, "training set deleted", training_set=training_set.id, name=training_set.name
    )


def _delete_files(key: str) -> None:
    get_storage().delete(key)
    get_storage().discard_parts(key)


def directory_key(training_set_id: int) -> str:
    """Returns the storage key of a training set's directory."""
    return f"training_sets/{training_set_id}"


def _get(session: Session, training_set_id: int) -> TrainingSet:
    training_set = session.get(TrainingSet, training_set_id)
    if training_set is None:
        raise NotFound(f"The training set {training_set_id} was deleted.")
    return training_set


def _plan(session: Session, user: User, spec: TrainingSetSpec) -> Plan:
    videos = _videos(session, user, spec)
    return make_plan(spec, [load_labelled_video(session, video) for video in videos])


def _videos(session: Session, user: User, spec: TrainingSetSpec) -> list[Video]:
    return [
        _ready_video(session, user, video_spec.video_id, f"videos[{number}].video_id")
        for number, video_spec in enumerate(spec.videos)
    ]


def _ready_video(session: Session, user: User, video_id: int, field: str) -> Video:
    try:
        video = access.get_video(session, user, video_id)
    except NotFound as error:
        raise InvalidInput(error.message, field) from error
    if video.state is not VideoState.READY:
        raise InvalidInput(
            f'"{video.name}" is not ready ({video.state}). Wait for its import, or leave it out.',
            field,
        )
    return video


def _tables(plan: Plan) -> list[BoxTable]:
    return [box_table(plan, video) for video in plan.videos]


def _summary(plan: Plan, tables: list[BoxTable], alike: AlikeFrames | None = None) -> Summary:
    statistics = statistics_of(plan, tables, alike)
    batch = smallest_suggested_batch(training_pictures(statistics))
    return Summary(statistics, tuple(warnings_of(plan, statistics, batch)))
