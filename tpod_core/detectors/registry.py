"""The families that can be trained. Light: providers are imported when they are needed.

A new family is one module with a ``Provider`` and one line here.
"""

from dataclasses import dataclass
from importlib import import_module

from tpod_core.detectors.config import TrainConfig, YoloConfig
from tpod_core.detectors.protocol import Provider
from tpod_core.errors import InvalidInput

ConfigModel = type[TrainConfig]


@dataclass(frozen=True)
class DetectorType:
    """One choice in the list of families.

    ``provider`` is ``"module:class"``; ``weights`` the file name of the published weights.
    """

    type: str
    label: str
    family: str
    description: str
    config: ConfigModel
    provider: str
    weights: str


_YOLO = "tpod_core.detectors.ultralytics_provider:UltralyticsProvider"

_TYPES = (
    DetectorType(
        "yolo26n",
        "YOLO26 nano",
        "fast",
        "The newest small network: quick to train and to run, also without a GPU. "
        "Start with this one.",
        YoloConfig,
        _YOLO,
        "yolo26n.pt",
    ),
    DetectorType(
        "yolo11n",
        "YOLO11 nano",
        "fast",
        "Its well-tried predecessor, about as fast. For tools that expect YOLO11.",
        YoloConfig,
        _YOLO,
        "yolo11n.pt",
    ),
)


def list_types() -> list[DetectorType]:
    return list(_TYPES)


def get_type(name: str) -> DetectorType:
    """Raises: InvalidInput that lists the families there are."""
    for known in _TYPES:
        if known.type == name:
            return known
    names = ", ".join(known.type for known in _TYPES)
    raise InvalidInput(f"There is no detector family {name!r}. There are: {names}.", "dnn_type")


def config_model(name: str) -> ConfigModel:
    return get_type(name).config


def load_provider(name: str) -> Provider:
    """Import the family's libraries (seconds) and return it; for worker processes only."""
    module, _, cls = get_type(name).provider.partition(":")
    provider: Provider = getattr(import_module(module), cls)()
    return provider
