"""Trains SSDlite and Faster R-CNN with torchvision and our own training loop."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torchvision.ops import boxes as box_ops
from torchvision.ops import nms

from tpod_core.detectors.protocol import (
    MAX_DETECTIONS,
    Detection,
    EvaluationContext,
    TrainingCallback,
    TrainRequest,
)
from tpod_core.training.hardware import choose_hardware
from tpod_core.training.loaded import keep_last_loaded
from tpod_core.training.oom_retry import train_within_memory
from tpod_core.training.torchvision_inference import answer_rows, read_letterboxed
from tpod_core.training.torchvision_network import load_trained
from tpod_core.training.torchvision_training import Training
from tpod_core.training.tracing import write_onnx, write_torchscript

_SMALLEST_BATCH = 2


class TorchvisionProvider:
    """See ``protocol.Provider``."""

    def __init__(self) -> None:
        self.versions = {"torchvision": torchvision.__version__, "torch": torch.__version__}
        self._network = keep_last_loaded(load_trained)

    def train(self, request: TrainRequest, callback: TrainingCallback) -> None:
        attempt = request.attempt
        if request.resume:
            attempt.go_on_from(request.resume)

        def run(again: TrainRequest) -> None:
            Training(again, callback, choose_hardware(again.config.device)).run()

        train_within_memory(request, callback, run, _SMALLEST_BATCH)
        attempt.best.replace(attempt.trained)

    def export_onnx(self, context: EvaluationContext, target: Path) -> None:
        with _suppression_without_branch(context.config.imgsz):
            write_onnx(_contract(context), context.config.imgsz, target)

    def export_torchscript(self, context: EvaluationContext, target: Path) -> None:
        with _suppression_without_branch(context.config.imgsz):
            write_torchscript(_contract(context), context.config.imgsz, target)

    def predict(
        self, context: EvaluationContext, images: Sequence[Path], confidence: float
    ) -> list[list[Detection]]:
        side_px = context.config.imgsz
        device = choose_hardware(context.config.device).torch_device
        network = self._network(context.checkpoint).to(device)
        with torch.inference_mode():
            return [_detect(network, path, side_px, confidence) for path in images]


class _Contract(nn.Module):
    """The network with the input and output of ``protocol.Provider.export_onnx``."""

    def __init__(self, network: Any) -> None:
        super().__init__()
        self._network = network

    def forward(self, images: Tensor) -> Tensor:
        rows = torch.cat([_rows(self._network, images[0]), torch.zeros(MAX_DETECTIONS, 6)])
        return rows[:MAX_DETECTIONS].reshape(1, MAX_DETECTIONS, 6)


def _contract(context: EvaluationContext) -> _Contract:
    return _Contract(load_trained(context.checkpoint))


@contextmanager
def _suppression_without_branch(side_px: int) -> Iterator[None]:
    """Trace torchvision's networks without their special case for "no boxes".

    With that branch in the graph, OpenVINO answers the first picture wrongly and TensorFlow's
    converter fails. The replacement also works for no boxes: it offsets the groups by a constant
    larger than the square, which boxes do not leave, instead of by the largest corner.
    """

    def suppress(boxes: Tensor, scores: Tensor, groups: Tensor, iou_threshold: float) -> Tensor:
        apart = groups.to(boxes) * (side_px + 1)
        kept: Tensor = nms(boxes + apart[:, None], scores, iou_threshold)
        return kept

    original = box_ops.batched_nms
    box_ops.batched_nms = suppress
    try:
        yield
    finally:
        box_ops.batched_nms = original


def _rows(network: Any, picture: Tensor) -> Tensor:
    return answer_rows(network([picture])[0])


def _detect(network: Any, path: Path, side_px: int, confidence: float) -> list[Detection]:
    picture, placement = read_letterboxed(path, side_px)
    device = next(network.parameters()).device
    return placement.detections(_rows(network, picture.to(device).float() / 255), confidence)
