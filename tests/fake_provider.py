"""A family that trains in no time, to stand at the door of ``detectors.registry``."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tpod_core.detectors.protocol import (
    Detection,
    EvaluationContext,
    TrainingCallback,
    TrainRequest,
)
from tpod_core.detectors.scores import EpochRow
from tpod_core.geometry import Box

SIDE_PX = 64
ANSWER_IN_INPUT = (10.0, 18.0, 30.0, 38.0)
ANSWER_IN_FRAME = Box(25.0, 25.0, 75.0, 75.0)
"""The same box in a 160x120 frame, scaled by 0.4 and moved 8 px down in the square."""


class FakeProvider:
    """Two batches an epoch; ``before_batch`` may do anything before each, or raise."""

    def __init__(self) -> None:
        self.versions = {"fake": "1"}
        self.requests: list[TrainRequest] = []
        self.before_batch: Callable[[int], None] = lambda epoch: None
        self.exported_answer = ANSWER_IN_INPUT
        self.finds: Callable[[EvaluationContext], bool] = lambda context: True
        self.warning = ""

    def train(self, request: TrainRequest, watcher: TrainingCallback) -> None:
        self.requests.append(request)
        attempt, epochs = request.attempt, request.config.epochs
        done = 0
        if self.warning:
            watcher.warn(self.warning)
        if request.resume:
            done = request.resume.checkpoints()[-1][0]
            attempt.continue_from(request.resume, done)
        file = attempt.directory / "last.pt"
        for epoch in range(done + 1, epochs + 1):
            for batch in (1, 2):
                self.before_batch(epoch)
                watcher.on_batch(epoch, (epoch - 1 + batch / 2) / epochs)
            file.write_bytes(f"epoch {epoch}".encode())
            attempt.append_epoch(row_of(epoch))
            attempt.keep_best(file)
            attempt.keep_checkpoint(file, epoch)
            watcher.on_epoch(row_of(epoch))
        file.replace(attempt.trained)

    def export_onnx(self, context: EvaluationContext, target: Path) -> None:
        onnx.save(constant_model(self.exported_answer), target)

    def export_torchscript(self, context: EvaluationContext, target: Path) -> None:
        import torch

        rows = torch.zeros(1, 300, 6)
        rows[0, 0] = torch.tensor([*self.exported_answer, 0.9, 0])

        class Constant(torch.nn.Module):
            def forward(self, picture: torch.Tensor) -> torch.Tensor:
                return rows + picture.sum() * 0

        traced = torch.jit.trace(Constant(), torch.zeros(1, 3, SIDE_PX, SIDE_PX))
        torch.jit.save(traced, str(target))

    def predict(
        self, context: EvaluationContext, images: Sequence[Path], confidence: float
    ) -> list[list[Detection]]:
        found = [Detection(ANSWER_IN_FRAME, 0.9, 0)] if self.finds(context) else []
        return [found for _ in images]


def row_of(epoch: int) -> EpochRow:
    losses = {"box_loss": 1 / epoch, "cls_loss": 2 / epoch}
    return EpochRow(epoch, 0.5, losses, losses, 0.5, 0.25, 0.1 * epoch, 0.05 * epoch, 0.002)


def constant_model(answer: tuple[float, float, float, float]) -> onnx.ModelProto:
    """A model that finds one object of class 0 with score 0.9 in whatever it is shown."""
    rows = np.zeros((1, 300, 6), np.float32)
    rows[0, 0] = (*answer, 0.9, 0)
    node = helper.make_node("Constant", [], ["output0"], value=numpy_helper.from_array(rows))
    graph = helper.make_graph(
        [node],
        "constant",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, SIDE_PX, SIDE_PX])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, [1, 300, 6])],
    )
    opset = helper.make_opsetid("", 18)
    return helper.make_model(graph, opset_imports=[opset], ir_version=10)
