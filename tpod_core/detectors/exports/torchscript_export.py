"""TorchScript, traced by the family itself: ONNX does not lead back to PyTorch."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
import torchvision

from tpod_core.detectors.exports.task import ExportTask, Rows
from tpod_core.detectors.protocol import Scene
from tpod_core.errors import Conflict

NAME = "model.torchscript"
_BRINGS_AN_OPERATION = torchvision
"""Loading the traced model needs torchvision's non-maximum suppression to be registered."""


@runtime_checkable
class Scriptable(Protocol):
    """A provider whose models can be traced."""

    def export_torchscript(self, scene: Scene, target: Path) -> None:
        """Write the model as TorchScript, with input and output as in ``export_onnx``."""


@contextmanager
def export_torchscript(task: ExportTask) -> Iterator[Rows]:
    """See ``task.Exporter``."""
    if not isinstance(task.provider, Scriptable):
        raise Conflict("Detectors of this family cannot be had as TorchScript. Take the ONNX.")
    target = task.directory / NAME
    task.provider.export_torchscript(task.scene, target)
    model = torch.jit.load(str(target), map_location="cpu")  # type: ignore[no-untyped-call]
    with torch.inference_mode():
        yield lambda picture: model(torch.from_numpy(picture))[0].numpy()
