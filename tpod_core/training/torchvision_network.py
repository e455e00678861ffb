"""Builds torchvision's detection networks for our classes and for square input.

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
    # The small network drops weak proposals by default: at the start, all of them.
    "rpn_score_thresh": 0.0,
}
_OPTIONS: dict[str, dict[str, float]] = {
    "ssdlite320_mobilenet_v3_large": _SSD,
    "fasterrcnn_resnet50_fpn_v2": _FASTER_RCNN,
    "fasterrcnn_mobilenet_v3_large_320_fpn": _FASTER_RCNN,
}
_UNREADABLE = (TypeError, ValueError, RuntimeError, OSError, EOFError, pickle.UnpicklingError)
"""The exceptions that loading a damaged file raises."""

_BATCH_MOMENTUM = 0.1
"""torch's default. SSDlite's own 0.03 is for long trainings: after the few hundred steps of a
small set its running statistics are still close to the initial ones, and it finds nothing."""

_MIN_MATCHING_SHARE = 0.5
"""Weights of the same family fill at least this share of a network's tensors; the rest is the
head."""


class _Square(GeneralizedRCNNTransform):  # type: ignore[misc]
    """Normalises only: pictures arrive letterboxed in their final size."""

    def resize(self, image: Tensor, target: Any = None) -> tuple[Tensor, Any]:
        return image, target


@dataclass(frozen=True)
class Weights:
    """The contents of a weights file; ``classes`` in the head's order, ``None`` if published."""

    state: Mapping[str, Tensor]
    classes: tuple[str, ...] | None


def build(dnn_type: str, class_count: int) -> Any:
    """Build a network with random weights for squares of any size.

    ``class_count`` does not count the background.
    """
    network = getattr(detection, dnn_type)(
        weights=None, weights_backbone=None, num_classes=class_count + 1, **_OPTIONS[dnn_type]
    )
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = _BATCH_MOMENTUM
    default = network.transform
    # Pictures are already squares of the right size, so the sizes given here have no effect.
    network.transform = _Square(1, 1, default.image_mean, default.image_std, size_divisible=1)
    return network


def read_file(path: Path) -> dict[str, Any]:
    """Read a file of tensors and plain values.

    Raises: Conflict if it is missing, damaged, or holds anything else.
    """
    if not path.is_file():
        raise Conflict(f"The checkpoint {path.name} is missing. Train the detector again.")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except _UNREADABLE as error:
        raise _damaged(path) from error
    if not isinstance(content, dict):
        raise _damaged(path)
    return content


def read_weights(path: Path) -> Weights:
    """Read our own checkpoint or torchvision's published file. Raises: as ``read_file``."""
    content = read_file(path)
    if "model" not in content:
        return Weights(content, None)
    return Weights(content["model"], tuple(content["classes"]))


def fill(network: nn.Module, weights: Weights, path: Path) -> None:
    """Copy the tensors of ``weights`` that fit into ``network``, with the rows of known classes.

    The known classes are the first of the network's. Raises: Conflict if the weights belong to
    another family.
    """
    own_state = network.state_dict()
    fitting = 0
    for name, target in own_state.items():
        source = weights.state.get(name)
        if not isinstance(source, Tensor):
            continue
        if source.shape == target.shape:
            target.copy_(source)
            fitting += 1
        elif weights.classes is not None:
            _copy_class_rows(name, source, target, len(weights.classes))
    if fitting < _MIN_MATCHING_SHARE * len(own_state):
        raise _damaged(path)


def restore(network: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    """Load ``state``. Raises: Conflict if it was saved from another network."""
    try:
        network.load_state_dict(state)
    except (RuntimeError, TypeError, AttributeError) as error:
        raise _damaged(path) from error


def load_trained(path: Path) -> Any:
    """Load the trained network of our checkpoint at ``path``, in evaluation mode.

    Raises: Conflict if it is not such a checkpoint.
    """
    content = read_file(path)
    dnn_type, classes = content.get("dnn_type"), content.get("classes")
    if dnn_type not in _OPTIONS or not isinstance(classes, list):
        raise _damaged(path)
    network = build(dnn_type, len(classes))
    restore(network, content["model"], path)
    return network.eval()


def _copy_class_rows(name: str, source: Tensor, target: Tensor, known: int) -> None:
    """Copy the rows of known classes; axis 0 of a head is (anchors, 1 + classes, per class)."""
    per_class = 4 if "bbox_pred" in name else 1
    rows = known + 1
    anchors, left = divmod(source.shape[0], rows * per_class)
    if left or source.shape[1:] != target.shape[1:] or target.shape[0] % (anchors * per_class):
        return
    by_class = target.view(anchors, -1, per_class, *target.shape[1:])
    if by_class.shape[1] >= rows:
        by_class[:, :rows] = source.view(anchors, rows, per_class, *source.shape[1:])


def _damaged(path: Path) -> Conflict:
    return Conflict(
        f"{path.name} is damaged or not a checkpoint of this family. "
        "Replace or remove the file, and train again."
    )
