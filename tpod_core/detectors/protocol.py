"""The interface of a detector family and the values passed through it.

Imports no torch. A family implements ``Provider`` in a module of its own and has one line in
``registry``; the worker knows nothing else about it.
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
"""Per image; the highest scores are kept."""

LOWEST_CONFIDENCE = 0.001
"""Built into every exported model, so that a caller can choose any higher threshold."""


@dataclass(frozen=True)
class Detection:
    """A detected object; ``score`` 0..1, ``class_id`` a position in the training set's classes."""

    box: Box
    score: float
    class_id: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Convert one row of ``predict.py``'s output."""
        return cls(Box(*row["box"]), row["score"], row["class_id"])

    @property
    def is_inside(self) -> bool:
        """Whether anything of it lies inside the picture to which its box is clipped.

        By the rule of ``predict.py``, which rounds to hundredths of a pixel: scores and exports
        count what users of the detector see.
        """
        x1, y1, x2, y2 = (round(edge, 2) for edge in self.box.xyxy)
        return x1 < x2 and y1 < y2


@dataclass(frozen=True)
class DatasetLayout:
    """A training set as the trainer reads it: absolute image paths, classes by ``class_id``.

    ``directory`` is writable (Ultralytics caches beside the labels); ``images`` and ``labels``
    in it link to the immutable set. ``dataset_layout.label_of`` finds the labels of an image.
    ``notes`` are warnings about the selection of frames, shown to the user.
    """

    directory: Path
    classes: tuple[str, ...]
    train: tuple[Path, ...]
    val: tuple[Path, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainRequest:
    """One attempt at a training.

    Attributes:
        attempt: the directory that only this attempt writes to.
        resume: an earlier attempt to resume from its checkpoint.
        weights: a checkpoint to start from; ``None`` starts from random weights. The classes of
            a parent's checkpoint come first in ``data.classes``, so their weights are kept.
    """

    dnn_type: str
    config: TrainConfig
    data: DatasetLayout
    attempt: Attempt
    resume: Attempt | None = None
    weights: Path | None = None


class TrainingCallback(Protocol):
    """Receives a training's progress; any method may raise JobStopped to end it at once."""

    def check(self) -> None:
        """Called for every batch of a validation."""

    def on_batch(self, epoch: int, fraction: float) -> None:
        """Called after a batch; ``epoch`` from 1, ``fraction`` of the whole training 0..1."""

    def on_epoch(self, row: EpochRow) -> None: ...

    def warn(self, message: str) -> None:
        """Record a warning that is shown with the finished detector."""


class ProgressReporter(Protocol):
    """Receives the steps of packaging a model; either method may raise JobStopped to end it."""

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
    """A detector family. Its methods run in a worker process, one training per process."""

    versions: dict[str, str]
    """Versions of the libraries that train the model, by name."""

    def train(self, request: TrainRequest, callback: TrainingCallback) -> None:
        """Train to the end and store the best model at ``request.attempt.trained``.

        Keeps a checkpoint in the attempt after every epoch, so that another attempt can
        resume. Raises: TpodError where the cause is known.
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
