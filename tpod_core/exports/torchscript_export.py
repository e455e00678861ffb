"""Exports to TorchScript by tracing the family's network: ONNX cannot be converted back."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torchvision

from tpod_core.exports.task import ExportTask, Rows

NAME = "model.torchscript"
_REGISTERS_NMS = torchvision
"""Importing torchvision registers non-maximum suppression, which the traced model needs."""


@contextmanager
def export_torchscript(task: ExportTask) -> Iterator[Rows]:
    """See ``task.Exporter``."""
    target = task.directory / NAME
    task.provider.export_torchscript(task.context, target)
    model = torch.jit.load(str(target), map_location="cpu")  # type: ignore[no-untyped-call]
    with torch.inference_mode():
        yield lambda picture: model(torch.from_numpy(picture))[0].numpy()
