"""The input and the result of an exporter. No heavy imports."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tpod_core.detectors.protocol import EvaluationContext, Provider

Rows = Callable[[Any], Any]
"""Runs a model: maps float32 (1, 3, s, s), RGB 0..1, to (n, 6), the rows of our ONNX models."""


@dataclass(frozen=True)
class ExportTask:
    """One export.

    Attributes:
        context: the checkpoint and a scratch directory of this export's own.
        model: the published directory, with the ONNX model that agrees with the checkpoint.
        directory: empty; everything written into it is published.
        check: called about every second; may raise JobStopped.
    """

    provider: Provider
    context: EvaluationContext
    model: Path
    directory: Path
    check: Callable[[], None]


class Exporter(Protocol):
    """Writes the model in its format, and runs it while the context is open.

    Raises: Conflict where the cause is known.
    """

    def __call__(self, task: ExportTask) -> AbstractContextManager[Rows]: ...
