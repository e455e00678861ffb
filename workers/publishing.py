"""The end of a training or an export: builds, checks and publishes the model's files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tpod_core.detectors import registry
from tpod_core.detectors.paths import model_key
from tpod_core.detectors.protocol import EvaluationContext, ProgressReporter
from tpod_core.detectors.scores import EpochRow
from tpod_core.evaluation.comparison import ParentIdentity
from tpod_core.evaluation.evaluate import Parent
from tpod_core.exports.model_zip import DetectorCard
from tpod_core.exports.packaging import Package, PackageSpec, build_package
from tpod_core.jobs import RunningJob
from tpod_core.models import utc_now
from tpod_core.services.trainings import TrainingPlan
from tpod_core.storage import get_storage

SPACE_BYTES = 500_000_000
"""Free space needed for checkpoints with their optimizer and for the exported files."""


@dataclass(frozen=True)
class Publication:
    """A trained model with its data, and the rows of its training."""

    context: EvaluationContext
    epochs: Sequence[EpochRow]


def publish(
    job: RunningJob, plan: TrainingPlan, publication: Publication, reporter: ProgressReporter
) -> Package:
    """Replace the detector's published directory, if this run still holds its lease."""
    provider = registry.load_provider(plan.dnn_type)
    card = DetectorCard(
        name=plan.name,
        family=plan.dnn_type,
        input_size=plan.config.imgsz,
        recommended_confidence=0.0,
        classes=publication.context.data.classes,
        training_set=plan.training_set_name,
        training_set_hash=plan.training_set_hash,
        parent=plan.parent_name,
        train_config=plan.config.model_dump(),
        versions={},
        created=utc_now().isoformat(timespec="seconds"),
    )
    with get_storage().making_directory(model_key(plan.detector_id)) as directory:
        parent = parent_on(plan, publication.context)
        spec = PackageSpec(card, publication.context, publication.epochs, parent)
        package = build_package(provider, spec, directory, reporter)
        job.confirm()
    return package


def parent_on(plan: TrainingPlan, context: EvaluationContext) -> Parent | None:
    """Returns the parent's model with the child's images; ``None`` if it has no model file."""
    if plan.parent_id is None or plan.parent_key is None or plan.parent_config is None:
        return None
    checkpoint = get_storage().path(plan.parent_key)
    if not checkpoint.is_file():
        return None
    overrides = {"device": plan.config.device, "batch": plan.config.batch}
    return Parent(
        ParentIdentity(plan.parent_id, plan.parent_name or "", plan.parent_labels),
        EvaluationContext(
            checkpoint,
            replace(context.data, classes=plan.parent_labels),
            plan.parent_config.model_copy(update=overrides),
        ),
    )
