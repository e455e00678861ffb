"""Traces networks with the input and output of ``protocol.Provider.export_onnx`` to files."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

_OPSET = 17
"""The first with all needed operators: GridSample needs 16, LayerNormalization 17."""


def write_onnx(network: nn.Module, side_px: int, target: Path) -> None:
    """Write ``network``, which maps (1, 3, side, side) to (1, n, 6), as ONNX."""
    with _quiet():
        torch.onnx.export(
            network.eval(),
            (_picture(side_px),),
            str(target),
            opset_version=_OPSET,
            input_names=["images"],
            output_names=["output0"],
            # torch's default exporter cannot trace torchvision's data-dependent loops.
            dynamo=False,
        )


def write_torchscript(network: nn.Module, side_px: int, target: Path) -> None:
    """Write ``network`` as TorchScript, with input and output as in ``write_onnx``."""
    with _quiet(), torch.no_grad():
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]
            network.eval(), _picture(side_px), check_trace=False
        )
        torch.jit.save(traced, str(target))


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the warnings about sizes that become constants: all of them should."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _picture(side_px: int) -> Tensor:
    return torch.zeros(1, 3, side_px, side_px)
