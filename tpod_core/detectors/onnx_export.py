"""A network that keeps to the contract of ``protocol.Provider.export_onnx``, written as ONNX."""

import warnings
from pathlib import Path

import torch
from torch import nn

_OPSET = 17
"""The first with all that is needed: GridSample came with 16, LayerNormalization with 17."""


def write_onnx(network: nn.Module, side_px: int, target: Path) -> None:
    """``network`` takes (1, 3, side, side) and gives (1, n, 6)."""
    with warnings.catch_warnings():
        # Tracing warns of every size that becomes a constant: here all of them shall. The
        # exporter that torch prefers now cannot follow the data-dependent loops of torchvision.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (torch.zeros(1, 3, side_px, side_px),),
            str(target),
            opset_version=_OPSET,
            input_names=["images"],
            output_names=["output0"],
            dynamo=False,
        )
