"""Networks that keep to the contract of ``protocol.Provider.export_onnx``, traced to files."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

_OPSET = 17
"""The first with all that is needed: GridSample came with 16, LayerNormalization with 17."""


def write_onnx(network: nn.Module, side_px: int, target: Path) -> None:
    """``network`` takes (1, 3, side, side) and gives (1, n, 6)."""
    with _quiet():
        torch.onnx.export(
            network.eval(),
            (_picture(side_px),),
            str(target),
            opset_version=_OPSET,
            input_names=["images"],
            output_names=["output0"],
            # The exporter that torch prefers cannot follow torchvision's data-dependent loops.
            dynamo=False,
        )


def write_torchscript(network: nn.Module, side_px: int, target: Path) -> None:
    """As ``write_onnx``."""
    with _quiet(), torch.no_grad():
        traced = torch.jit.trace(  # type: ignore[no-untyped-call]
            network.eval(), _picture(side_px), check_trace=False
        )
        torch.jit.save(traced, str(target))


@contextmanager
def _quiet() -> Iterator[None]:
    """Tracing warns of every size that becomes a constant: here all of them shall."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _picture(side_px: int) -> Tensor:
    return torch.zeros(1, 3, side_px, side_px)
