"""The detector families that can be trained. Providers are imported only when needed.

A new family is one module with a ``Provider`` and one line here.
"""

from dataclasses import dataclass
from pkgutil import resolve_name

from tpod_core.detectors.config import TrainConfig
from tpod_core.detectors.protocol import Provider
from tpod_core.detectors.torchvision_config import (
    FasterRcnn320Config,
    FasterRcnnConfig,
    SsdliteConfig,
)
from tpod_core.detectors.ultralytics_config import RtdetrConfig, YoloConfig
from tpod_core.errors import InvalidInput

ConfigModel = type[TrainConfig]


@dataclass(frozen=True)
class DetectorType:
    """An entry of the list of families.

    Attributes:
        family: ``fast`` or ``accurate``.
        description: its strengths and its cost. Costs were measured on a CPU, each family at its
            usual image size, relative to YOLO26 nano.
        provider: ``"module:class"``.
        weights_url: where its published weights are; empty if there are none.
    """

    type: str
    label: str
    family: str
    description: str
    config: ConfigModel
    provider: str
    weights_url: str


_YOLO = "tpod_core.training.ultralytics_provider:UltralyticsProvider"
_RTDETR = "tpod_core.training.rtdetr_provider:RtdetrProvider"
_TORCHVISION = "tpod_core.training.torchvision_provider:TorchvisionProvider"
_ULTRALYTICS_RELEASE = "https://github.com/ultralytics/assets/releases/download/v8.4.0"
_TORCHVISION_RELEASE = "https://download.pytorch.org/models"


def _yolo(name: str, label: str, family: str, description: str) -> DetectorType:
    weights = f"{_ULTRALYTICS_RELEASE}/{name}.pt"
    return DetectorType(name, label, family, description, YoloConfig, _YOLO, weights)


def _rtdetr(name: str, label: str, description: str, *, published: bool = False) -> DetectorType:
    weights = f"{_ULTRALYTICS_RELEASE}/{name}.pt" if published else ""
    return DetectorType(name, label, "accurate", description, RtdetrConfig, _RTDETR, weights)


_TYPES = (
    _yolo(
        "yolo26n",
        "YOLO26 nano",
        "fast",
        "The newest small network: quick to train and to run, also without a GPU. "
        "Start with this one.",
    ),
    _yolo(
        "yolo26s",
        "YOLO26 small",
        "fast",
        "Finds more than nano; takes about twice as long to train and to run.",
    ),
    _yolo(
        "yolo11n",
        "YOLO11 nano",
        "fast",
        "YOLO26's well-tried predecessor, about as fast. For tools that expect YOLO11.",
    ),
    _yolo(
        "yolo11s",
        "YOLO11 small",
        "fast",
        "Finds more than YOLO11 nano; takes about twice as long to train and to run.",
    ),
    DetectorType(
        "ssdlite320_mobilenet_v3_large",
        "SSDlite MobileNet",
        "fast",
        "The lightest: half of nano's time per picture, at 320 pixels. Misses small objects. "
        "Free of Ultralytics' licence.",
        SsdliteConfig,
        _TORCHVISION,
        f"{_TORCHVISION_RELEASE}/ssdlite320_mobilenet_v3_large_coco-a79551df.pth",
    ),
    _yolo(
        "yolo26m",
        "YOLO26 medium",
        "accurate",
        "For objects that small networks confuse. Five to seven times nano's time; "
        "train it on a GPU.",
    ),
    _yolo(
        "yolo26l",
        "YOLO26 large",
        "accurate",
        "A little more accurate than medium. About ten times nano's time; needs a GPU to train.",
    ),
    _yolo(
        "yolo26x",
        "YOLO26 extra large",
        "accurate",
        "The most accurate YOLO. About twenty times nano's time; needs a GPU to train.",
    ),
    _rtdetr(
        "rtdetr-l",
        "RT-DETR large",
        "A transformer: strong in crowded scenes. Ten to twelve times nano's time, and more "
        "epochs; needs a GPU to train.",
        published=True,
    ),
    _rtdetr(
        "rtdetr-resnet50",
        "RT-DETR ResNet-50",
        "RT-DETR on the well-known ResNet-50. No published weights: needs thousands of labelled "
        "frames and a GPU to train.",
    ),
    _rtdetr(
        "rtdetr-resnet101",
        "RT-DETR ResNet-101",
        "RT-DETR on the larger ResNet-101. No published weights: needs thousands of labelled "
        "frames and a GPU to train.",
    ),
    DetectorType(
        "fasterrcnn_resnet50_fpn_v2",
        "Faster R-CNN ResNet-50",
        "accurate",
        "The classic for small and far objects. Over twenty times nano's time to train, forty to "
        "run; needs a GPU. Free of Ultralytics' licence.",
        FasterRcnnConfig,
        _TORCHVISION,
        f"{_TORCHVISION_RELEASE}/fasterrcnn_resnet50_fpn_v2_coco-dd69338a.pth",
    ),
    DetectorType(
        "fasterrcnn_mobilenet_v3_large_320_fpn",
        "Faster R-CNN MobileNet",
        "accurate",
        "Faster R-CNN at 320 pixels: about nano's time to run, seven times to train. Free of "
        "Ultralytics' licence.",
        FasterRcnn320Config,
        _TORCHVISION,
        f"{_TORCHVISION_RELEASE}/fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9.pth",
    ),
)


def list_types() -> list[DetectorType]:
    return list(_TYPES)


def get_type(name: str) -> DetectorType:
    """Raises: InvalidInput that lists the families."""
    for known in _TYPES:
        if known.type == name:
            return known
    names = ", ".join(known.type for known in _TYPES)
    raise InvalidInput(f"There is no detector family {name!r}. There are: {names}.", "dnn_type")


def config_model(name: str) -> ConfigModel:
    return get_type(name).config


def load_provider(name: str) -> Provider:
    """Import the family's libraries (takes seconds); for worker processes only."""
    provider: Provider = resolve_name(get_type(name).provider)()
    return provider
