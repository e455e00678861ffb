"""TorchScript, traced by the family itself: ONNX does not lead back to PyTorch."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torchvision

from tpod_core.exports.task import ExportTask, Rows

NAME = "model.torchscript"
_BRINGS_AN_OPERATION = torchvision
"""Loading the traced model needs torchvision's non-maximum suppression to be registered."""


@contextmanager
def export_torchscript(task: ExportTask) -> Iterator[Rows]:
    """See ``task.Exporter``."""
    target = task.directory / NAME
    task.provider.export_torchscript(task.context, target)
    model = torch.jit.load(str(target), map_location="cpu")  # type: ignore[no-untyped-call]
    with torch.inference_mode():
        yield lambda picture: model(torch.from_numpy(picture))[0].numpy()
