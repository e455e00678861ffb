"""What a family of detectors must be able to do, and the values that pass to and fro.

Light: no torch here. A family implements ``Provider`` in a module of its own and has one
line in ``registry``; the worker knows nothing else about it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from tpod_core.detectors.attempts import Attempt
from tpod_core.detectors.config import TrainConfig
from tpod_core.detectors.scores import EpochRow
from tpod_core.geometry import Box

MAX_DETECTIONS = 300
"""Per image, the best ones."""

LOWEST_CONFIDENCE = 0.001
"""Built into every exported model, so that whoever runs it may choose any higher one."""


@dataclass(frozen=True)
class Detection:
    """One object found; ``score`` 0..1, ``class_id`` a position in the training set's classes."""

    box: Box
    score: float
    class_id: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """One row of ``predict.py``'s answer as a value."""
        return cls(Box(*row["box"]), row["score"], row["class_id"])


@dataclass(frozen=True)
class DatasetLayout:
    """A training set as the trainer sees it: absolute image paths, classes by ``class_id``.

    ``directory`` is ours to write in (Ultralytics caches beside the labels); ``images`` and
    ``labels`` in it lead to the immutable set. ``data_view.label_of`` tells an image's labels.
    ``notes`` are sentences that a person should know about this choice of frames.
    """

    directory: Path
    classes: tuple[str, ...]
    train: tuple[Path, ...]
    val: tuple[Path, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainRequest:
    """One run of a training.

    Attributes:
        attempt: where this run alone may write.
        resume: an earlier run whose checkpoint to go on from.
        weights: a checkpoint to start from; ``None`` starts at random. A parent's knows its
            classes, which come first in ``data.classes``: what it learnt of them is kept.
    """

    dnn_type: str
    config: TrainConfig
    data: DatasetLayout
    attempt: Attempt
    resume: Attempt | None = None
    weights: Path | None = None


class TrainingCallback(Protocol):
    """Hears of a training's progress; any of these may raise JobStopped to end it at once."""

    def check(self) -> None:
        """Called for every batch of a validation."""

    def on_batch(self, epoch: int, fraction: float) -> None:
        """A batch is done: ``epoch`` from 1, ``fraction`` of the whole training 0..1."""

    def on_epoch(self, row: EpochRow) -> None: ...

    def warn(self, message: str) -> None:
        """A sentence that a person should find beside the finished detector."""


class ProgressReporter(Protocol):
    """Hears what is done with a trained model; either may raise JobStopped to end it."""

    def say(self, message: str) -> None: ...

    def check(self) -> None: ...


@dataclass(frozen=True)
class EvaluationContext:
    """What a finished model is tried on: the checkpoint, its data and how to run it."""

    checkpoint: Path
    data: DatasetLayout
    config: TrainConfig
    scratch: Path = field(default_factory=Path)


class Provider(Protocol):
    """A family. Methods are called in a worker process, one training per process."""

    versions: dict[str, str]
    """The libraries that made the model, by name."""

    def train(self, request: TrainRequest, watcher: TrainingCallback) -> None:
        """Train to the end and leave the best model at ``request.attempt.trained``.

        Keeps a checkpoint in the attempt after every epoch, so that another attempt can go
        on. Raises: TpodError with a sentence where the cause is known.
        """

    def export_onnx(self, context: EvaluationContext, target: Path) -> None:
        """Write the model as ONNX: input (1, 3, s, s) RGB 0..1, output (1, n, 6) rows
        ``x1, y1, x2, y2, score, class`` in input pixels, padded with zero scores."""

    def export_torchscript(self, context: EvaluationContext, target: Path) -> None:
        """Write the model as TorchScript, with input and output as in ``export_onnx``."""

    def predict(
        self, context: EvaluationContext, images: Sequence[Path], confidence: float
    ) -> list[list[Detection]]:
        """Detections per image in the image's own pixels, best first, at most
        ``MAX_DETECTIONS``.

        Runs on the device of ``context.config``, and is called again and again with the same
        checkpoint: the model stays loaded. Raises: InvalidInput if there is no such device,
        Conflict if the checkpoint is damaged.
        """
