"""Builds the published files of a trained checkpoint: scores, exports, checks, packs."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from tpod_core import __version__
from tpod_core.detectors.paths import CHECKPOINT_NAME, ONNX_NAME
from tpod_core.detectors.protocol import (
    LOWEST_CONFIDENCE,
    EvaluationContext,
    ProgressReporter,
    Provider,
)
from tpod_core.detectors.scores import EpochRow
from tpod_core.errors import Conflict
from tpod_core.evaluation.evaluate import Parent, evaluate
from tpod_core.evaluation.unmatched_detections import UnmatchedDetection
from tpod_core.exports import agreement, model_zip
from tpod_core.exports.model_zip import DetectorCard

_LIBRARIES = ("onnx", "onnxruntime")


@dataclass(frozen=True)
class PackageSpec:
    """What is known before the model is scored; ``card`` lacks the recommended confidence.

    ``parent`` is the model that was fine-tuned, to be scored on the same images.
    """

    card: DetectorCard
    context: EvaluationContext
    epochs: Sequence[EpochRow]
    parent: Parent | None = None


@dataclass(frozen=True)
class Package:
    """The result: ``metrics.json`` without the epochs, warnings for the user, and the detections
    on validation images that match no label."""

    metrics: dict[str, Any]
    warnings: tuple[str, ...]
    unmatched: tuple[UnmatchedDetection, ...]


def build_package(
    provider: Provider, spec: PackageSpec, directory: Path, reporter: ProgressReporter
) -> Package:
    """Fill the empty ``directory`` with the model, its companions and the zip of them all.

    Raises: Conflict if the export disagrees with the checkpoint.
    """
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        context = replace(spec.context, scratch=Path(scratch))
        result = evaluate(provider, context, spec.parent, reporter)
        score = result.score
        reporter.say("Exporting to ONNX")
        provider.export_onnx(context, directory / ONNX_NAME)
        card = replace(
            spec.card,
            recommended_confidence=score.recommended_confidence,
            versions=_versions(provider),
        )
        model_zip.write_labels(directory, card.classes)
        model_zip.write_card(directory, card)
        reporter.say("Checking the exported model")
        agreed = check_export(provider, _on_cpu(context), directory, score.recommended_confidence)
    shutil.copyfile(spec.context.checkpoint, directory / CHECKPOINT_NAME)
    metrics = score.as_json() | {"agreement": agreed.as_json()}
    epochs = [row.as_json() for row in spec.epochs]
    model_zip.write_companions(directory, card, metrics | {"epochs": epochs})
    reporter.say("Packing")
    model_zip.pack(directory)
    result.write(directory)  # after the packing: it is for the page
    return Package(metrics, result.warnings, result.unmatched)


def check_export(
    provider: Provider, context: EvaluationContext, directory: Path, confidence: float
) -> agreement.Agreement:
    """Compare the ONNX model, run by ``predict.py``, with the checkpoint.

    Raises: Conflict if they disagree.
    """
    # Imports onnxruntime, which only worker processes may load.
    from tpod_core.inference.predict import Detector  # noqa: PLC0415

    images = agreement.spread(context.data.val)
    by_checkpoint = provider.predict(context, images, LOWEST_CONFIDENCE)
    agreed = agreement.compare(images, by_checkpoint, Detector(directory), confidence)
    if not agreed.holds:
        raise Conflict(
            f"The exported model is not offered: {agreed.shortfall}. "
            "Resume to try the export again."
        )
    return agreed


def _on_cpu(context: EvaluationContext) -> EvaluationContext:
    """Compare on the CPU, like onnxruntime: a GPU rounds differently."""
    return replace(context, config=context.config.model_copy(update={"device": "cpu"}))


def _versions(provider: Provider) -> dict[str, str]:
    ours = {"tpod": __version__} | {name: metadata.version(name) for name in _LIBRARIES}
    return ours | provider.versions
