"""Trains the RT-DETR families with Ultralytics.

Ultralytics stretches pictures to a square for this family. We letterbox them, in training and
in inference, so that the exported model takes the same input as those of the other families.
"""

from pathlib import Path
from typing import Any

from tpod_core.detectors.protocol import MAX_DETECTIONS, EvaluationContext, TrainRequest
from tpod_core.training.ultralytics_provider import (
    TrainerOverrides,
    UltralyticsProvider,
    require_loadable,
    with_every_label,
)

# isort: split
import torch
import ultralytics
from torch import Tensor, nn
from ultralytics.data import build_yolo_dataset
from ultralytics.engine.results import Results
from ultralytics.models.rtdetr.predict import RTDETRPredictor
from ultralytics.models.rtdetr.train import RTDETRTrainer
from ultralytics.nn.tasks import load_checkpoint
from ultralytics.utils.ops import scale_boxes

from tpod_core.training.tracing import write_onnx, write_torchscript

_STRIDE_PX = 32


class _Trainer(TrainerOverrides, RTDETRTrainer):  # type: ignore[misc]
    def build_dataset(self, img_path: str, mode: str = "train", batch: int | None = None) -> Any:
        """Build the data set as for YOLO, with letterboxed squares in both splits."""
        dataset = build_yolo_dataset(
            self.args, img_path, batch, self.data, mode=mode, rect=False, stride=_STRIDE_PX
        )
        return with_every_label(dataset) if mode == "val" else dataset


class _Predictor(RTDETRPredictor):  # type: ignore[misc]
    scale_fill = False

    def postprocess(self, preds: Any, img: Tensor, orig_imgs: Any) -> list[Results]:
        """Convert predictions on the letterboxed ``img`` (n, 3, side, side) to original pixels."""
        rows = _in_pixels(preds[0], img.shape[-1])
        results = []
        for found, original, path in zip(rows, orig_imgs, self.batch[0], strict=True):
            kept = found[found[:, 4] > self.args.conf][: self.args.max_det]
            kept[:, :4] = scale_boxes(img.shape[2:], kept[:, :4], original.shape)
            results.append(Results(original, path=path, names=self.model.names, boxes=kept))
        return results


class RtdetrProvider(UltralyticsProvider):
    """See ``protocol.Provider``."""

    trainer = _Trainer
    network = ultralytics.RTDETR
    predictor = _Predictor

    def arguments(self, request: TrainRequest) -> dict[str, Any]:
        # Its sampling of the feature maps has no deterministic implementation on a GPU.
        return super().arguments(request) | {"deterministic": False}

    def export_onnx(self, context: EvaluationContext, target: Path) -> None:
        write_onnx(_contract(context), context.config.imgsz, target)

    def export_torchscript(self, context: EvaluationContext, target: Path) -> None:
        write_torchscript(_contract(context), context.config.imgsz, target)


class _Contract(nn.Module):
    """The network with the input and output of ``protocol.Provider.export_onnx``."""

    def __init__(self, network: Any, side_px: int) -> None:
        super().__init__()
        self._network = network
        self._side_px = side_px
        head = network.model[-1]
        head.export, head.format = True, "onnx"

    def forward(self, images: Tensor) -> Tensor:
        rows = _in_pixels(self._network(images), self._side_px)
        # Small inputs give fewer rows than the network has queries.
        return nn.functional.pad(rows, (0, 0, 0, MAX_DETECTIONS - rows.shape[1]))


def _contract(context: EvaluationContext) -> _Contract:
    network, _ = load_checkpoint(require_loadable(context.checkpoint), device=torch.device("cpu"))
    return _Contract(network.fuse(), context.config.imgsz)


def _in_pixels(rows: Tensor, side_px: int) -> Tensor:
    """Convert (…, 6) rows of center, size, score, class: fractions to corners in pixels."""
    center, size, rest = rows[..., :2], rows[..., 2:4], rows[..., 4:]
    corners = torch.cat([center - size / 2, center + size / 2], dim=-1) * side_px
    return torch.cat([corners, rest], dim=-1)
