"""What a person may choose for the families that torchvision's networks are trained for."""

from typing import ClassVar

from pydantic import Field

from tpod_core.detectors.config import TrainConfig, learning_rate, mirroring, warm_up


class TorchvisionConfig(TrainConfig):
    """The keys of all of them."""

    batch: int = Field(
        8,
        ge=2,
        le=256,
        title="Images per step",
        description="A larger number needs more memory; a small set learns better with a few. "
        "This family normalises over the step, so it needs two at least.",
    )
    lr0: float = learning_rate(0.001)
    warmup_epochs: float = warm_up()
    zoom: float = Field(
        0.25,
        ge=0,
        le=0.9,
        title="Zoom frames",
        description="Also train on frames scaled up and down by up to this share. Helps where "
        "objects come near and go away.",
        json_schema_extra={"advanced": True},
    )
    fliplr: bool = mirroring()


class SsdliteConfig(TorchvisionConfig):
    """SSDlite, whose published weights are for 320 pixels."""

    usual_side_px: ClassVar[int] = 320


class FasterRcnnConfig(TorchvisionConfig):
    """Faster R-CNN: two stages, of which the second only learns once the first proposes well."""

    lr0: float = learning_rate(0.0003)


class FasterRcnn320Config(FasterRcnnConfig):
    """The small Faster R-CNN, whose published weights are for 320 pixels."""

    usual_side_px: ClassVar[int] = 320
