"""All that is worked out about a new model: score, report, comparison, findings."""

from dataclasses import dataclass, replace
from pathlib import Path

from tpod_core.detectors.protocol import ProgressReporter, Provider, Scene
from tpod_core.detectors.scores import Score
from tpod_core.evaluation import comparison, reporting, scoring, worst_pictures
from tpod_core.evaluation.average_precision import Precision, measure
from tpod_core.evaluation.comparison import ParentIdentity
from tpod_core.evaluation.result_file import Evaluation, ParentReport, write_evaluation
from tpod_core.evaluation.scoring import Gathered
from tpod_core.evaluation.unmatched_detections import Unexplained, unexplained_in

MOST_UNEXPLAINED = 500
"""Findings that a person may be asked about; the surest come first."""


@dataclass(frozen=True)
class Parent:
    """The model that was taught further. ``scene`` has its checkpoint, its configuration and
    its classes, and the validation images of the child."""

    identity: ParentIdentity
    scene: Scene


@dataclass(frozen=True)
class Verdict:
    """What is known of a model on its validation images."""

    gathered: Gathered
    score: Score
    evaluation: Evaluation

    @property
    def warnings(self) -> tuple[str, ...]:
        parent = self.evaluation.parent
        return comparison.warnings_of(parent) if parent else ()

    @property
    def unexplained(self) -> tuple[Unexplained, ...]:
        confidence = self.score.recommended_confidence
        return tuple(unexplained_in(self.gathered, confidence)[:MOST_UNEXPLAINED])

    def write(self, directory: Path) -> None:
        """The evaluation, and the pictures of the worst images, into a model's directory."""
        confidence = self.score.recommended_confidence
        worst = worst_pictures.write_worst(self.gathered, confidence, directory)
        write_evaluation(directory, replace(self.evaluation, worst=worst))


def judge(
    provider: Provider, scene: Scene, parent: Parent | None, steps: ProgressReporter
) -> Verdict:
    """Score the checkpoint of ``scene``, and ``parent`` on the same images."""
    gathered = scoring.gather(provider, scene, steps)
    steps.say("Working out the score")
    precision = measure(gathered.ranked())
    report = reporting.report(gathered, precision)
    if parent is not None:
        compared = _compare(provider, parent, gathered, precision, steps)
        report = replace(report, parent=compared)
    return Verdict(gathered, scoring.score_of(gathered, precision), report)


def _compare(
    provider: Provider,
    parent: Parent,
    gathered: Gathered,
    precision: Precision,
    steps: ProgressReporter,
) -> ParentReport:
    class_ids = comparison.class_ids_by_name(parent.identity.classes, gathered.classes)
    doing = f"Scoring {parent.identity.name} on the same images"
    by_parent = scoring.gather(provider, parent.scene, steps, class_ids, doing)
    return comparison.compare(parent.identity, by_parent, gathered, precision)
