"""Evaluates a new model: score, report, comparison with its parent, findings."""

from dataclasses import dataclass, replace
from pathlib import Path

from tpod_core.detectors.protocol import EvaluationContext, ProgressReporter, Provider
from tpod_core.detectors.scores import Score
from tpod_core.evaluation import comparison, reporting, scoring, worst_pictures
from tpod_core.evaluation.average_precision import Metrics, measure
from tpod_core.evaluation.comparison import ParentIdentity
from tpod_core.evaluation.result_file import Evaluation, ParentReport, write_evaluation
from tpod_core.evaluation.scoring import Gathered
from tpod_core.evaluation.unmatched_detections import UnmatchedDetection, unmatched_in

MAX_UNMATCHED = 500
"""The highest number of findings shown to the user, those with the highest scores."""


@dataclass(frozen=True)
class Parent:
    """The model that was fine-tuned. ``context`` has its checkpoint, its configuration and its
    classes, and the validation images of the child."""

    identity: ParentIdentity
    context: EvaluationContext


@dataclass(frozen=True)
class EvaluationResult:
    """The evaluation of a model on its validation images."""

    gathered: Gathered
    score: Score
    evaluation: Evaluation

    @property
    def warnings(self) -> tuple[str, ...]:
        parent = self.evaluation.parent
        return comparison.warnings_of(parent) if parent else ()

    @property
    def unmatched(self) -> tuple[UnmatchedDetection, ...]:
        confidence = self.score.recommended_confidence
        return tuple(unmatched_in(self.gathered, confidence)[:MAX_UNMATCHED])

    def write(self, directory: Path) -> None:
        """Write the evaluation and the pictures of the worst images into a model's directory."""
        confidence = self.score.recommended_confidence
        worst = worst_pictures.write_worst(self.gathered, confidence, directory)
        write_evaluation(directory, replace(self.evaluation, worst=worst))


def evaluate(
    provider: Provider,
    context: EvaluationContext,
    parent: Parent | None,
    reporter: ProgressReporter,
) -> EvaluationResult:
    """Score the checkpoint of ``context``, and ``parent`` on the same images."""
    gathered = scoring.gather(provider, context, reporter)
    reporter.say("Calculating the score")
    metrics = measure(gathered.arrays())
    report = reporting.report(gathered, metrics)
    if parent is not None:
        parent_report = _compare(provider, parent, gathered, metrics, reporter)
        report = replace(report, parent=parent_report)
    return EvaluationResult(gathered, scoring.score_of(gathered, metrics), report)


def _compare(
    provider: Provider,
    parent: Parent,
    gathered: Gathered,
    metrics: Metrics,
    reporter: ProgressReporter,
) -> ParentReport:
    activity = f"Scoring {parent.identity.name} on the same images"
    by_parent = scoring.gather(provider, parent.context, reporter, gathered.classes, activity)
    return comparison.compare(parent.identity, by_parent, gathered, metrics)
