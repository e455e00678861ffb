"""torchvision's detection networks, made for our classes and for square input.

Source: torchvision.models.detection of the pinned version.
"""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import detection
from torchvision.models.detection.transform import GeneralizedRCNNTransform

from tpod_core.detectors.protocol import LOWEST_CONFIDENCE, MAX_DETECTIONS
from tpod_core.errors import Conflict

_SSD = {"score_thresh": LOWEST_CONFIDENCE, "detections_per_img": MAX_DETECTIONS}
_FASTER_RCNN = {
    "box_score_thresh": LOWEST_CONFIDENCE,
    "box_detections_per_img": MAX_DETECTIONS,
    # The small one hides unsure proposals by default: at the start, all of them.
    "rpn_score_thresh": 0.0,
}
_OPTIONS: dict[str, dict[str, float]] = {
    "ssdlite320_mobilenet_v3_large": _SSD,
    "fasterrcnn_resnet50_fpn_v2": _FASTER_RCNN,
    "fasterrcnn_mobilenet_v3_large_320_fpn": _FASTER_RCNN,
}
_UNREADABLE = (TypeError, ValueError, RuntimeError, OSError, EOFError, pickle.UnpicklingError)
"""What loading a damaged file raises, by the kind of damage."""

_BATCH_MOMENTUM = 0.1
"""torch's default. SSDlite's own 0.03 is for long trainings: after the few hundred steps of a
small set its running statistics are still those of the start, and it finds nothing."""

_LEAST_FITTING = 0.5
"""Share of a network's tensors that weights of the same family fill; the rest is the head."""


class _Square(GeneralizedRCNNTransform):  # type: ignore[misc]
    """Normalises only: pictures come letterboxed in their final size, in training as in use."""

    def resize(self, image: Tensor, target: Any = None) -> tuple[Tensor, Any]:
        return image, target


@dataclass(frozen=True)
class Weights:
    """What a file holds: ``classes`` in the order of the head, none in published weights."""

    state: Mapping[str, Tensor]
    classes: tuple[str, ...] | None


def build(dnn_type: str, class_count: int) -> Any:
    """A network with random weights, for squares of any size; ``class_count`` of ours."""
    network = getattr(detection, dnn_type)(
        weights=None, weights_backbone=None, num_classes=class_count + 1, **_OPTIONS[dnn_type]
    )
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = _BATCH_MOMENTUM
    given = network.transform
    # Pictures come as squares: their size is whatever they have.
    network.transform = _Square(1, 1, given.image_mean, given.image_std, size_divisible=1)
    return network


def read_file(path: Path) -> dict[str, Any]:
    """Whatever tensors and plain values ``path`` holds.

    Raises: Conflict if it is gone, damaged, or holds more than that.
    """
    if not path.is_file():
        raise Conflict(f"The checkpoint {path.name} is gone. Train the detector again.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        raise _damaged(path) from error
    if not isinstance(content, dict):
        raise _damaged(path)
    return content


def read_weights(path: Path) -> Weights:
    """Our own checkpoint, or torchvision's published file. Raises: Conflict as ``read_file``."""
    content = read_file(path)
    if "model" not in content:
        return Weights(content, None)
    return Weights(content["model"], tuple(content["classes"]))


def fill(network: nn.Module, weights: Weights, path: Path) -> None:
    """Copy into ``network`` what fits of ``weights``, the rows of known classes included.

    Those classes are the first of the network's. Raises: Conflict if it is another family's.
    """
    ours = network.state_dict()
    fitting = 0
    for name, target in ours.items():
        source = weights.state.get(name)
        if not isinstance(source, Tensor):
            continue
        if source.shape == target.shape:
            target.copy_(source)
            fitting += 1
        elif weights.classes is not None:
            _copy_class_rows(name, source, target, len(weights.classes))
    if fitting < _LEAST_FITTING * len(ours):
        raise _damaged(path)


def restore(network: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    """The very network that ``state`` was taken from. Raises: Conflict if it is another."""
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise _damaged(path) from error


def load_trained(path: Path) -> Any:
    """The trained network of our checkpoint at ``path``, ready to detect.

    Raises: Conflict if it is no such checkpoint.
    """
    content = read_file(path)
    dnn_type, classes = content.get("dnn_type"), content.get("classes")
    if dnn_type not in _OPTIONS or not isinstance(classes, list):
        raise _damaged(path)
    network = build(dnn_type, len(classes))
    restore(network, content["model"], path)
    return network.eval()


def _copy_class_rows(name: str, source: Tensor, target: Tensor, known: int) -> None:
    """The head's rows run over (anchors, background and classes, numbers per class)."""
    per_class = 4 if "bbox_pred" in name else 1
    rows = known + 1
    anchors, left = divmod(source.shape[0], rows * per_class)
    if left or source.shape[1:] != target.shape[1:] or target.shape[0] % (anchors * per_class):
        return
    wanted = target.view(anchors, -1, per_class, *target.shape[1:])
    if wanted.shape[1] >= rows:
        wanted[:, :rows] = source.view(anchors, rows, per_class, *source.shape[1:])


def _damaged(path: Path) -> Conflict:
    return Conflict(
        f"{path.name} is damaged or no checkpoint of this family. "
        "Replace or remove the file, and train again."
    )
