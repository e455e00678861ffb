"""A network that keeps to the contract of ``protocol.Provider.export_onnx``, traced.

It takes (1, 3, side, side) and gives (1, n, 6).
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

_OPSET = 17
"""The first with all that is needed: GridSample came with 16, LayerNormalization with 17."""


def write_onnx(network: nn.Module, side_px: int, target: Path) -> None:
    with _constant_sizes(side_px) as example:
        torch.onnx.export(
            network.eval(),
            (example,),
            str(target),
            opset_version=_OPSET,
            input_names=["images"],
            output_names=["output0"],
            # The exporter that torch prefers now cannot follow the data-dependent loops of
            # torchvision.
            dynamo=False,
        )


def write_torchscript(network: nn.Module, side_px: int, target: Path) -> None:
    with _constant_sizes(side_px) as example, torch.inference_mode():
        # The check would compare two runs on an empty picture, where scores are all but equal.
        traced = torch.jit.trace(network.eval(), example, check_trace=False)  # type: ignore[no-untyped-call]
        torch.jit.save(traced, str(target))


@contextmanager
def _constant_sizes(side_px: int) -> Iterator[Tensor]:
    """An input to trace with. Tracing warns of every size that becomes a constant: here all
    of them shall."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield torch.zeros(1, 3, side_px, side_px)
